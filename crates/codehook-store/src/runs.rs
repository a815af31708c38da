//! Runs and their attempts. An attempt is on disk before its script starts and again when it has ended, so that after a crash the
//! journal knows every attempt that there was and none that there was not.

use codehook_api_types::{AttemptOutcome, RunState};
use rusqlite::{OptionalExtension, Row};

use crate::by_name::ByName;
use crate::error::StoreError;
use crate::id::Id;
use crate::journal::Store;
use crate::model::{Attempt, Page, Run};
use crate::time::Millis;
use crate::usage;

/// A run that waits, as much of it as its turn takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedRun {
    /// Its identifier.
    pub id: Id,
    /// Whose it is.
    pub tenant: String,
    /// The event.
    pub event: Id,
    /// The hook.
    pub hook: Id,
    /// Its version.
    pub version: u32,
    /// When it is due.
    pub due_at: Millis,
}

/// How an attempt ended.
#[derive(Debug, Clone)]
pub struct AttemptEnd {
    /// The outcome.
    pub outcome: AttemptOutcome,
    /// The report, JSON.
    pub report: String,
    /// Milliseconds on a processor.
    pub cpu_ms: u64,
}

/// What comes after an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Nothing: the run has ended so.
    End(RunState),
    /// Another attempt, then.
    Retry(Millis),
}

/// Which runs are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Those in this state.
    pub state: Option<RunState>,
    /// Those of this hook.
    pub hook: Option<Id>,
    /// Those for this event.
    pub event: Option<Id>,
    /// Those made then or later.
    pub since: Option<Millis>,
}

const COLUMNS: &str =
    "id, event, hook, version, state, attempts, due_at, created_at, ended_at, replay_of";

fn run(row: &Row<'_>) -> rusqlite::Result<Run> {
    Ok(Run {
        id: row.get(0)?,
        event: row.get(1)?,
        hook: row.get(2)?,
        version: row.get(3)?,
        state: row.get::<_, ByName<_>>(4)?.0,
        attempts: row.get(5)?,
        due_at: row.get(6)?,
        created_at: row.get(7)?,
        ended_at: row.get(8)?,
        replay_of: row.get(9)?,
    })
}

impl Store {
    /// Begins the next attempt of a run that waits; its number.
    ///
    /// # Errors
    ///
    /// [`StoreError::State`] when it does not wait any more, and what keeps a write from the disk.
    pub async fn begin_attempt(&self, id: Id) -> Result<u32, StoreError> {
        self.write(move |db| {
            let number: u32 = db
                .prepare_cached(
                    "UPDATE runs SET state = 'running', attempts = attempts + 1 WHERE id = ?1 AND state = 'queued' RETURNING attempts",
                )?
                .query_row([id], |row| row.get(0))
                .optional()?
                .ok_or(StoreError::State("the run does not wait any more"))?;
            db.prepare_cached("INSERT INTO attempts (run, number, started_at) VALUES (?1, ?2, ?3)")?
                .execute((id, number, Millis::now()))?;
            Ok(number)
        })
        .await
    }

