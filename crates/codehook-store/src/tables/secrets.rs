//! The secrets of tenants: used by runs, and never returned by the API.

use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::store::Store;
use crate::tables::tenants;
use crate::time::Millis;

/// Returns the associated data with which a secret is sealed.
pub(crate) fn associated_data(tenant: &str, name: &str) -> String {
    format!("secret/{tenant}/{name}")
}

impl Store {
    /// Sets a secret.
    ///
    /// # Errors
    ///
    /// When there is no such tenant, or the write fails.
    pub async fn set_secret(
        &self,
        tenant: &str,
        name: &str,
        value: &str,
    ) -> Result<(), StoreError> {
        let sealed = self
            .cipher
            .seal(&associated_data(tenant, name), value.as_bytes())?;
        let (tenant, name) = (tenant.to_owned(), name.to_owned());
        self.write(move |db, now| {
            tenants::must_exist(db, &tenant)?;
            db.execute(
                "INSERT INTO secrets (tenant, name, sealed, updated_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (tenant, name) DO UPDATE SET sealed = excluded.sealed, updated_at = excluded.updated_at",
                (tenant, name, sealed, now),
            )?;
            Ok(())
        })
        .await
    }

    /// Returns the values of those of `names` that exist.
    ///
    /// # Errors
    ///
    /// [`StoreError::Sealed`] with another master key than they were set with.
    pub async fn secrets(
        &self,
        tenant: &str,
        names: &[String],
    ) -> Result<Vec<(String, Zeroizing<String>)>, StoreError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let (tenant, names, cipher) = (tenant.to_owned(), names.to_vec(), self.cipher.clone());
        self.read(move |db| {
            let mut statement =
                db.prepare_cached("SELECT sealed FROM secrets WHERE tenant = ?1 AND name = ?2")?;
            let mut found = Vec::new();
            for name in names {
                let mut rows = statement.query((&tenant, &name))?;
                if let Some(row) = rows.next()? {
                    let sealed: Vec<u8> = row.get(0)?;
                    let value = cipher.open(&associated_data(&tenant, &name), &sealed)?;
                    found.push((name, value));
                }
            }
            Ok(found)
        })
        .await
    }

    /// Lists the names of a tenant's secrets, and the time when each was set.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn secret_names(&self, tenant: &str) -> Result<Vec<(String, Millis)>, StoreError> {
        let tenant = tenant.to_owned();
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT name, updated_at FROM secrets WHERE tenant = ?1 ORDER BY name",
            )?;
            let rows = statement.query_map([tenant], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// Deletes a secret.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], and when the write fails.
    pub async fn delete_secret(&self, tenant: &str, name: &str) -> Result<(), StoreError> {
        let (tenant, name) = (tenant.to_owned(), name.to_owned());
        self.write(move |db, _| {
            match db.execute(
                "DELETE FROM secrets WHERE tenant = ?1 AND name = ?2",
                (tenant, name),
            )? {
                0 => Err(StoreError::NotFound { what: "secret" }),
                _ => Ok(()),
            }
        })
        .await
    }
}
