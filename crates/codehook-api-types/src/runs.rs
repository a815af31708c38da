//! Runs and their attempts.

use serde::{Deserialize, Serialize};

use crate::directive::RetryDirective;
use crate::names::named_enum;
use crate::outcome::AttemptOutcome;
use crate::transcript::TranscriptEntry;

named_enum! {
    /// The state of a run.
    pub enum RunState {
        /// Waiting for its turn, or for its next attempt.
        Queued,
        /// An attempt is in progress.
        Running,
        /// The last attempt succeeded.
        Succeeded,
        /// Failed in a way that another attempt would not mend, or gave up by itself.
        Failed,
        /// The last of all attempts failed. The run can be replayed.
        DeadLetter,
        /// Cancelled by a request.
        Cancelled,
    }
}

impl RunState {
    /// The states in which a run can be replayed in bulk.
    pub const REPLAYABLE: [Self; 3] = [Self::Failed, Self::DeadLetter, Self::Cancelled];

    /// Returns whether nothing more will happen to the run.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

/// A run of a hook for an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunView {
    /// The identifier.
    pub id: String,
    /// The event's identifier.
    pub event: String,
    /// The hook's identifier.
    pub hook: String,
    /// The hook's version.
    pub version: u32,
    /// The state.
    pub state: RunState,
    /// The number of attempts begun.
    pub attempts: u32,
    /// The time at which the next attempt is due (RFC 3339), while the run is queued.
    pub due_at: Option<String>,
    /// The time of creation (RFC 3339).
    pub created_at: String,
    /// The time at which the run reached its final state (RFC 3339).
    pub ended_at: Option<String>,
    /// The run that this one repeats.
    pub replay_of: Option<String>,
}

/// An attempt of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptView {
    /// The attempt's number, from 1.
    pub number: u32,
    /// The time at which the attempt began (RFC 3339).
    pub started_at: String,
    /// The time at which the attempt ended (RFC 3339); none while it is in progress.
    pub ended_at: Option<String>,
    /// The outcome; none while the attempt is in progress.
    pub outcome: Option<AttemptOutcome>,
    /// The report; none while the attempt is in progress, or when the service ended before the attempt did.
    pub report: Option<AttemptReport>,
}

/// The report of an attempt.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptReport {
    /// Why there was no script to run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The script's exit code, when it ended by itself.
    pub exit_code: Option<i32>,
    /// Standard output, secrets replaced.
    pub stdout: String,
    /// Standard error, tracebacks included, secrets replaced.
    pub stderr: String,
    /// Whether output was cut at its limit.
    pub truncated: bool,
    /// Wall-clock time in milliseconds.
    pub duration_ms: f64,
    /// CPU time in milliseconds.
    pub cpu_ms: f64,
    /// The largest size of the script's memory.
    pub peak_memory_bytes: u64,
    /// The HTTP requests, in the order made.
    pub http: Vec<TranscriptEntry>,
    /// What the script asked for by `codehook.retry()` or `codehook.abort()`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<RetryDirective>,
}

/// A run with its attempts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunDetail {
    /// The run.
    #[serde(flatten)]
    pub run: RunView,
    /// The attempts, in the order begun.
    pub history: Vec<AttemptView>,
}

/// A page of runs, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunPage {
    /// The runs.
    pub items: Vec<RunView>,
    /// The cursor of the next page; none on the last page.
    pub next: Option<String>,
}

/// The filter and the page of a list of runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct ListRunsQuery {
    /// Lists runs in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<RunState>,
    /// Lists runs of the hook with this name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// Lists runs for this event.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// `next` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"))]
    pub cursor: Option<String>,
    /// The number of items on a page, 1 to 500; 50 by default.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", param(minimum = 1, maximum = 500))]
    pub limit: Option<usize>,
}

/// The runs to replay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ReplayRequest {
    /// Replays runs in this state: `failed`, `dead_letter` or `cancelled`.
    pub state: RunState,
    /// Replays runs of the hook with this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hook: Option<String>,
    /// Replays runs created at this time or later (RFC 3339).
    pub since: String,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_report_that_was_kept_by_an_earlier_version_is_read() {
        let kept = json!({
            "exit_code": 1, "stdout": "", "stderr": "x", "truncated": false, "duration_ms": 1.5, "cpu_ms": 1.0,
            "peak_memory_bytes": 7,
            "http": [{
                "method": "GET", "url": "https://a.test/", "status": null, "error": "abandoned", "request_bytes": 0,
                "response_bytes": 0, "started_ms": 1, "duration_ms": 2,
            }],
            "asked": {"what": "retry", "after_seconds": null, "reason": ""},
        });
        let report: AttemptReport = serde_json::from_value(kept.clone()).unwrap();
        assert_eq!(serde_json::to_value(report).unwrap(), kept);
        assert_eq!(
            serde_json::from_value::<AttemptReport>(json!({})).unwrap(),
            AttemptReport::default()
        );
    }

    #[test]
    fn replayable_states_are_final() {
        assert!(RunState::REPLAYABLE.iter().all(|state| state.is_final()));
        assert!(!RunState::REPLAYABLE.contains(&RunState::Succeeded));
    }
}
