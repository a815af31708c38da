//! Whatever a script does, the program ends within the limits, and names the outcome in its summary, its report and its exit code.

use mock_services::TestServer;
use serde_json::Value;
use tokio::runtime::Runtime;

use codehook_tests::program::{Ended, Program};
use codehook_tests::servers::{serving_runtime, test_server};

/// For a script that would never end: its limit.
const ONE_SECOND: &str = "1s";

/// How a script is expected to end.
struct Expected {
    code: i32,
    status: &'static str,
    /// In the summary's first line.
    summary: &'static str,
}

const SUCCEEDED: Expected = Expected {
    code: 0,
    status: "succeeded",
    summary: "codehook: succeeded; ",
};
const FAILED: Expected = Expected {
    code: 1,
    status: "failed",
    summary: "codehook: failed with exit code 1; ",
};
const TIMED_OUT: Expected = Expected {
    code: 124,
    status: "timed_out",
    summary: "codehook: stopped at its time limit of 1s (raise it with --timeout); ",
};
const OUT_OF_FUEL: Expected = Expected {
    code: 124,
    status: "out_of_fuel",
    summary: "codehook: used up its fuel of 50000000 (raise it with --fuel); ",
};
const OUT_OF_MEMORY: Expected = Expected {
    code: 137,
    status: "out_of_memory",
    summary: "codehook: ran out of memory at its limit of ",
};

/// Runs `source` for a person and for a program; both have to be told the same. What the person saw, and the report.
fn ends(source: &str, options: &[&str], expected: &Expected) -> (Ended, Value) {
    let program = Program::new();
    let person = program.run_source(source, options);
    assert_eq!(person.code, Some(expected.code), "{person:?}");
    assert!(person.stderr.contains(expected.summary), "{person:?}");
    let json = program.run_source(source, &[options, &["--json"]].concat());
    assert_eq!(json.code, Some(expected.code), "{json:?}");
    assert_eq!(json.stderr, "", "{json:?}");
    let report = json.json();
    assert_eq!(report["status"], expected.status, "{report}");
    (person, report)
}

/// Expects a traceback that ends with `error`, for a person and in the report.
fn raises(source: &str, options: &[&str], error: &str) -> (Ended, Value) {
    let (person, report) = ends(source, options, &FAILED);
    assert!(person.stderr.contains(error), "{person:?}");
    let traceback = report["stderr"].as_str().expect("text");
    assert!(
        traceback.starts_with("Traceback (most recent call last):\n"),
        "{traceback}"
    );
    assert!(traceback.contains(error), "{traceback}");
    assert_eq!(report["exit_code"], 1);
    (person, report)
}

#[test]
fn a_script_that_ends_by_itself_succeeds() {
    let (person, report) = ends("print 'done'\n", &[], &SUCCEEDED);
    assert_eq!(person.stdout, "done\n");
    assert_eq!(report["stdout"], "done\n");
    assert_eq!(report["exit_code"], 0);
}

#[test]
fn the_scripts_own_exit_code_is_told_and_the_programs_is_1() {
    let program = Program::new();
    let person = program.run_source("import sys; sys.exit(42)\n", &[]);
    person.says(1, "failed with exit code 42");
    let report = program.run_source("import sys; sys.exit(42)\n", &["--json"]);
    assert_eq!(report.json()["exit_code"], 42);
}

#[test]
fn an_endless_loop_is_stopped_at_its_time_limit() {
    let (_, report) = ends("while True: pass\n", &["--timeout", ONE_SECOND], &TIMED_OUT);
    assert!(report["exit_code"].is_null(), "{report}");
    let duration = report["duration_ms"].as_f64().expect("a number");
    assert!(duration >= 1000.0, "{report}");
}

#[test]
fn an_endless_loop_is_stopped_when_its_fuel_is_used_up() {
    // Compiled once with fuel counted, which may take long.
    Program::new().run_source("pass\n", &["--fuel", "50000000"]);
    let (_, report) = ends("while True: pass\n", &["--fuel", "50000000"], &OUT_OF_FUEL);
    assert_eq!(report["fuel"], 50_000_000);
}

#[test]
fn a_sleep_is_stopped_at_its_time_limit() {
    let source = "import time\ntime.sleep(600)\n";
    let (_, report) = ends(source, &["--timeout", ONE_SECOND], &TIMED_OUT);
    assert!(
        report["cpu_ms"].as_f64().expect("a number") < 500.0,
        "{report}"
    );
}

#[test]
fn an_endless_print_is_stopped_and_its_output_capped() {
    let source = "while True: print 'x' * 1000\n";
    let (person, report) = ends(source, &["--timeout", ONE_SECOND], &TIMED_OUT);
    let mark = "[output truncated after 1048576 bytes]\n";
    for stdout in [&person.stdout, report["stdout"].as_str().expect("text")] {
        assert!(stdout.ends_with(mark), "no mark at the end");
        assert!(stdout.len() <= (1 << 20) + mark.len() + 1);
    }
    assert_eq!(report["stdout_truncated"], true);
}

#[test]
fn a_string_of_10_to_the_10_is_out_of_memory() {
    let (person, _) = ends("'a' * 10**10\n", &[], &OUT_OF_MEMORY);
    assert!(person.stderr.contains("MemoryError"), "{person:?}");
    assert!(
        person
            .stderr
            .contains("limit of 256.0 MiB (raise it with --memory)")
    );
}

