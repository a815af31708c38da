//! Hooks: a draft that changes, and published versions that never do.

use rusqlite::{Connection, OptionalExtension, Row, Savepoint};

use crate::error::{StoreError, is_duplicate};
use crate::id::Id;
use crate::store::Store;
use crate::tables::tenants;
use crate::time::Millis;

/// A hook with its draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hook {
    /// Its identifier.
    pub id: Id,
    /// Its tenant.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// Whether events start it.
    pub enabled: bool,
    /// Its draft, which would be published next, JSON.
    pub draft: String,
    /// The number of the change, from 1.
    pub revision: u32,
    /// The published version, which runs.
    pub published: Option<u32>,
    /// The time of its creation.
    pub created_at: Millis,
    /// The time of its last change.
    pub updated_at: Millis,
}

/// A published version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookVersion {
    /// The name of its hook.
    pub hook: String,
    /// Its number, from 1.
    pub version: u32,
    /// The draft as it was, JSON.
    pub definition: String,
    /// The time of publication.
    pub created_at: Millis,
}

/// A change of a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HookChange {
    /// Replaces the draft.
    Draft(String),
    /// Publishes the draft as a new version, which then runs.
    Publish,
    /// Publishes an earlier version again, and makes it the draft.
    RollBack(u32),
    /// Sets whether events start it.
    Enable(bool),
}

const COLUMNS: &str =
    "id, tenant, name, enabled, draft, revision, published, created_at, updated_at";

fn hook(row: &Row<'_>) -> rusqlite::Result<Hook> {
    Ok(Hook {
        id: row.get(0)?,
        tenant: row.get(1)?,
        name: row.get(2)?,
        enabled: row.get(3)?,
        draft: row.get(4)?,
        revision: row.get(5)?,
        published: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}

fn find(db: &Connection, tenant: &str, name: &str) -> Result<Hook, StoreError> {
    db.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM hooks WHERE tenant = ?1 AND name = ?2"
    ))?
    .query_row((tenant, name), hook)
    .optional()?
    .ok_or(StoreError::NotFound { what: "hook" })
}

impl Store {
    /// Inserts a hook with a draft.
    ///
    /// # Errors
    ///
    /// [`StoreError::Exists`], [`StoreError::NotFound`] for the tenant, and when the write fails.
    pub async fn create_hook(
        &self,
        tenant: &str,
        name: &str,
        draft: String,
    ) -> Result<Hook, StoreError> {
        let now = self.clock.now();
        let hook = Hook {
            id: self.new_id(),
            tenant: tenant.to_owned(),
            name: name.to_owned(),
            enabled: true,
            draft,
            revision: 1,
            published: None,
            created_at: now,
            updated_at: now,
        };
        self.write(move |db, _| {
            tenants::must_exist(db, &hook.tenant)?;
            db.execute(
                "INSERT INTO hooks (id, tenant, name, enabled, draft, revision, created_at, updated_at)
                    VALUES (?1, ?2, ?3, 1, ?4, 1, ?5, ?5)",
                (hook.id, &hook.tenant, &hook.name, &hook.draft, now),
            )
            .map_err(|error| match is_duplicate(&error) {
                true => StoreError::Exists { what: "hook" },
                false => error.into(),
            })?;
            Ok(hook)
        })
        .await
    }

    /// Changes a hook, if it is still at `revision` where one is given.
    ///
    /// # Errors
    ///
    /// [`StoreError::Changed`], [`StoreError::NotFound`], and when the write fails.
    pub async fn change_hook(
        &self,
        tenant: &str,
        name: &str,
        revision: Option<u32>,
        change: HookChange,
    ) -> Result<Hook, StoreError> {
        let (tenant, name) = (tenant.to_owned(), name.to_owned());
        self.write(move |db, now| {
            let mut hook = find(db, &tenant, &name)?;
            if revision.is_some_and(|revision| revision != hook.revision) {
                return Err(StoreError::Changed);
            }
            apply(db, &mut hook, change, now)?;
            hook.revision += 1;
            hook.updated_at = now;
            db.execute(
                "UPDATE hooks SET enabled = ?2, draft = ?3, revision = ?4, published = ?5, updated_at = ?6
                    WHERE id = ?1",
                (hook.id, hook.enabled, &hook.draft, hook.revision, hook.published, hook.updated_at),
            )?;
            Ok(hook)
        })
        .await
    }

