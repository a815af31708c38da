//! Idempotency keys with the responses to their requests (draft-ietf-httpapi-idempotency-key-header), so that a
//! repeated request gets the same response and does nothing. Responses are sealed as secrets are: one may hold a new
//! API key. The table is called `answers`.

use rusqlite::{OptionalExtension, Savepoint};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::store::Store;

/// The state of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotencyKey {
    /// The key is new: its request is now in progress.
    New,
    /// Its request is still in progress.
    InProgress,
    /// It was used with another request.
    OtherRequest,
    /// The key is new, and the holder has as many keys as are stored.
    TooMany,
    /// Its request has ended with this response.
    Completed(Zeroizing<String>),
}

/// Keys of one holder that are stored at the same time.
const MAX_KEYS: u32 = 10_000;

fn stored_keys(db: &Savepoint<'_>, holder: &str) -> Result<u32, StoreError> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM answers WHERE holder = ?1")?
        .query_row([holder], |row| row.get(0))?)
}

/// Returns the associated data with which a response is sealed.
fn associated_data(holder: &str, key: &str) -> String {
    format!("answer/{holder}/{key}")
}

impl Store {
    /// Begins a request of `holder` with `key`, unless the key is in use; `request` is the hash of the request.
    ///
    /// # Errors
    ///
    /// When the write fails.
    pub async fn begin_request(
        &self,
        holder: &str,
        key: &str,
        request: [u8; 32],
    ) -> Result<IdempotencyKey, StoreError> {
        let (holder, key, cipher) = (holder.to_owned(), key.to_owned(), self.cipher.clone());
        self.write(move |db, now| {
            let known: Option<(Vec<u8>, Option<Vec<u8>>)> = db
                .prepare_cached("SELECT request, sealed FROM answers WHERE holder = ?1 AND key = ?2")?
                .query_row((&holder, &key), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            match known {
                None if stored_keys(db, &holder)? >= MAX_KEYS => Ok(IdempotencyKey::TooMany),
                None => {
                    db.prepare_cached("INSERT INTO answers (holder, key, request, made_at) VALUES (?1, ?2, ?3, ?4)")?
                        .execute((&holder, &key, request, now))?;
                    Ok(IdempotencyKey::New)
                }
                Some((before, _)) if before != request => Ok(IdempotencyKey::OtherRequest),
                Some((_, None)) => Ok(IdempotencyKey::InProgress),
                Some((_, Some(sealed))) => {
                    let response = cipher.open(&associated_data(&holder, &key), &sealed)?;
                    Ok(IdempotencyKey::Completed(response))
                }
            }
        })
        .await
    }

    /// Ends a request with its response; without a response the request may be sent again.
    ///
    /// # Errors
    ///
    /// When the write fails.
    pub async fn end_request(
        &self,
        holder: &str,
        key: &str,
        response: Option<&str>,
    ) -> Result<(), StoreError> {
        let sealed = response
            .map(|response| {
                self.cipher
                    .seal(&associated_data(holder, key), response.as_bytes())
            })
            .transpose()?;
        let (holder, key) = (holder.to_owned(), key.to_owned());
        self.write(move |db, _| {
            match sealed {
                Some(sealed) => db
                    .prepare_cached(
                        "UPDATE answers SET sealed = ?3 WHERE holder = ?1 AND key = ?2",
                    )?
                    .execute((holder, key, sealed))?,
                None => db
                    .prepare_cached("DELETE FROM answers WHERE holder = ?1 AND key = ?2")?
                    .execute((holder, key))?,
            };
            Ok(())
        })
        .await
    }
}
