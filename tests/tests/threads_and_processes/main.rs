//! Threads that take turns, the pools built on them, signals that a hook sends itself, and what is refused because it needs another
//! process: everything works or says at once what to do, and nothing hangs.

mod futures;
mod pools;
mod processes;
mod signals;
mod threads;
mod unending;

use codehook_sandbox::{Outcome, RunReport};
use codehook_tests::{run, stderr, stdout};

/// Runs a script and expects it to succeed and to print `expected`.
fn prints(source: &str, expected: &str) -> RunReport {
    let report = run(source);
    assert_eq!(
        report.outcome,
        Outcome::Succeeded,
        "{}{}",
        stdout(&report),
        stderr(&report)
    );
    assert_eq!(stdout(&report), expected, "{}", stderr(&report));
    report
}
