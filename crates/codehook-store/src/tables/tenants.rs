//! Tenants and their quotas.

use codehook_api_types::Quotas;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::error::{StoreError, is_duplicate};
use crate::store::Store;
use crate::time::Millis;

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
