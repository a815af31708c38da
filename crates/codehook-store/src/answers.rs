//! What requests with an `Idempotency-Key` were answered (draft-ietf-httpapi-idempotency-key-header), so that a repeated one gets the
//! same answer and does nothing. Sealed as secrets are: a new API key may be among the answers.

use rusqlite::{OptionalExtension, Savepoint};
use zeroize::Zeroizing;

use crate::error::StoreError;
use crate::journal::Store;
use crate::time::Millis;

/// What is known of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// Nothing: from now on its request is under way.
    New,
    /// Its request has not been answered yet.
    UnderWay,
    /// It was sent with another request.
    Another,
    /// Nothing, and as many of this holder are remembered as may be.
    TooMany,
    /// What it was answered.
    Known(Zeroizing<String>),
}

/// Keys of one holder that are remembered at the same time.
const REMEMBERED: u32 = 10_000;

fn remembered(db: &Savepoint<'_>, holder: &str) -> Result<u32, StoreError> {
    Ok(db
        .prepare_cached("SELECT count(*) FROM answers WHERE holder = ?1")?
        .query_row([holder], |row| row.get(0))?)
}

fn place(holder: &str, key: &str) -> String {
    format!("answer/{holder}/{key}")
}

impl Store {
    /// Begins a request of `holder` with `key`; `request` tells one request from another.
    ///
    /// # Errors
    ///
    /// What keeps a write from the disk.
    pub async fn begin_answer(
        &self,
        holder: &str,
        key: &str,
        request: [u8; 32],
    ) -> Result<Answered, StoreError> {
        let (holder, key, cipher) = (holder.to_owned(), key.to_owned(), self.cipher.clone());
        self.write(move |db| {
            let known: Option<(Vec<u8>, Option<Vec<u8>>)> = db
                .prepare_cached("SELECT request, sealed FROM answers WHERE holder = ?1 AND key = ?2")?
                .query_row((&holder, &key), |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?;
            match known {
                None if remembered(db, &holder)? >= REMEMBERED => Ok(Answered::TooMany),
                None => {
                    db.prepare_cached("INSERT INTO answers (holder, key, request, made_at) VALUES (?1, ?2, ?3, ?4)")?
                        .execute((&holder, &key, request, Millis::now()))?;
                    Ok(Answered::New)
                }
                Some((before, _)) if before != request => Ok(Answered::Another),
                Some((_, None)) => Ok(Answered::UnderWay),
                Some((_, Some(sealed))) => cipher.open(&place(&holder, &key), &sealed).map(Answered::Known),
            }
        })
        .await
    }

    /// Ends a request with what it was answered; without an answer it may be sent again.
    ///
    /// # Errors
    ///
    /// What keeps a write from the disk.
    pub async fn end_answer(
        &self,
        holder: &str,
        key: &str,
        answer: Option<&str>,
    ) -> Result<(), StoreError> {
        let sealed = answer
            .map(|answer| self.cipher.seal(&place(holder, key), answer.as_bytes()))
            .transpose()?;
        let (holder, key) = (holder.to_owned(), key.to_owned());
        self.write(move |db| {
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
