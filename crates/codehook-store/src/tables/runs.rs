//! Runs.

use codehook_api_types::RunState;
use rusqlite::{OptionalExtension, Row};

use crate::by_name::ByName;
use crate::error::StoreError;
use crate::id::Id;
use crate::page::Page;
use crate::store::Store;
use crate::time::Millis;

/// A run of a hook for an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its identifier.
    pub id: Id,
    /// Its event.
    pub event: Id,
    /// Its hook.
    pub hook: Id,
    /// The hook's version, which stays the same for all attempts.
    pub version: u32,
    /// Its state.
    pub state: RunState,
    /// The number of attempts begun.
    pub attempts: u32,
    /// The time of its next attempt, while it is queued.
    pub due_at: Millis,
    /// The time of its creation.
    pub created_at: Millis,
    /// The time of its end.
    pub ended_at: Option<Millis>,
    /// The run that it replays.
    pub replay_of: Option<Id>,
}

/// The part of a queued run that starting it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedRun {
    /// Its identifier.
    pub id: Id,
    /// Its tenant.
    pub tenant: String,
    /// Its event.
    pub event: Id,
    /// Its hook.
    pub hook: Id,
    /// The hook's version.
    pub version: u32,
    /// The time of its next attempt.
    pub due_at: Millis,
}

/// Restricts a list of runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// To those in this state.
    pub state: Option<RunState>,
    /// To those of this hook.
    pub hook: Option<Id>,
    /// To those for this event.
    pub event: Option<Id>,
    /// To those created at this time or later.
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
    /// Lists every queued run, in the order of creation.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn queued_runs(&self) -> Result<Vec<QueuedRun>, StoreError> {
        self.read(|db| {
            let mut statement = db.prepare(
                "SELECT id, tenant, event, hook, version, due_at FROM runs
                    WHERE state IN ('queued', 'running') AND state = 'queued' ORDER BY id",
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

    /// Returns a tenant's run.
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

    /// Lists a tenant's runs, newest first.
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
            Ok(Page::from_list(items, limit, |run| run.id))
        })
        .await
    }

    /// Inserts a new run for the same event by the same hook at `version`.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], [`StoreError::State`] while the run has not ended, and when the write fails.
    pub async fn replay(
        &self,
        tenant: &str,
        of: Id,
        version: u32,
    ) -> Result<QueuedRun, StoreError> {
        let (tenant, id) = (tenant.to_owned(), self.new_id());
        self.write(move |db, now| {
            let old = db
                .prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1 AND tenant = ?2"))?
                .query_row((of, &tenant), run)
                .optional()?
                .ok_or(StoreError::NotFound { what: "run" })?;
            if !old.state.is_final() {
                return Err(StoreError::State("the run has not ended yet: wait for its end, or cancel it first"));
            }
            db.prepare_cached(
                "INSERT INTO runs (id, tenant, event, hook, version, state, due_at, created_at, replay_of)
                    VALUES (?1, ?2, ?3, ?4, ?5, 'queued', ?6, ?6, ?7)",
            )?
            .execute((id, &tenant, old.event, old.hook, version, now, of))?;
            Ok(QueuedRun { id, tenant, event: old.event, hook: old.hook, version, due_at: now })
        })
        .await
    }

    /// Cancels a queued run. One that is running is left as it is, and `false` is returned.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], [`StoreError::State`] when it has ended, and when the write fails.
    pub async fn cancel(&self, tenant: &str, id: Id) -> Result<bool, StoreError> {
        let tenant = tenant.to_owned();
        self.write(move |db, now| {
            let ByName::<RunState>(state) = db
                .prepare_cached("SELECT state FROM runs WHERE id = ?1 AND tenant = ?2")?
                .query_row((id, tenant), |row| row.get(0))
                .optional()?
                .ok_or(StoreError::NotFound { what: "run" })?;
            match state {
                RunState::Queued => {
                    db.prepare_cached(
                        "UPDATE runs SET state = 'cancelled', ended_at = ?2 WHERE id = ?1",
                    )?
                    .execute((id, now))?;
                    Ok(true)
                }
                RunState::Running => Ok(false),
                _ => Err(StoreError::State("the run has ended already")),
            }
        })
        .await
    }
}
