//! What the process has given up while a script runs, as the kernel tells it. What that stops is tested in the program itself.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, Stdio};

use codehook_tests::program::{Program, signal, spawn};
use codehook_tests::servers::mocks;
use mock_services::OKTA_HOST;

/// Says that it runs, and goes on running.
const SCRIPT: &str = "import sys, time\nprint 'running'\nsys.stdout.flush()\ntime.sleep(20)\n";

/// The program, once its script runs.
fn running(program: &Program, options: &[&str]) -> Child {
    let arguments = program.run_arguments(SCRIPT, options);
    let mut command = Command::new("sh");
    // Dumps are allowed as far as the machine goes.
    let told = program.command(&arguments);
    command
        .args(["-c", "ulimit -c unlimited 2> /dev/null; exec \"$@\"", "sh"])
        .arg(told.get_program())
        .args(told.get_args())
        .env_clear()
        .envs(
            told.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir(program.path("."))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0);
    let mut child = spawn(&mut command);
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
    output.read_line(&mut line).expect("its output can be read");
    assert_eq!(line, "running\n");
    child.stdout = Some(output.into_inner());
    child
}

/// The value of a line of `/proc/PID/status`.
fn status(child: &Child, name: &str) -> String {
    let path = format!("/proc/{}/status", child.id());
    let status = fs::read_to_string(path).expect("it is alive");
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_default()
        .trim_start_matches(':')
        .trim()
        .to_owned()
}

#[test]
fn every_thread_is_under_a_filter_and_no_rights_can_be_gained() {
    let program = Program::new();
    let mut child = running(&program, &[]);
    assert_eq!(status(&child, "NoNewPrivs"), "1");
    let threads = fs::read_dir(format!("/proc/{}/task", child.id())).expect("it is alive");
    for thread in threads {
        let path = thread.expect("an entry").path().join("status");
        let status = fs::read_to_string(path).expect("it is alive");
        // SECCOMP_MODE_FILTER of proc_pid_status(5).
        assert!(status.contains("Seccomp:\t2\n"), "{status}");
    }
    child.kill().expect("it is alive");
    child.wait().expect("it ends");
}

#[test]
fn a_process_that_held_secrets_leaves_no_core_dump() {
    let program = Program::new();
    let mut child = running(&program, &["--secret", "KEY=s3cr3t-value"]);
    let limits = fs::read_to_string(format!("/proc/{}/limits", child.id())).expect("it is alive");
    let core = limits
        .lines()
        .find(|line| line.starts_with("Max core file size"));
    let numbers: Vec<_> = core
        .expect("a limit")
        .split_whitespace()
        .skip(4)
        .take(2)
        .collect();
    assert_eq!(numbers, ["0", "0"]);
    signal(child.id(), "ABRT");
    let ended = child.wait().expect("it ends");
    assert_eq!(ended.signal(), Some(6));
    assert!(!ended.core_dumped());
}

#[test]
fn a_confined_process_still_reads_the_certificates_that_the_platform_trusts() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mocks = runtime.block_on(mocks());
    let program = Program::new();
    let directory = program.path("trusted");
    fs::create_dir(&directory).expect("a directory");
    let file = program.file("trusted/ca.pem", mocks.ca_pem());
    // As c_rehash names it: the loader looks at such names alone.
    fs::copy(&file, directory.join("0123abcd.0")).expect("a copy");
    let detour = format!("{OKTA_HOST}:443:{}", mocks.okta_addr());
    let url = format!("https://{OKTA_HOST}/");
    let source = format!(
        "import urllib2\ntry: urllib2.urlopen('{url}')\nexcept urllib2.HTTPError as error: print error.code\n"
    );
    let arguments = program.run_arguments(
        &source,
        &[
            "--allow",
            OKTA_HOST,
            "--allow-private",
            "--connect-to",
            &detour,
        ],
    );
    for (variable, place) in [
        ("SSL_CERT_FILE", file.as_ref()),
        ("SSL_CERT_DIR", directory.as_path()),
    ] {
        let mut command = program.command(&arguments);
        command.env(variable, place);
        let ended = program.finish(command);
        assert_eq!(ended.code, Some(0), "{variable}: {ended:?}");
        assert!(!ended.stdout.is_empty(), "{variable}: {ended:?}");
    }
    // Without them nobody vouches for the servers, and what the platform itself has can be read.
    let ended = program.run(&arguments);
    assert!(
        ended.stderr.contains("CERTIFICATE_VERIFY_FAILED") || ended.stderr.contains("certificate"),
        "{ended:?}"
    );
    assert!(!ended.stderr.contains("Permission denied"), "{ended:?}");
}
