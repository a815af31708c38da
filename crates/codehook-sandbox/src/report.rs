//! What is left of a run: its report, and nothing else.

use std::time::Duration;

use codehook_api_types::{Outcome, RetryDirective, TranscriptEntry};

use crate::fs::TmpLeftovers;
use crate::output::Captured;

/// The report of one run.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// The interpreter that ran the script, such as `python2.7`.
    pub runtime: String,
    /// How it ended.
    pub outcome: Outcome,
    /// The script's exit code, when it ended by itself.
    pub exit_code: Option<i32>,
    /// Standard output.
    pub stdout: Captured,
    /// Standard error, tracebacks included.
    pub stderr: Captured,
    /// Wall-clock time, from instantiation to the end of the script.
    pub duration: Duration,
    /// Time on a processor, the host's work for this run included.
    pub cpu: Duration,
    /// What the script took of its fuel; none where fuel is not counted.
    pub fuel: Option<u64>,
    /// The largest size of the instance's memory.
    pub peak_memory_bytes: u64,
    /// The HTTP requests, in the order made.
    pub http: Vec<TranscriptEntry>,
    /// What was left in `/tmp`.
    pub tmp_leftovers: TmpLeftovers,
    /// What the script asked for before it ended: another attempt, or none. Counts where it failed.
    pub asked: Option<RetryDirective>,
}
