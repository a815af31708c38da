//! Recovery after a crash: attempts that were in progress are ended, and their runs are queued again.

use codehook_api_types::{AttemptOutcome, RunState};

use crate::by_name::ByName;
use crate::error::StoreError;
use crate::store::Store;

/// Interruptions in a row after which a run is a dead letter: it may be what ends the process.
const MAX_INTERRUPTIONS: u32 = 3;

/// The result of a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Attempts that were in progress when the last process ended.
    pub interrupted: usize,
    /// Runs that were in progress at the end of several processes in a row, and are dead letters now.
    pub dead: usize,
}

impl Store {
    /// Ends the attempts that the last process left in progress, with the outcome `interrupted`; their runs are queued
    /// again, or are dead letters after three interruptions in a row. To be called at the start, before any run.
    ///
    /// # Errors
    ///
    /// When the write fails.
    pub async fn recover(&self) -> Result<Recovered, StoreError> {
        self.write(|db, now| {
            let interrupted = db.execute(
                "UPDATE attempts SET ended_at = ?1, outcome = ?2 WHERE ended_at IS NULL",
                (now, ByName(AttemptOutcome::Interrupted)),
            )?;
            // Attempts that the service itself gave back at its end have a report.
            let dead = db.execute(
                "UPDATE runs SET state = ?2, ended_at = ?1
                    WHERE state IN ('queued', 'running') AND state = 'running' AND ?3 = (
                        SELECT count(*) FROM (
                            SELECT outcome, report FROM attempts WHERE run = runs.id ORDER BY number DESC LIMIT ?3
                        ) WHERE outcome = ?4 AND report IS NULL
                    )",
                (
                    now,
                    ByName(RunState::DeadLetter),
                    MAX_INTERRUPTIONS,
                    ByName(AttemptOutcome::Interrupted),
                ),
            )?;
            db.execute(
                // The first condition is that of the index.
                "UPDATE runs SET state = 'queued', due_at = ?1
                    WHERE state IN ('queued', 'running') AND state = 'running'",
                [now],
            )?;
            // The results of those requests are unknown: they may be sent again.
            db.execute("DELETE FROM answers WHERE sealed IS NULL", [])?;
            Ok(Recovered { interrupted, dead })
        })
        .await
    }
}
