//! Retention: prunes events whose runs have all ended, oldest first, with those runs.

use std::time::Duration;

use rusqlite::Savepoint;

use crate::error::StoreError;
use crate::id::Id;
use crate::store::Store;

/// Events that are deleted in one transaction, so that other writes do not wait for long.
const MAX_BATCH: usize = 2000;
/// How long an idempotency key is kept.
const IDEMPOTENCY_KEY_AGE: Duration = Duration::from_secs(24 * 3600);

const ENDED: &str = "NOT EXISTS (SELECT 1 FROM runs WHERE runs.event = events.id AND state IN ('queued', 'running'))";

impl Store {
    /// Deletes events older than `age`, and the keys of deliveries older than that; at most some thousands of each at a
    /// time. Returns the number of both.
    ///
    /// # Errors
    ///
    /// When the write fails.
    pub async fn prune_older_than(&self, age: Duration) -> Result<usize, StoreError> {
        self.write(move |db, now| {
            let before = now.before(age);
            let keys_before = now.before(IDEMPOTENCY_KEY_AGE);
            db.execute("DELETE FROM answers WHERE made_at < ?1", [keys_before])?;
            // Events that were pruned to size are deleted before them, so there may be more of these.
            let deliveries = db.prepare_cached(
                "DELETE FROM deliveries WHERE (tenant, key) IN
                     (SELECT tenant, key FROM deliveries WHERE received_at < ?1 ORDER BY received_at LIMIT ?2)",
            )?
            .execute((before, MAX_BATCH as i64))?;
            clear_marks(db)?;
            // Identifiers are in the order of time: no younger event is read.
            db.prepare_cached(&format!(
                "INSERT INTO temp.old SELECT id FROM events WHERE id < ?1 AND {ENDED} ORDER BY id LIMIT ?2"
            ))?
            .execute((Id::first_at(before), MAX_BATCH as i64))?;
            Ok(deliveries + delete(db)?)
        })
        .await
    }

    /// Deletes the oldest events of one tenant, or of all, until the rest takes at most `max_bytes`; at most some
    /// thousands at a time. Returns their number.
    ///
    /// # Errors
    ///
    /// When the write fails.
    pub async fn prune_to_size(
        &self,
        tenant: Option<&str>,
        max_bytes: u64,
    ) -> Result<usize, StoreError> {
        let tenant = tenant.map(ToOwned::to_owned);
        self.write(move |db, _| {
            let held: u64 = db
                .prepare_cached("SELECT coalesce(sum(held_bytes), 0) FROM usage WHERE ?1 IS NULL OR tenant = ?1")?
                .query_row([&tenant], |row| row.get(0))?;
            let Some(excess) = held.checked_sub(max_bytes).filter(|excess| *excess > 0) else {
                return Ok(0);
            };
            clear_marks(db)?;
            mark(db, tenant.as_deref(), excess)?;
            delete(db)
        })
        .await
    }
}

fn clear_marks(db: &Savepoint<'_>) -> Result<(), StoreError> {
    Ok(db.execute_batch(
        "CREATE TEMP TABLE IF NOT EXISTS old (id TEXT PRIMARY KEY); DELETE FROM temp.old;",
    )?)
}

/// Marks the oldest events that take `excess` bytes together.
fn mark(db: &Savepoint<'_>, tenant: Option<&str>, excess: u64) -> Result<(), StoreError> {
    let whose = match tenant {
        Some(_) => "tenant = ?1",
        None => "?1 IS NULL",
    };
    let mut oldest = db.prepare_cached(&format!(
        "SELECT id, octet_length(body) + coalesce((SELECT sum(octet_length(report)) FROM runs
            JOIN attempts ON run = runs.id WHERE runs.event = events.id), 0)
         FROM events WHERE {whose} AND {ENDED} ORDER BY id LIMIT ?2"
    ))?;
    let mut insert = db.prepare_cached("INSERT INTO temp.old VALUES (?1)")?;
    let mut rows = oldest.query((tenant, MAX_BATCH as i64))?;
    let mut found = 0;
    while let Some(row) = rows.next()?.filter(|_| found < excess) {
        insert.execute([row.get::<_, String>(0)?])?;
        found += row.get::<_, u64>(1)?;
    }
    Ok(())
}

/// Deletes the marked events with their runs and attempts.
fn delete(db: &Savepoint<'_>) -> Result<usize, StoreError> {
    db.execute_batch(
        "UPDATE usage SET held_bytes = max(0, held_bytes - gone.bytes) FROM (
             SELECT tenant, sum(bytes) AS bytes FROM (
                 SELECT tenant, octet_length(body) AS bytes FROM events JOIN temp.old USING (id)
                 UNION ALL
                 SELECT runs.tenant, coalesce(octet_length(report), 0) FROM temp.old JOIN runs ON runs.event = old.id
                     JOIN attempts ON run = runs.id
             ) GROUP BY tenant
         ) AS gone WHERE usage.tenant = gone.tenant;
         DELETE FROM attempts WHERE run IN (SELECT runs.id FROM runs JOIN temp.old ON runs.event = temp.old.id);
         DELETE FROM runs WHERE event IN (SELECT id FROM temp.old);",
    )?;
    Ok(db.execute(
        "DELETE FROM events WHERE id IN (SELECT id FROM temp.old)",
        [],
    )?)
}
