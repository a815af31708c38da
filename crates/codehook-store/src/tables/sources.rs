//! Sources: the origins of a tenant's events, each with a URL, a way to authenticate deliveries, and a mapping.

use rusqlite::Row;
use zeroize::Zeroizing;

use crate::cipher::Cipher;
use crate::error::{StoreError, is_duplicate};
use crate::id::Id;
use crate::store::Store;
use crate::tables::tenants;
use crate::time::Millis;

/// A source of events. Its identifier is part of its URL.
#[derive(Clone)]
pub struct Source {
    /// Its identifier.
    pub id: Id,
    /// Its tenant.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// Its definition, JSON of the layers above.
    pub definition: String,
    /// The secret that signs or authenticates deliveries.
    pub secret: Option<Zeroizing<String>>,
    /// The time of its creation.
    pub created_at: Millis,
}

/// Returns the associated data with which the secret of a source is sealed.
pub(crate) fn associated_data(id: Id) -> String {
    format!("source/{id}")
}

impl Store {
    /// Inserts a source, or replaces the one of that name, whose identifier and time of creation it keeps.
    ///
    /// # Errors
    ///
    /// When there is no such tenant, or the write fails.
    pub async fn put_source(&self, mut source: Source) -> Result<Source, StoreError> {
        let cipher = self.cipher.clone();
        self.write(move |db, _| {
            tenants::must_exist(db, &source.tenant)?;
            let existing = db
                .prepare_cached("SELECT id, created_at FROM sources WHERE tenant = ?1 AND name = ?2")?
                .query_map((&source.tenant, &source.name), |row| Ok((row.get(0)?, row.get(1)?)))?
                .next()
                .transpose()?;
            if let Some((id, created_at)) = existing {
                (source.id, source.created_at) = (id, created_at);
            }
            let sealed = match &source.secret {
                Some(secret) => Some(cipher.seal(&associated_data(source.id), secret.as_bytes())?),
                None => None,
            };
            db.execute(
                "INSERT INTO sources (id, tenant, name, definition, sealed, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (id) DO UPDATE SET definition = excluded.definition, sealed = excluded.sealed",
                (source.id, &source.tenant, &source.name, &source.definition, sealed, source.created_at),
            )
            .map_err(|error| match is_duplicate(&error) {
                true => StoreError::Exists { what: "source" },
                false => error.into(),
            })?;
            Ok(source)
        })
        .await
    }

    /// Lists the sources of one tenant, or of all, oldest first.
    ///
    /// # Errors
    ///
    /// [`StoreError::Sealed`] with another master key than they were made with.
    pub async fn sources(&self, tenant: Option<&str>) -> Result<Vec<Source>, StoreError> {
        let (tenant, cipher) = (tenant.map(ToOwned::to_owned), self.cipher.clone());
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT id, tenant, name, definition, sealed, created_at FROM sources WHERE ?1 IS NULL OR tenant = ?1
                    ORDER BY id",
            )?;
            let rows = statement.query_map([tenant], |row| Ok(source(row, &cipher)))?;
            rows.map(|row| row?).collect()
        })
        .await
    }

    /// Deletes a source.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], and when the write fails.
    pub async fn delete_source(&self, tenant: &str, name: &str) -> Result<(), StoreError> {
        let (tenant, name) = (tenant.to_owned(), name.to_owned());
        self.write(move |db, _| {
            match db.execute(
                "DELETE FROM sources WHERE tenant = ?1 AND name = ?2",
                (tenant, name),
            )? {
                0 => Err(StoreError::NotFound { what: "source" }),
                _ => Ok(()),
            }
        })
        .await
    }
}

fn source(row: &Row<'_>, cipher: &Cipher) -> Result<Source, StoreError> {
    let id = row.get(0)?;
    let sealed: Option<Vec<u8>> = row.get(4)?;
    Ok(Source {
        id,
        tenant: row.get(1)?,
        name: row.get(2)?,
        definition: row.get(3)?,
        secret: match sealed {
            Some(sealed) => Some(cipher.open(&associated_data(id), &sealed)?),
            None => None,
        },
        created_at: row.get(5)?,
    })
}
