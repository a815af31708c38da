//! After a crash: attempts that nobody ended are ended, and their runs wait again.

use codehook_api_types::AttemptOutcome;

use crate::by_name::ByName;
use crate::error::StoreError;
use crate::journal::Store;
use crate::time::Millis;

/// What was found when the store was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Attempts that were under way when the last process ended.
    pub interrupted: usize,
}

impl Store {
    /// Ends the attempts that the last process left under way, with the outcome `interrupted`; their runs wait again. For the start,
    /// before any run.
    ///
    /// # Errors
    ///
    /// What keeps a write from the disk.
    pub async fn recover(&self) -> Result<Recovered, StoreError> {
        self.write(|db| {
            let now = Millis::now();
            let interrupted = db.execute(
                "UPDATE attempts SET ended_at = ?1, outcome = ?2 WHERE ended_at IS NULL",
                (now, ByName(AttemptOutcome::Interrupted)),
            )?;
            db.execute(
                "UPDATE runs SET state = 'queued', due_at = ?1 WHERE state IN ('queued', 'running') AND state = 'running'",
                [now],
            )?;
            // What came of those requests nobody knows: they may be sent again.
            db.execute("DELETE FROM answers WHERE sealed IS NULL", [])?;
            Ok(Recovered { interrupted })
        })
        .await
    }
}
