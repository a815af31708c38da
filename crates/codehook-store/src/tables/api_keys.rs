//! API keys: shown once, stored as a hash. A key is `chk_` with its identifier and 32 random bytes, which cannot be
//! guessed, so that a plain SHA-256 suffices to store it.

use codehook_api_types::Scope;
use rusqlite::OptionalExtension;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::id::Id;
use crate::store::Store;
use crate::tables::tenants;
use crate::time::Millis;

/// The prefix of every key, by which scanners find leaked ones.
const PREFIX: &str = "chk_";
const SECRET_BYTES: usize = 32;

/// The holder of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyHolder {
    /// The operator: makes tenants and their keys, and may do everything else.
    Operator,
    /// One tenant.
    Tenant(String),
}

/// A key as it is listed, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its identifier, which is part of the key.
    pub id: Id,
    /// Its holder.
    pub holder: KeyHolder,
    /// Its name.
    pub name: String,
    /// Its permissions.
    pub scopes: Vec<Scope>,
    /// The time of its creation.
    pub created_at: Millis,
    /// The time from which it is invalid.
    pub expires_at: Option<Millis>,
}

/// A key to create.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// Its holder.
    pub holder: KeyHolder,
    /// Its name.
    pub name: String,
    /// Its permissions.
    pub scopes: Vec<Scope>,
    /// The time from which it is invalid.
    pub expires_at: Option<Millis>,
}

fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

impl Store {
    /// Creates a key. Its text is returned here and never again.
    ///
    /// # Errors
    ///
    /// When there is no such tenant, or the write fails.
    pub async fn create_key(&self, new: NewKey) -> Result<(ApiKey, Zeroizing<String>), StoreError> {
        let id = self.new_id();
        let mut random = Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(random.as_mut())?;
        let secret = Zeroizing::new(hex::encode(random.as_ref()));
        let text = Zeroizing::new(format!("{PREFIX}{id}_{}", *secret));
        let key = ApiKey {
            id,
            holder: new.holder,
            name: new.name,
            scopes: new.scopes,
            created_at: self.clock.now(),
            expires_at: new.expires_at,
        };
        let (stored, scopes) = (key.clone(), serde_json::to_string(&key.scopes)?);
        self.write(move |db, _| {
            let tenant = match &stored.holder {
                KeyHolder::Operator => None,
                KeyHolder::Tenant(tenant) => {
                    tenants::must_exist(db, tenant)?;
                    Some(tenant)
                }
            };
            db.execute(
                "INSERT INTO api_keys (id, tenant, name, hash, scopes, created_at, expires_at)
                    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                (
                    id,
                    tenant,
                    &stored.name,
                    hash(&secret),
                    scopes,
                    stored.created_at,
                    stored.expires_at,
                ),
            )?;
            Ok(())
        })
        .await?;
        Ok((key, text))
    }

    /// Returns the key with this text; none for an expired key and for any other text.
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
        let (given, now) = (hash(secret), self.clock.now());
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
            let Some((stored, scopes, mut key)) = found else {
                return Ok(None);
            };
            key.scopes = serde_json::from_str(&scopes)?;
            let expired = key.expires_at.is_some_and(|at| at <= now);
            Ok((bool::from(stored.ct_eq(&given)) && !expired).then_some(key))
        })
        .await
    }

    /// Lists the keys of one holder, oldest first.
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
    /// [`StoreError::NotFound`], and when the write fails.
    pub async fn delete_key(&self, holder: KeyHolder, id: Id) -> Result<(), StoreError> {
        self.write(move |db, _| {
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
