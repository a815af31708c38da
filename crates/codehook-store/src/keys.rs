//! API keys: shown once, kept as a hash. A key is `chk_` with its identifier and 32 random bytes; there is too much chance in it to be
//! guessed, so a plain SHA-256 is enough to keep it.

use std::fmt::Write;

use codehook_api_types::Scope;
use rusqlite::OptionalExtension;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::id::Id;
use crate::journal::Store;
use crate::tenants;
use crate::time::Millis;

/// What every key begins with, so that a leaked one is found by scanners.
const PREFIX: &str = "chk_";
const SECRET_BYTES: usize = 32;

/// Whose key it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyHolder {
    /// Makes tenants and keys of theirs, and may do everything else.
    Operator,
    /// This tenant and no other.
    Tenant(String),
}

/// A key as it is listed: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its identifier, which stands in the key.
    pub id: Id,
    /// Whose it is.
    pub holder: KeyHolder,
    /// What it is for.
    pub name: String,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// When it was made.
    pub created_at: Millis,
    /// From when on it is none any more.
    pub expires_at: Option<Millis>,
}

/// A key to be made.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Whose it is.
    pub holder: KeyHolder,
    /// What it is for.
    pub name: String,
    /// What it is good for.
    pub scopes: Vec<Scope>,
    /// From when on it is none any more.
    pub expires_at: Option<Millis>,
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

impl Store {
    /// Makes a key. Its text is answered here and never again.
    ///
    /// # Errors
    ///
    /// When there is no such tenant, or the write does not reach the disk.
    pub async fn create_key(&self, new: NewKey) -> Result<(ApiKey, Zeroizing<String>), StoreError> {
        let id = Id::new();
        let mut random = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(random.as_mut())
            .map_err(|error| StoreError::Directory(std::io::Error::other(error)))?;
        let mut secret = Zeroizing::new(String::with_capacity(2 * SECRET_BYTES));
        for byte in random.iter() {
            let _ = write!(secret, "{byte:02x}");
        }
        let text = Zeroizing::new(format!("{PREFIX}{id}_{}", *secret));
        let key = ApiKey {
            id,
            holder: new.holder,
            name: new.name,
            scopes: new.scopes,
            created_at: Millis::now(),
            expires_at: new.expires_at,
        };
        let (stored, scopes) = (key.clone(), serde_json::to_string(&key.scopes)?);
        self.write(move |db| {
            let tenant = match &stored.holder {
                KeyHolder::Operator => None,
                KeyHolder::Tenant(tenant) => {
                    tenants::must_exist(db, tenant)?;
                    Some(tenant)
                }
            };
            db.execute(
                "INSERT INTO api_keys (id, tenant, name, hash, scopes, created_at, expires_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (id, tenant, &stored.name, hash(&secret), scopes, stored.created_at, stored.expires_at),
            )?;
            Ok(())
        })
        .await?;
        Ok((key, text))
    }

    /// The key whose text this is. None for anything else, an expired one included.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn find_key(&self, text: &str) -> Result<Option<ApiKey>, StoreError> {
        let Some((id, secret)) = text
            .strip_prefix(PREFIX)
            .and_then(|rest| rest.split_once('_'))
        else {
            return Ok(None);
        };
        let Ok(id) = id.parse::<Id>() else {
            return Ok(None);
        };
        let given = hash(secret);
        self.read(move |db| {
            let found = db
                .prepare_cached(
                    "SELECT hash, tenant, name, scopes, created_at, expires_at FROM api_keys WHERE id = ?1",
                )?
                .query_row([id], |row| {
                    let tenant: Option<String> = row.get(1)?;
                    let scopes: String = row.get(3)?;
                    let key = ApiKey {
                        id,
                        holder: tenant.map_or(KeyHolder::Operator, KeyHolder::Tenant),
                        name: row.get(2)?,
                        scopes: Vec::new(),
                        created_at: row.get(4)?,
                        expires_at: row.get(5)?,
                    };
                    Ok((row.get::<_, Vec<u8>>(0)?, scopes, key))
                })
                .optional()?;
            let Some((kept, scopes, mut key)) = found else {
                return Ok(None);
            };
            key.scopes = serde_json::from_str(&scopes)?;
            let expired = key.expires_at.is_some_and(|at| at <= Millis::now());
            Ok((bool::from(kept.ct_eq(&given)) && !expired).then_some(key))
        })
        .await
    }

    /// The keys of one holder, oldest first.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn keys(&self, holder: KeyHolder) -> Result<Vec<ApiKey>, StoreError> {
        self.read(move |db| {
            let tenant = match &holder {
                KeyHolder::Operator => None,
                KeyHolder::Tenant(tenant) => Some(tenant.clone()),
            };
            let mut statement = db.prepare_cached(
                "SELECT id, name, scopes, created_at, expires_at FROM api_keys WHERE tenant IS ?1 ORDER BY id",
            )?;
            let rows = statement.query_map([tenant], |row| {
                let scopes: String = row.get(2)?;
                Ok((scopes, row.get(0)?, row.get(1)?, row.get(3)?, row.get(4)?))
            })?;
            rows.map(|row| {
                let (scopes, id, name, created_at, expires_at) = row?;
                Ok(ApiKey {
                    id,
                    holder: holder.clone(),
                    name,
                    scopes: serde_json::from_str(&scopes)?,
                    created_at,
                    expires_at,
                })
            })
            .collect()
        })
        .await
    }

    /// Deletes a key of this holder.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotFound`], and what keeps a write from the disk.
    pub async fn delete_key(&self, holder: KeyHolder, id: Id) -> Result<(), StoreError> {
        self.write(move |db| {
            let tenant = match &holder {
                KeyHolder::Operator => None,
                KeyHolder::Tenant(tenant) => Some(tenant),
            };
            match db.execute(
                "DELETE FROM api_keys WHERE id = ?1 AND tenant IS ?2",
                (id, tenant),
            )? {
                0 => Err(StoreError::NotFound { what: "key" }),
                _ => Ok(()),
            }
        })
        .await
    }
}
