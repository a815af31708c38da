//! The report of a run for programs. Its shape is part of the program's promise: every field is always there, but
//! `script`, which is asked for.

use std::time::Duration;

use codehook_api_types::{AttemptOutcome, RetryDirective, TranscriptEntry};
use codehook_python::RUNTIME;
use codehook_sandbox::RunReport;
use serde::Serialize;

use crate::rejection::Rejection;

/// The one object that `codehook run --json` prints.
#[derive(Debug, Serialize)]
pub(crate) struct JsonReport {
    status: AttemptOutcome,
    runtime: String,
    exit_code: Option<i32>,
    stdout: String,
    stdout_truncated: bool,
    stderr: String,
    stderr_truncated: bool,
    duration_ms: f64,
    cpu_ms: f64,
    fuel: Option<u64>,
    peak_memory_bytes: u64,
    http: Vec<TranscriptEntry>,
    tmp_files_left: u64,
    tmp_bytes_left: u64,
    asked: Option<RetryDirective>,
    error: Option<Rejection>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<String>,
}

impl JsonReport {
    /// Of a run that took place; `script` as it was run, if it was asked for.
    pub(crate) fn finished(report: RunReport, script: Option<&[u8]>) -> Self {
        Self {
            status: report.outcome.into(),
            runtime: report.runtime,
            exit_code: report.exit_code,
            stdout: String::from_utf8_lossy(&report.stdout.bytes).into_owned(),
            stdout_truncated: report.stdout.truncated,
            stderr: String::from_utf8_lossy(&report.stderr.bytes).into_owned(),
            stderr_truncated: report.stderr.truncated,
            duration_ms: milliseconds(report.duration),
            cpu_ms: milliseconds(report.cpu),
            fuel: report.fuel,
            peak_memory_bytes: report.peak_memory_bytes,
            http: report.http,
            tmp_files_left: report.tmp_leftovers.files,
            tmp_bytes_left: report.tmp_leftovers.bytes,
            asked: report.asked,
            error: None,
            script: script.map(|script| String::from_utf8_lossy(script).into_owned()),
        }
    }

    /// Of input that was refused.
    pub(crate) fn rejected(rejection: Rejection) -> Self {
        Self {
            status: AttemptOutcome::Rejected,
            runtime: RUNTIME.to_owned(),
            exit_code: None,
            stdout: String::new(),
            stdout_truncated: false,
            stderr: String::new(),
            stderr_truncated: false,
            duration_ms: 0.0,
            cpu_ms: 0.0,
            fuel: None,
            peak_memory_bytes: 0,
            http: Vec::new(),
            tmp_files_left: 0,
            tmp_bytes_left: 0,
            asked: None,
            error: Some(rejection),
            script: None,
        }
    }
}

/// With three decimals: clocks are not better than that, and reports stay readable.
fn milliseconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1_000_000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use codehook_sandbox::{Captured, Outcome, TmpLeftovers};
    use serde_json::json;

    use super::*;

    fn report(outcome: Outcome) -> RunReport {
        RunReport {
            fuel: Some(5),
            runtime: RUNTIME.to_owned(),
            outcome,
            exit_code: Some(3),
            stdout: Captured {
                bytes: b"ok\xff\n".to_vec(),
                truncated: true,
            },
            stderr: Captured::default(),
            duration: Duration::from_nanos(12_345_678),
            cpu: Duration::from_millis(2),
            peak_memory_bytes: 7,
            http: Vec::new(),
            tmp_leftovers: TmpLeftovers { files: 1, bytes: 2 },
            asked: None,
        }
    }

    #[test]
    fn a_finished_run_has_every_field() {
        let shown = serde_json::to_value(JsonReport::finished(report(Outcome::Failed), None));
        let expected = json!({
            "status": "failed", "runtime": "python2.7", "exit_code": 3,
            "stdout": "ok\u{fffd}\n", "stdout_truncated": true,
            "stderr": "", "stderr_truncated": false,
            "duration_ms": 12.346, "cpu_ms": 2.0, "fuel": 5, "peak_memory_bytes": 7,
            "http": [], "tmp_files_left": 1, "tmp_bytes_left": 2, "asked": null, "error": null,
        });
        assert_eq!(shown.expect("JSON"), expected);
    }

    #[test]
    fn a_rejected_run_has_the_same_shape_and_the_reason() {
        let rejection = Rejection {
            message: "hook.py:3:4: no".to_owned(),
            file: Some("hook.py".to_owned()),
            line: Some(3),
            column: Some(4),
            token: Some("UserId".to_owned()),
        };
        let rejected = serde_json::to_value(JsonReport::rejected(rejection)).expect("JSON");
        let finished = serde_json::to_value(JsonReport::finished(report(Outcome::Crashed), None))
            .expect("JSON");
        let keys = |value: &serde_json::Value| -> Vec<String> {
            value
                .as_object()
                .expect("an object")
                .keys()
                .cloned()
                .collect()
        };
        assert_eq!(keys(&rejected), keys(&finished));
        assert_eq!(rejected["status"], "rejected");
        let reason = json!({
            "message": "hook.py:3:4: no", "file": "hook.py", "line": 3, "column": 4, "token": "UserId",
        });
        assert_eq!(rejected["error"], reason);
    }

    #[test]
    fn statuses_are_the_documented_words() {
        let words = [
            (Outcome::Succeeded, "succeeded"),
            (Outcome::Failed, "failed"),
            (Outcome::TimedOut, "timed_out"),
            (Outcome::OutOfFuel, "out_of_fuel"),
            (Outcome::OutOfMemory, "out_of_memory"),
            (Outcome::Crashed, "crashed"),
        ];
        for (outcome, word) in words {
            let shown = serde_json::to_value(JsonReport::finished(report(outcome), None));
            assert_eq!(shown.expect("JSON")["status"], word);
        }
    }

    #[test]
    fn the_script_is_there_when_it_was_asked_for() {
        let shown = JsonReport::finished(report(Outcome::Succeeded), Some(b"pass\n"));
        assert_eq!(
            serde_json::to_value(shown).expect("JSON")["script"],
            "pass\n"
        );
    }
}
