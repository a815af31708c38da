//! Events: each is inserted once, with the runs that it starts. Repeated deliveries are found by their keys
//! (`deliveries`).

use codehook_api_types::RunState;
use rusqlite::{OptionalExtension, Row};

use crate::by_name::ByName;
use crate::error::StoreError;
use crate::id::Id;
use crate::page::Page;
use crate::store::Store;
use crate::tables::usage;
use crate::time::Millis;

/// An event as it was received and mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its identifier.
    pub id: Id,
    /// The source that received it; none for the API.
    pub source: Option<Id>,
    /// The event itself, JSON.
    pub body: String,
    /// When it was received.
    pub received_at: Millis,
}

/// An event to insert.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// Its tenant.
    pub tenant: String,
    /// The source that received it; none for the API.
    pub source: Option<Id>,
    /// The sender's key of the delivery, which tells a repeated delivery from another event.
    pub delivery: Option<String>,
    /// The event itself, JSON.
    pub body: String,
}

/// A run to insert with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewRun {
    /// The hook.
    pub hook: Id,
    /// Its version.
    pub version: u32,
}

/// The result of accepting an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Accepted {
    /// The event and its runs are on disk.
    New {
        /// Its identifier.
        event: Id,
        /// Its runs, in the order given.
        runs: Vec<Id>,
    },
    /// The event had been delivered before.
    Duplicate {
        /// Its identifier.
        event: Id,
    },
}

fn event(row: &Row<'_>) -> rusqlite::Result<Event> {
    Ok(Event {
        id: row.get(0)?,
        source: row.get(1)?,
        body: row.get(2)?,
        received_at: row.get(3)?,
    })
}

impl Store {
    /// Inserts an event and the runs that it starts, all or nothing. Returns once they are on disk.
    ///
    /// # Errors
    ///
    /// When the write fails; then there is no event and no run.
    pub async fn accept(&self, new: NewEvent, runs: Vec<NewRun>) -> Result<Accepted, StoreError> {
        let event = self.new_id();
        let ids: Vec<Id> = runs.iter().map(|_| self.new_id()).collect();
        self.write(move |db, now| {
            if let Some(key) = &new.delivery {
                let before = db
                    .prepare_cached("SELECT event FROM deliveries WHERE tenant = ?1 AND key = ?2")?
                    .query_row((&new.tenant, key), |row| row.get(0))
                    .optional()?;
                if let Some(event) = before {
                    return Ok(Accepted::Duplicate { event });
                }
                db.prepare_cached("INSERT INTO deliveries (tenant, key, event, received_at) VALUES (?1, ?2, ?3, ?4)")?
                    .execute((&new.tenant, key, event, now))?;
            }
            db.prepare_cached("INSERT INTO events (id, tenant, source, body, received_at) VALUES (?1, ?2, ?3, ?4, ?5)")?
                .execute((event, &new.tenant, new.source, &new.body, now))?;
            usage::add(db, &new.tenant, new.body.len(), 0, now)?;
            let mut insert = db.prepare_cached(
                "INSERT INTO runs (id, tenant, event, hook, version, state, due_at, created_at)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
            )?;
            for (id, run) in ids.iter().zip(runs) {
                insert.execute((id, &new.tenant, event, run.hook, run.version, ByName(RunState::Queued), now))?;
            }
            Ok(Accepted::New { event, runs: ids })
        })
        .await
    }

    /// Returns a tenant's event.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`].
    pub async fn event(&self, tenant: &str, id: Id) -> Result<Event, StoreError> {
        let tenant = tenant.to_owned();
        self.read(move |db| {
            db.prepare_cached(
                "SELECT id, source, body, received_at FROM events WHERE id = ?1 AND tenant = ?2",
            )?
            .query_row((id, tenant), event)
            .optional()?
            .ok_or(StoreError::NotFound { what: "event" })
        })
        .await
    }

    /// Lists a tenant's events, newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn events(
        &self,
        tenant: &str,
        cursor: Option<Id>,
        limit: usize,
    ) -> Result<Page<Event>, StoreError> {
        let tenant = tenant.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id, source, body, received_at FROM events WHERE tenant = ?1 AND (?2 IS NULL OR id < ?2)
                    ORDER BY id DESC LIMIT ?3",
            )?;
            let rows = statement.query_map((tenant, cursor, limit as i64 + 1), event)?;
            let items = rows.collect::<Result<Vec<_>, _>>()?;
            Ok(Page::from_list(items, limit, |event| event.id))
        })
        .await
    }
}
