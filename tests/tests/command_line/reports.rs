//! What the program says and when: the report for programs, output while it happens, and the ends that others cause.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout};
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;

use serde_json::Value;

use codehook_tests::program::{Program, signal, spawn};

/// Prints, and then waits for longer than any test does.
const SPEAKS_AND_SLEEPS: &str =
    "import time\nopen('/tmp/file', 'w').write('x')\nprint 'early'\ntime.sleep(600)\n";

/// The name of a field, and whether a value is of its kind.
type Field = (&'static str, fn(&Value) -> bool);

/// What every report of a run has.
const FIELDS: [Field; 16] = [
    ("status", Value::is_string),
    ("runtime", Value::is_string),
    ("exit_code", Value::is_number),
    ("stdout", Value::is_string),
    ("stdout_truncated", Value::is_boolean),
    ("stderr", Value::is_string),
    ("stderr_truncated", Value::is_boolean),
    ("duration_ms", Value::is_number),
    ("cpu_ms", Value::is_number),
    ("fuel", Value::is_null),
    ("peak_memory_bytes", Value::is_number),
    ("http", Value::is_array),
    ("tmp_files_left", Value::is_number),
    ("tmp_bytes_left", Value::is_number),
    ("asked", Value::is_null),
    ("error", Value::is_null),
];

#[test]
fn the_report_is_one_json_object_with_every_field() {
    let program = Program::new();
    let source = "import sys, urllib2\nprint 'out\\xc3\\xa9'\nsys.stderr.write('err')\ntry: urllib2.urlopen('http://a.test/')\nexcept IOError: pass\n";
    let ended = program.run_source(source, &["--json"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let report = ended.json();
    for (name, is_right) in FIELDS {
        assert!(is_right(&report[name]), "{name} in {report}");
    }
    let fields = report.as_object().expect("an object");
    assert_eq!(fields.len(), FIELDS.len(), "{report}");
    assert_eq!(report["stdout"], "outé\n");
    assert_eq!(report["stderr"], "err");
    let request = report["http"][0].as_object().expect("a request");
    for name in [
        "method",
        "url",
        "status",
        "error",
        "request_bytes",
        "response_bytes",
        "started_ms",
        "duration_ms",
    ] {
        assert!(request.contains_key(name), "{name} in {report}");
    }
}

#[test]
fn the_summary_is_on_stderr_and_stdout_is_the_scripts_alone() {
    let program = Program::new();
    let ended = program.run_source("print 'text'\nimport sys\nsys.stderr.write('open')\n", &[]);
    assert_eq!(ended.stdout, "text\n");
    let (script, summary) = ended.stderr.split_once('\n').expect("two lines");
    assert_eq!(script, "open");
    assert!(summary.starts_with("codehook: succeeded; "), "{ended:?}");
}

/// Starts the script that speaks and sleeps, and reads what it says.
fn speaking(program: &Program) -> (Child, BufReader<ChildStdout>) {
    let arguments = program.run_arguments(SPEAKS_AND_SLEEPS, &["--timeout", "100s"]);
    let mut child = spawn(&mut program.command(&arguments));
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let mut line = String::new();
    stdout.read_line(&mut line).expect("a line");
    assert_eq!(line, "early\n");
    (child, stdout)
}

/// Ends a sleeping script by a signal, long before its time is over; it leaves nothing.
fn stopped_by(name: &str, code: i32, said: &str) {
    let program = Program::new();
    let (child, _stdout) = speaking(&program);
    assert_eq!(program.run_directories(), 1);
    signal(child.id(), name);
    let ended = program.wait(child);
    assert_eq!(ended.code, Some(code), "{ended:?}");
    assert!(ended.stderr.contains(said), "{ended:?}");
}

#[test]
fn output_comes_before_the_end_and_ctrl_c_is_quick() {
    stopped_by("INT", 130, "codehook: interrupted");
}

#[test]
fn a_termination_is_quick_too() {
    stopped_by("TERM", 143, "codehook: terminated");
}

#[test]
fn a_busy_script_is_interrupted_as_quickly() {
    let program = Program::new();
    let source = "import sys\nprint 'early'\nsys.stdout.flush()\nwhile True: pass\n";
    let arguments = program.run_arguments(source, &["--timeout", "100s"]);
    let mut child = spawn(&mut program.command(&arguments));
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut String::new()).expect("a line");
    signal(child.id(), "INT");
    let ended = program.wait(child);
    assert_eq!(ended.code, Some(130), "{ended:?}");
}

#[test]
fn what_a_killed_program_left_is_deleted_by_the_next() {
    let program = Program::new();
    let (mut child, _stdout) = speaking(&program);
    child.kill().expect("it is killed");
    child.wait().expect("it is gone");
    assert_eq!(program.run_directories(), 1);
    let ended = program.run_source("import os\nprint os.listdir('/tmp')\n", &[]);
    assert_eq!(ended.stdout, "[]\n", "{ended:?}");
}

#[test]
fn a_run_leaves_alone_what_a_living_one_has() {
    let program = Program::new();
    let (child, _stdout) = speaking(&program);
    let arguments = program.run_arguments("print 'second'\n", &[]);
    let second = program.command(&arguments).output().expect("it runs");
    assert_eq!(second.stdout, b"second\n");
    assert_eq!(program.run_directories(), 1);
    signal(child.id(), "INT");
    program.wait(child);
}

/// Reads the first line and goes away, as `head -1` does. The exit code.
fn headed(program: &Program, arguments: &[String]) -> Option<i32> {
    let mut child = spawn(&mut program.command(arguments));
    let mut stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    stdout.read_line(&mut String::new()).expect("a line");
    drop(stdout);
    program.wait(child).code
}

#[test]
fn a_reader_that_goes_away_early_ends_nothing_and_breaks_nothing() {
    let program = Program::new();
    let source = "for i in xrange(100000): print i\nopen('/tmp/x', 'w')\n";
    assert_eq!(
        headed(&program, &program.run_arguments(source, &[])),
        Some(0)
    );
    let tokens = "x = '@UserName@'\n".repeat(20_000);
    let hook = program.file("many.py", tokens);
    let check = ["check".to_owned(), hook];
    assert_eq!(headed(&program, &check), Some(0));
}

#[test]
fn nobody_who_reads_the_report_is_no_error() {
    let program = Program::new();
    let source = "print 'x' * 1000000\n";
    let arguments = program.run_arguments(source, &["--json"]);
    let mut child = spawn(&mut program.command(&arguments));
    drop(child.stdout.take());
    assert_eq!(program.wait(child).code, Some(0));
}

#[test]
fn a_reader_that_is_slow_does_not_use_up_the_scripts_time() {
    let program = Program::new();
    let source = "for i in xrange(900): print 'x' * 1000\n";
    let limit = Duration::from_secs(2);
    let arguments = program.run_arguments(source, &["--timeout", "2s"]);
    let mut child = spawn(&mut program.command(&arguments));
    let mut stdout = child.stdout.take().expect("a pipe");
    // The script prints, and more than a pipe holds. Its time would be over before anything is read.
    let started = Instant::now();
    while ioctl_fionread(&stdout).expect("a pipe") == 0 {
        assert!(started.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(limit * 3 / 2);
    let mut text = String::new();
    stdout.read_to_string(&mut text).expect("text");
    assert_eq!(text.len(), 900 * 1001);
    let ended = program.wait(child);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}
