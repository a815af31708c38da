//! `protect` and `unwind` of the guest ABI, with guests that misuse them: leaving a protected call is the only thing that is caught,
//! and whatever else a guest does there ends its run as it would anywhere else.

use std::sync::Arc;
use std::time::Duration;

use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_sandbox::{
    Library, Outcome, Purpose, RunLimits, RunReport, Sandbox, SandboxConfig, Script,
};
use codehook_tests::{block_on, stderr};

/// A guest whose functions 0 and up are `functions`, and whose run is `body`. What the body leaves is the exit code.
fn guest(functions: &[&str], body: &str) -> String {
    let bodies: String = functions
        .iter()
        .enumerate()
        .map(|(number, body)| format!("(func $f{number} (param $argument i32) {body})"))
        .collect();
    let names: String = (0..functions.len())
        .map(|number| format!(" $f{number}"))
        .collect();
    format!(
        r#"(module
            (type $function (func (param i32)))
            (import "codehook" "protect" (func $protect (param i32 i32) (result i32)))
            (import "codehook" "unwind" (func $unwind))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (memory (export "memory") 1)
            (table funcref (elem{names}))
            {bodies}
            (func (export "codehook_call") (param $function i32) (param $argument i32)
                (call_indirect (type $function) (local.get $argument) (local.get $function)))
            (func (export "codehook_alloc") (param i32) (result i32) (i32.const 1024))
            (func (export "codehook_run") (param i32) (result i32) (local $count i32) {body}))"#
    )
}

/// A sandbox of this guest, for two runs at a time.
fn sandbox(guest: &str) -> Sandbox {
    let wasm = wat::parse_str(guest).expect("the guest is WebAssembly");
    let config = SandboxConfig {
        max_concurrent_runs: 2,
        ..SandboxConfig::new("test")
    };
    // The end of an archive without files.
    let library = Library::from_tar(vec![0; 1024]).expect("an empty library");
    Sandbox::new(config, &wasm, Arc::new(library), || {}).expect("the sandbox starts")
}

async fn perform(sandbox: &Sandbox) -> RunReport {
    let limits = RunLimits {
        wall_time: Duration::from_secs(2),
        ..RunLimits::default()
    };
    let script = Script::new("hook.py", *b"").expect("a plain name");
    let egress = Egress::new(EgressConfig::default()).expect("certificates are usable");
    let session = egress.session(Policy::default());
    sandbox
        .run(&script, Purpose::Run, &limits, session, None)
        .await
}

fn run(functions: &[&str], body: &str) -> RunReport {
    block_on(perform(&sandbox(&guest(functions, body))))
}

/// The run of a guest that does nothing but protect a call of its first function.
fn protected(functions: &[&str]) -> RunReport {
    run(functions, "(call $protect (i32.const 0) (i32.const 7))")
}

#[track_caller]
fn assert_crashed(report: &RunReport, reason: &str) {
    assert_eq!(report.outcome, Outcome::Crashed, "{}", stderr(report));
    assert!(stderr(report).contains(reason), "{}", stderr(report));
}

#[test]
fn a_protected_call_gets_its_argument_and_says_whether_it_came_to_its_end() {
    let stores = "(i32.store8 (i32.const 0) (local.get $argument))";
    let unwinds = "(i32.store8 (i32.const 1) (local.get $argument)) (call $unwind) unreachable";
    let report = run(
        &[stores, unwinds],
        "(i32.mul (i32.const 100) (call $protect (i32.const 0) (i32.const 4)))
         (i32.mul (i32.const 10) (call $protect (i32.const 1) (i32.const 5)))
         (i32.add) (i32.load8_u (i32.const 0)) (i32.add) (i32.load8_u (i32.const 1)) (i32.add)",
    );
    assert_eq!(report.exit_code, Some(10 + 4 + 5), "{}", stderr(&report));
}

#[test]
fn unwinding_leaves_deep_calls_and_can_be_done_any_number_of_times() {
    let deep = "(if (local.get $argument)
                    (then (call $f0 (i32.sub (local.get $argument) (i32.const 1))))
                    (else (call $unwind)))";
    let report = run(
        &[deep],
        "(loop $again
            (if (i32.ne (call $protect (i32.const 0) (i32.const 1000)) (i32.const 1)) (then unreachable))
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (br_if $again (i32.lt_u (local.get $count) (i32.const 2000))))
         (i32.const 0)",
    );
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
}

#[test]
fn unwinding_outside_a_protected_call_is_a_crash() {
    let unwinds = run(&[], "(call $unwind) (i32.const 0)");
    assert_crashed(&unwinds, "without a protected call");
    let after = run(
        &[""],
        "(drop (call $protect (i32.const 0) (i32.const 0))) (call $unwind) (i32.const 0)",
    );
    assert_crashed(&after, "without a protected call");
}

#[test]
fn a_protected_call_inside_another_is_a_crash() {
    let report = protected(&["(drop (call $protect (i32.const 0) (i32.const 0)))"]);
    assert_crashed(&report, "inside a protected call");
}

#[test]
fn a_guest_that_cannot_be_called_back_crashes() {
    let guest = guest(&[], "(call $protect (i32.const 0) (i32.const 0))")
        .replace("codehook_call", "another_name");
    let report = block_on(perform(&sandbox(&guest)));
    assert_crashed(&report, "codehook_call");
    let report = protected(&[]);
    assert_crashed(&report, "undefined element");
}

#[test]
fn a_trap_in_a_protected_call_is_not_caught() {
    assert_crashed(&protected(&["unreachable"]), "unreachable");
}

#[test]
fn endless_recursion_in_a_protected_call_ends_as_it_does_outside() {
    let recursion = "(call $f0 (local.get $argument)) (call $f0 (local.get $argument))";
    let inside = protected(&[recursion]);
    let outside = run(&[recursion], "(call $f0 (i32.const 0)) (i32.const 0)");
    assert_crashed(&inside, "call stack exhausted");
    assert_eq!(stderr(&inside), stderr(&outside));
}

#[test]
fn an_exit_in_a_protected_call_ends_the_run_with_its_code() {
    let report = protected(&["(call $exit (i32.const 7))"]);
    assert_eq!(
        (report.outcome, report.exit_code),
        (Outcome::Failed, Some(7)),
        "{}",
        stderr(&report)
    );
}

#[test]
fn memory_is_refused_in_a_protected_call_as_it_is_outside() {
    let report = protected(&[
        "(if (i32.eq (memory.grow (i32.const 30000)) (i32.const -1)) (then unreachable))",
    ]);
    assert_eq!(report.outcome, Outcome::OutOfMemory, "{}", stderr(&report));
}

#[test]
fn every_concurrent_run_has_a_stack_for_its_protected_call_and_is_stopped_there_in_time() {
    let sandbox = sandbox(&guest(
        &["(loop $forever (br $forever))"],
        "(call $protect (i32.const 0) (i32.const 0))",
    ));
    let (first, second) = block_on(async { tokio::join!(perform(&sandbox), perform(&sandbox)) });
    for report in [first, second] {
        assert_eq!(report.outcome, Outcome::TimedOut, "{}", stderr(&report));
    }
    // The stacks that were left in the middle of a call serve the next runs.
    let report = block_on(perform(&sandbox));
    assert_eq!(report.outcome, Outcome::TimedOut, "{}", stderr(&report));
}
