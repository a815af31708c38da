//! How an attempt ended, and what follows.

use std::time::Duration;

use codehook_api_types::{AttemptOutcome, AttemptReport, RunState, RunTransition};
use codehook_store::{AttemptEnd, Next};

/// How an attempt ended.
pub(crate) struct AttemptResult {
    pub(crate) outcome: AttemptOutcome,
    pub(crate) report: AttemptReport,
    pub(crate) next: Next,
    pub(crate) cpu: Duration,
}

impl AttemptResult {
    /// As the store keeps it.
    pub(crate) fn end(&self) -> AttemptEnd {
        AttemptEnd {
            outcome: self.outcome,
            report: serde_json::to_string(&self.report).unwrap_or_else(|_| "{}".to_owned()),
            cpu_ms: u64::try_from(self.cpu.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Something that no further attempt would mend.
    pub(crate) fn rejected(error: String) -> Self {
        Self {
            outcome: AttemptOutcome::Rejected,
            report: AttemptReport {
                error: Some(error),
                ..AttemptReport::default()
            },
            next: Next::End(RunState::Failed),
            cpu: Duration::ZERO,
        }
    }

    /// An attempt that was stopped before its end.
    pub(crate) fn stopped(outcome: AttemptOutcome, next: Next) -> Self {
        Self {
            outcome,
            report: AttemptReport::default(),
            next,
            cpu: Duration::ZERO,
        }
    }

    /// What the watchers of the run are told.
    pub(crate) fn transition(&self) -> RunTransition {
        RunTransition::Ended {
            outcome: self.outcome,
            state: match self.next {
                Next::End(state) => state,
                Next::Retry(_) => RunState::Queued,
            },
        }
    }
}
