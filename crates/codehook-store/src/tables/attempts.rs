//! Attempts of runs. An attempt is on disk before its script starts and again when it has ended, so that after a crash
//! the database has every attempt that was made and no other.

use codehook_api_types::{AttemptOutcome, RunState};
use rusqlite::OptionalExtension;

use crate::by_name::ByName;
use crate::error::StoreError;
use crate::id::Id;
use crate::store::Store;
use crate::tables::usage;
use crate::time::Millis;

/// One execution of a run's script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub number: u32,
    /// The time of its start.
    pub started_at: Millis,
    /// The time of its end; none while it is in progress.
    pub ended_at: Option<Millis>,
    /// Its result.
    pub outcome: Option<AttemptOutcome>,
    /// The report, JSON.
    pub report: Option<String>,
}

/// The result of an attempt.
#[derive(Debug, Clone)]
pub struct AttemptEnd {
    /// The outcome.
    pub outcome: AttemptOutcome,
    /// The report, JSON.
    pub report: String,
    /// CPU time in milliseconds.
    pub cpu_ms: u64,
}

/// The step that follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The run ends in this state.
    End(RunState),
    /// Another attempt at this time.
    Retry(Millis),
}

impl Store {
    /// Begins the next attempt of a queued run; returns its number.
    ///
    /// # Errors
    ///
    /// [`StoreError::State`] when it is not queued any more, and when the write fails.
    pub async fn begin_attempt(&self, id: Id) -> Result<u32, StoreError> {
        self.write(move |db, now| {
            let number: u32 = db
                .prepare_cached(
                    "UPDATE runs SET state = 'running', attempts = attempts + 1 WHERE id = ?1 AND state = 'queued'
                        RETURNING attempts",
                )?
                .query_row([id], |row| row.get(0))
                .optional()?
                .ok_or(StoreError::State("the run is not queued any more"))?;
            db.prepare_cached("INSERT INTO attempts (run, number, started_at) VALUES (?1, ?2, ?3)")?
                .execute((id, number, now))?;
            Ok(number)
        })
        .await
    }

    /// Ends an attempt and sets the state of its run.
    ///
    /// # Errors
    ///
    /// [`StoreError::State`] when it had ended before, and when the write fails.
    pub async fn end_attempt(
        &self,
        id: Id,
        number: u32,
        end: AttemptEnd,
        next: Next,
    ) -> Result<(), StoreError> {
        self.write(move |db, now| {
            let bytes = end.report.len();
            let ended = db
                .prepare_cached(
                    "UPDATE attempts SET ended_at = ?3, outcome = ?4, report = ?5
                        WHERE run = ?1 AND number = ?2 AND ended_at IS NULL",
                )?
                .execute((id, number, now, ByName(end.outcome), end.report))?;
            if ended == 0 {
                return Err(StoreError::State("the attempt had ended before"));
            }
            let (state, due_at, ended_at) = match next {
                Next::End(state) => (state, now, Some(now)),
                Next::Retry(due_at) => (RunState::Queued, due_at, None),
            };
            let tenant: String = db
                .prepare_cached(
                    "UPDATE runs SET state = ?2, due_at = ?3, ended_at = ?4
                    WHERE id = ?1 AND state = 'running' RETURNING tenant",
                )?
                .query_row((id, ByName(state), due_at, ended_at), |row| row.get(0))
                .optional()?
                .ok_or(StoreError::State("the run had ended before"))?;
            usage::add(db, &tenant, bytes, end.cpu_ms, now)
        })
        .await
    }

    /// Lists the attempts of a run that is known to be the tenant's.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn attempts(&self, run: Id) -> Result<Vec<Attempt>, StoreError> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT number, started_at, ended_at, outcome, report FROM attempts WHERE run = ?1 ORDER BY number",
            )?;
            let rows = statement.query_map([run], |row| {
                Ok(Attempt {
                    number: row.get(0)?,
                    started_at: row.get(1)?,
                    ended_at: row.get(2)?,
                    outcome: row.get::<_, Option<ByName<_>>>(3)?.map(|outcome| outcome.0),
                    report: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}