#[test]
fn a_list_that_grows_for_ever_is_out_of_memory_at_the_limit_given() {
    let source = "items = []\nwhile True: items.append('x' * 10000 + str(len(items)))\n";
    let (person, report) = ends(source, &["--memory", "64MiB"], &OUT_OF_MEMORY);
    assert!(person.stderr.contains("limit of 64.0 MiB"), "{person:?}");
    let peak = report["peak_memory_bytes"].as_u64().expect("a number");
    assert!(peak <= 64 << 20, "{report}");
    assert!(peak > 48 << 20, "{report}");
}

#[test]
fn deep_recursion_raises_whatever_limit_is_asked_for() {
    raises(
        "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return n and 1 + f(n - 1)\nprint f(100000)\n",
        &[],
        "RuntimeError: maximum recursion depth exceeded",
    );
}

#[test]
fn a_file_that_fills_tmp_ends_with_no_space_left() {
    let (person, report) = raises(
        "f = open('/tmp/big', 'wb')\nwhile True: f.write('x' * 65536)\n",
        &[],
        "IOError: [Errno 28] No space left on device",
    );
    assert!(person.stderr.contains("left in /tmp: 1 file, 64.0 MiB"));
    assert_eq!(report["tmp_files_left"], 1);
    assert_eq!(report["tmp_bytes_left"], 64 << 20);
}

#[test]
fn the_hosts_files_are_not_there() {
    raises(
        "open('/etc/passwd')\n",
        &[],
        "IOError: [Errno 2] No such file or directory: '/etc/passwd'",
    );
}

#[test]
fn the_root_directory_holds_the_sandbox_alone() {
    let source = "import os\nprint sorted(os.listdir('/'))\n";
    let (person, _) = ends(source, &[], &SUCCEEDED);
    assert_eq!(person.stdout, "['dev', 'hook', 'tmp', 'usr']\n");
}

#[test]
fn processes_cannot_be_started() {
    raises("import os\nos.system('ls')\n", &[], "OSError: [Errno 38]");
}

#[test]
fn raw_connections_are_refused_with_the_way_that_works() {
    let only_http = "a hook reaches other systems by HTTP only";
    raises(
        "import socket\nsocket.create_connection(('example.com', 25)).recv(1)\n",
        &["--allow", "*"],
        only_http,
    );
    raises(
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW)\n",
        &["--allow", "*"],
        only_http,
    );
}

/// What became of each request.
fn requests(report: &Value) -> Vec<(&str, Option<u64>, Option<&str>)> {
    let entries = report["http"].as_array().expect("a list");
    entries
        .iter()
        .map(|entry| {
            let url = entry["url"].as_str().expect("text");
            (url, entry["status"].as_u64(), entry["error"].as_str())
        })
        .collect()
}

#[test]
fn a_host_that_is_not_allowed_is_refused_and_the_option_named() {
    let source = "import urllib2\nurllib2.urlopen('https://api.example.com/v1?key=1')\n";
    let (person, report) = raises(source, &["--allow", "example.com"], "[Errno 13]");
    assert!(
        person
            .stderr
            .contains("codehook: http GET https://api.example.com/v1?… denied_by_policy"),
        "{person:?}"
    );
    assert!(
        person.stderr.contains("add `--allow api.example.com`"),
        "{person:?}"
    );
    let expected = (
        "https://api.example.com/v1?…",
        None,
        Some("denied_by_policy"),
    );
    assert_eq!(requests(&report), [expected]);
}

/// A server on loopback and the runtime that serves.
struct Loopback {
    server: TestServer,
    _runtime: Runtime,
}

impl Loopback {
    fn start() -> Self {
        let runtime = serving_runtime();
        let server = runtime.block_on(test_server());
        Self {
            server,
            _runtime: runtime,
        }
    }

    fn port(&self) -> u16 {
        self.server.http_addr().port()
    }
}

#[test]
fn a_redirect_to_127_0_0_1_is_refused() {
    let (first, inner) = (Loopback::start(), Loopback::start());
    let port = first.port();
    let elsewhere = format!("http://127.0.0.1:{}/status/200", inner.port());
    let url = format!("http://api.example.com:{port}/redirect");
    let (_, report) = raises(
        &format!("import urllib2\nurllib2.urlopen('{url}?to={elsewhere}')\n"),
        &[
            "--allow",
            &format!("api.example.com:{port}"),
            "--allow-private",
            "--resolve",
            &format!("api.example.com:{port}:127.0.0.1"),
        ],
        "[Errno 13]",
    );
    let redirected = format!("{url}?…");
    let expected = [
        (redirected.as_str(), Some(302), None),
        (elsewhere.as_str(), None, Some("denied_by_policy")),
    ];
    assert_eq!(requests(&report), expected);
    assert_eq!(inner.server.connections(), 0);
}

#[test]
fn an_allowed_host_at_127_0_0_1_is_refused_unless_private_addresses_are_opened() {
    let inner = Loopback::start();
    let allowed = format!("127.0.0.1:{}", inner.port());
    let source =
        format!("import urllib2\nprint urllib2.urlopen('http://{allowed}/status/200').read()\n");
    let (person, report) = raises(&source, &["--allow", &allowed], "[Errno 13]");
    assert!(person.stderr.contains("add `--allow-private`"));
    assert_eq!(requests(&report)[0].2, Some("forbidden_address"));
    assert_eq!(inner.server.connections(), 0);
    ends(
        &source,
        &["--allow", &allowed, "--allow-private"],
        &SUCCEEDED,
    );
}
