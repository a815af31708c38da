//! Tenants and their quotas.

use rusqlite::{Connection, OptionalExtension, Row};
use serde::{Deserialize, Serialize};

use crate::error::{StoreError, is_duplicate};
use crate::store::Store;
use crate::time::Millis;

/// The quotas of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Quotas {
    /// Events per second, averaged over some seconds.
    pub events_per_second: u32,
    /// Runs in progress at the same time.
    pub concurrent_runs: u32,
    /// Queued runs; more events are refused until there are fewer.
    pub queued_runs: u32,
    /// CPU seconds per day, which begins at midnight in UTC; when they are used up, its runs wait for the next day.
    pub cpu_seconds_per_day: u32,
    /// MiB of events and reports. Events whose runs have ended are deleted, oldest first, to make room; without such
    /// events, more are refused.
    pub stored_mib: u32,
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            events_per_second: 2000,
            concurrent_runs: 64,
            queued_runs: 100_000,
            cpu_seconds_per_day: 86_400,
            stored_mib: 10_240,
        }
    }
}

/// A tenant, isolated from all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name, which is part of URLs.
    pub id: String,
    /// The time of its creation.
    pub created_at: Millis,
    /// Its quotas.
    pub quotas: Quotas,
}

impl Store {
    /// Inserts a tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`], and when the write fails.
    pub async fn create_tenant(&self, tenant: Tenant) -> Result<(), StoreError> {
        let quotas = serde_json::to_string(&tenant.quotas)?;
        self.write(move |db, _| {
            db.execute(
                "INSERT INTO tenants (id, created_at, quotas) VALUES (?1, ?2, ?3)",
                (&tenant.id, tenant.created_at, quotas),
            )
            .map_err(|error| match is_duplicate(&error) {
                true => StoreError::Exists { what: "tenant" },
                false => error.into(),
            })?;
            Ok(())
        })
        .await
    }

    /// Sets the quotas of a tenant.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], and when the write fails.
    pub async fn set_quotas(&self, id: &str, quotas: Quotas) -> Result<(), StoreError> {
        let (id, quotas) = (id.to_owned(), serde_json::to_string(&quotas)?);
        self.write(move |db, _| {
            match db.execute("UPDATE tenants SET quotas = ?2 WHERE id = ?1", (id, quotas))? {
                0 => Err(StoreError::NotFound { what: "tenant" }),
                _ => Ok(()),
            }
        })
        .await
    }

    /// Lists all tenants by name.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        self.read(|db| {
            let mut statement =
                db.prepare_cached("SELECT id, created_at, quotas FROM tenants ORDER BY id")?;
            let rows = statement.query_map([], tenant)?;
            rows.map(|row| row?).collect()
        })
        .await
    }
}

fn tenant(row: &Row<'_>) -> rusqlite::Result<Result<Tenant, StoreError>> {
    let quotas: String = row.get(2)?;
    let (id, created_at) = (row.get(0)?, row.get(1)?);
    Ok(serde_json::from_str(&quotas)
        .map(|quotas| Tenant {
            id,
            created_at,
            quotas,
        })
        .map_err(StoreError::from))
}

/// Checks that a tenant exists.
pub(crate) fn must_exist(db: &Connection, tenant: &str) -> Result<(), StoreError> {
    db.prepare_cached("SELECT 1 FROM tenants WHERE id = ?1")?
        .query_row([tenant], |_| Ok(()))
        .optional()?
        .ok_or(StoreError::NotFound { what: "tenant" })
}
