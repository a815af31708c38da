//! After a crash: attempts that nobody ended are ended, and their runs wait again. And the end of what is too old.

use std::time::Duration;

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
                "UPDATE attempts SET ended_at = ?1, outcome = 'interrupted' WHERE ended_at IS NULL",
                [now],
            )?;
            db.execute(
                "UPDATE runs SET state = 'queued', due_at = ?1 WHERE state IN ('queued', 'running') AND state = 'running'",
                [now],
            )?;
            Ok(Recovered { interrupted })
        })
        .await
    }

    /// Deletes events older than `age` whose runs have all ended, with those runs; at most some thousands at a time. How many events.
    ///
    /// # Errors
    ///
    /// What keeps a write from the disk.
    pub async fn forget(&self, age: Duration) -> Result<usize, StoreError> {
        let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
        self.write(move |db| {
            let before = Millis(Millis::now().0.saturating_sub(age));
            db.execute_batch("CREATE TEMP TABLE IF NOT EXISTS old (id TEXT PRIMARY KEY); DELETE FROM temp.old;")?;
            db.execute(
                "INSERT INTO temp.old SELECT id FROM events WHERE received_at < ?1 AND NOT EXISTS
                 (SELECT 1 FROM runs WHERE runs.event = events.id AND state IN ('queued', 'running')) ORDER BY id LIMIT 2000",
                [before],
            )?;
            db.execute("DELETE FROM attempts WHERE run IN (SELECT runs.id FROM runs JOIN temp.old ON runs.event = temp.old.id)", [])?;
            db.execute("DELETE FROM runs WHERE event IN (SELECT id FROM temp.old)", [])?;
            db.execute("DELETE FROM deliveries WHERE received_at < ?1", [before])?;
            Ok(db.execute("DELETE FROM events WHERE id IN (SELECT id FROM temp.old)", [])?)
        })
        .await
    }
}
