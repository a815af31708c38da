//! What a script learns of its own run, and what it asks for at its end.

use std::time::Duration;

use codehook_sandbox::{Outcome, RetryDirective};
use codehook_tests::{TestRun, prints, run, stderr, stdout};

fn retry(after_seconds: Option<f64>, reason: &str) -> Option<RetryDirective> {
    Some(RetryDirective::Retry {
        after_seconds,
        reason: reason.to_owned(),
    })
}

#[test]
fn a_script_that_is_tried_out_is_the_first_attempt_of_no_run() {
    prints(
        "import codehook\nprint codehook.attempt, codehook.run_id\n",
        "1 None\n",
    );
}

#[test]
fn a_script_asks_for_another_attempt_and_ends_at_once() {
    let report = run(
        "import codehook, datetime\ntry:\n    codehook.retry(after=datetime.timedelta(minutes=1), reason=u'caf\\xe9')\nexcept Exception:\n    pass\nprint 'not reached'\n",
    );
    assert_eq!(
        (report.outcome, report.exit_code),
        (Outcome::Failed, Some(75))
    );
    assert_eq!(
        (stdout(&report), stderr(&report)),
        (String::new(), String::new())
    );
    assert_eq!(report.asked, retry(Some(60.0), "caf\u{e9}"));
    let when = report.asked.as_ref().and_then(RetryDirective::after);
    assert_eq!(when, Some(Duration::from_secs(60)));
    assert_eq!(
        run("import codehook\ncodehook.retry()\n").asked,
        retry(None, "")
    );
    let far = run("import codehook\ncodehook.retry(after=1e12)\n").asked;
    assert_eq!(
        far.and_then(|asked| asked.after()),
        Some(Duration::from_secs(7 * 24 * 3600))
    );
}

#[test]
fn a_script_asks_for_no_further_attempt() {
    let report = run("import codehook\ncodehook.abort('no such user')\n");
    assert_eq!(
        (report.outcome, report.exit_code),
        (Outcome::Failed, Some(1))
    );
    let reason = "no such user".to_owned();
    assert_eq!(report.asked, Some(RetryDirective::Abort { reason }));
}

#[test]
fn what_cannot_be_asked_for_is_an_error_and_nothing_is_asked() {
    let report = run("import codehook\ncodehook.retry(after=-1)\n");
    assert!(
        stderr(&report).contains("after is negative"),
        "{}",
        stderr(&report)
    );
    assert_eq!(report.asked, None);
    let report = run("import _codehook\n_codehook.run_directive(7, 0, '')\n");
    assert!(
        stderr(&report).contains("ValueError"),
        "{}",
        stderr(&report)
    );
    assert_eq!(report.asked, None);
}

#[test]
fn a_reason_shows_no_secret_and_is_not_as_long_as_a_script_likes() {
    let report = TestRun {
        secrets: vec!["hunter2hunter2".to_owned()],
        ..TestRun::new("import codehook\ncodehook.abort('the key is hunter2hunter2')\n")
    }
    .run();
    let reason = "the key is [redacted]".to_owned();
    assert_eq!(report.asked, Some(RetryDirective::Abort { reason }));
    let report = run("import codehook\ncodehook.abort('x' * 10**7)\n");
    let reason = "x".repeat(1000);
    assert_eq!(report.asked, Some(RetryDirective::Abort { reason }));
}
