//! What is left of a run: its report, and nothing else.

use std::time::Duration;

use codehook_api_types::{Outcome, RetryDirective, TranscriptEntry};
use serde::Serialize;

/// One captured stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Captured {
    /// What the script wrote, secrets replaced, cut at the limit with a visible mark at the end.
    pub bytes: Vec<u8>,
    /// Whether something was cut off.
    pub truncated: bool,
}

/// What the script left in `/tmp` when it ended (all of it is deleted).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TmpLeftovers {
    /// Files, directories and links.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
}

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