    /// Returns a tenant's hook.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`].
    pub async fn hook(&self, tenant: &str, name: &str) -> Result<Hook, StoreError> {
        let (tenant, name) = (tenant.to_owned(), name.to_owned());
        self.read(move |db| find(db, &tenant, &name)).await
    }

    /// Lists the hooks of one tenant, or of all, by name.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn hooks(&self, tenant: Option<&str>) -> Result<Vec<Hook>, StoreError> {
        let tenant = tenant.map(ToOwned::to_owned);
        self.read(move |db| {
            let mut statement = db.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM hooks WHERE ?1 IS NULL OR tenant = ?1 ORDER BY tenant, name"
            ))?;
            let rows = statement.query_map([tenant], hook)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Returns a published version.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`].
    pub async fn hook_version(&self, hook: Id, version: u32) -> Result<HookVersion, StoreError> {
        self.read(move |db| version_of(db, hook, version)).await
    }

    /// Lists all published versions, newest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn hook_versions(&self, hook: Id) -> Result<Vec<HookVersion>, StoreError> {
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT hooks.name, version, definition, hook_versions.created_at
                    FROM hook_versions JOIN hooks ON hooks.id = hook WHERE hook = ?1 ORDER BY version DESC",
            )?;
            let rows = statement.query_map([hook], hook_version)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Deletes a hook with its versions. Its runs are kept.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], and when the write fails.
    pub async fn delete_hook(&self, tenant: &str, name: &str) -> Result<(), StoreError> {
        let (tenant, name) = (tenant.to_owned(), name.to_owned());
        self.write(move |db, _| {
            match db.execute(
                "DELETE FROM hooks WHERE tenant = ?1 AND name = ?2",
                (tenant, name),
            )? {
                0 => Err(StoreError::NotFound { what: "hook" }),
                _ => Ok(()),
            }
        })
        .await
    }
}

fn hook_version(row: &Row<'_>) -> rusqlite::Result<HookVersion> {
    Ok(HookVersion {
        hook: row.get(0)?,
        version: row.get(1)?,
        definition: row.get(2)?,
        created_at: row.get(3)?,
    })
}

fn version_of(db: &Connection, hook: Id, version: u32) -> Result<HookVersion, StoreError> {
    let query = "SELECT hooks.name, version, definition, hook_versions.created_at
        FROM hook_versions JOIN hooks ON hooks.id = hook WHERE hook = ?1 AND version = ?2";
    db.prepare_cached(query)?
        .query_row((hook, version), hook_version)
        .optional()?
        .ok_or(StoreError::NotFound { what: "version" })
}

fn apply(
    db: &Savepoint<'_>,
    hook: &mut Hook,
    change: HookChange,
    now: Millis,
) -> Result<(), StoreError> {
    match change {
        HookChange::Draft(draft) => hook.draft = draft,
        HookChange::Enable(enabled) => hook.enabled = enabled,
        HookChange::RollBack(version) => {
            hook.draft = version_of(db, hook.id, version)?.definition;
            hook.published = Some(version);
        }
        HookChange::Publish => {
            let last: Option<u32> = db
                .prepare_cached("SELECT max(version) FROM hook_versions WHERE hook = ?1")?
                .query_row([hook.id], |row| row.get(0))?;
            let version = last.unwrap_or(0) + 1;
            db.execute(
                "INSERT INTO hook_versions (hook, version, definition, created_at) VALUES (?1, ?2, ?3, ?4)",
                (hook.id, version, &hook.draft, now),
            )?;
            hook.published = Some(version);
        }
    }
    Ok(())
}