    /// Ends an attempt, and says what comes next.
    ///
    /// # Errors
    ///
    /// [`StoreError::State`] when it had ended before, and what keeps a write from the disk.
    pub async fn end_attempt(
        &self,
        id: Id,
        number: u32,
        end: AttemptEnd,
        next: Next,
    ) -> Result<(), StoreError> {
        self.write(move |db| {
            let (now, bytes) = (Millis::now(), end.report.len());
            let ended = db
                .prepare_cached(
                    "UPDATE attempts SET ended_at = ?3, outcome = ?4, report = ?5 WHERE run = ?1 AND number = ?2 AND ended_at IS NULL",
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
                .prepare_cached("UPDATE runs SET state = ?2, due_at = ?3, ended_at = ?4 WHERE id = ?1 AND state = 'running' RETURNING tenant")?
                .query_row((id, ByName(state), due_at, ended_at), |row| row.get(0))
                .optional()?
                .ok_or(StoreError::State("the run had ended before"))?;
            usage::add(db, &tenant, bytes, end.cpu_ms)
        })
        .await
    }

    /// Every run that waits, in the order of their making.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn queued_runs(&self) -> Result<Vec<QueuedRun>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare(
                "SELECT id, tenant, event, hook, version, due_at FROM runs WHERE state IN ('queued', 'running') AND state = 'queued' ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| {
                Ok(QueuedRun {
                    id: row.get(0)?,
                    tenant: row.get(1)?,
                    event: row.get(2)?,
                    hook: row.get(3)?,
                    version: row.get(4)?,
                    due_at: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// A tenant's run.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`].
    pub async fn run(&self, tenant: &str, id: Id) -> Result<Run, StoreError> {
        let tenant = tenant.to_owned();
        self.read(move |db| {
            db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs WHERE id = ?1 AND tenant = ?2"
            ))?
            .query_row((id, tenant), run)
            .optional()?
            .ok_or(StoreError::NotFound { what: "run" })
        })
        .await
    }

    /// A tenant's runs, newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn runs(
        &self,
        tenant: &str,
        filter: RunFilter,
        cursor: Option<Id>,
        limit: usize,
    ) -> Result<Page<Run>, StoreError> {
        let tenant = tenant.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM runs WHERE tenant = ?1 AND (?2 IS NULL OR id < ?2) AND (?3 IS NULL OR state = ?3)
                 AND (?4 IS NULL OR hook = ?4) AND (?5 IS NULL OR event = ?5) AND (?6 IS NULL OR created_at >= ?6)
                 ORDER BY id DESC LIMIT ?7"
            ))?;
            let RunFilter { state, hook, event, since } = filter;
            let state = state.map(ByName);
            let rows = statement.query_map((tenant, cursor, state, hook, event, since, limit as i64 + 1), run)?;
            let items = rows.collect::<Result<Vec<_>, _>>()?;
            Ok(Page::cut(items, limit, |run| run.id))
        })
        .await
    }

    /// The attempts of a run that is known to be the tenant's.
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

    /// A new run for the same event by the same hook at `version`.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], [`StoreError::State`] while the run has not ended, and what keeps a write from the disk.
    pub async fn replay(
        &self,
        tenant: &str,
        of: Id,
        version: u32,
    ) -> Result<QueuedRun, StoreError> {
        let (tenant, id) = (tenant.to_owned(), Id::new());
        self.write(move |db| {
            let old = db
                .prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1 AND tenant = ?2"))?
                .query_row((of, &tenant), run)
                .optional()?
                .ok_or(StoreError::NotFound { what: "run" })?;
            if !old.state.is_final() {
                return Err(StoreError::State("the run has not ended yet: wait for its end, or cancel it first"));
            }
            let now = Millis::now();
            db.prepare_cached(
                "INSERT INTO runs (id, tenant, event, hook, version, state, due_at, created_at, replay_of) VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?6, ?7)",
            )?
            .execute((id, &tenant, old.event, old.hook, version, now, of))?;
            Ok(QueuedRun { id, tenant, event: old.event, hook: old.hook, version, due_at: now })
        })
        .await
    }

    /// Cancels a run that waits. One that is under way is left as it is, and the answer is `false`.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], [`StoreError::State`] when it has ended, and what keeps a write from the disk.
    pub async fn cancel(&self, tenant: &str, id: Id) -> Result<bool, StoreError> {
        let tenant = tenant.to_owned();
        self.write(move |db| {
            let ByName(state) = db
                .prepare_cached("SELECT state FROM runs WHERE id = ?1 AND tenant = ?2")?
                .query_row((id, tenant), |row| row.get(0))
                .optional()?
                .ok_or(StoreError::NotFound { what: "run" })?;
            match state {
                RunState::Queued => {
                    db.prepare_cached(
                        "UPDATE runs SET state = 'cancelled', ended_at = ?2 WHERE id = ?1",
                    )?
                    .execute((id, Millis::now()))?;
                    Ok(true)
                }
                RunState::Running => Ok(false),
                _ => Err(StoreError::State("the run has ended already")),
            }
        })
        .await
    }
}
