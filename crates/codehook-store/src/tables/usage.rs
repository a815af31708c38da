//! The disk space and CPU time that each tenant uses. Counted in the same transactions that write events and attempts,
//! so that a crash loses nothing of it.

use rusqlite::Savepoint;

use crate::error::StoreError;
use crate::store::Store;
use crate::time::Millis;

/// Milliseconds of a day.
const DAY: i64 = 24 * 3600 * 1000;

/// The resources that one tenant uses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// The size of its events and of its attempts' reports, in bytes.
    pub held_bytes: u64,
    /// CPU time since the day began in UTC, in milliseconds.
    pub cpu_ms_today: u64,
}

/// Returns the day, counted from 1970 in UTC.
pub(crate) fn day(at: Millis) -> i64 {
    at.0.div_euclid(DAY)
}

/// Adds to the usage of a tenant.
pub(crate) fn add(
    db: &Savepoint<'_>,
    tenant: &str,
    bytes: usize,
    cpu_ms: u64,
    now: Millis,
) -> Result<(), StoreError> {
    let cpu_ms = i64::try_from(cpu_ms).unwrap_or(i64::MAX);
    db.prepare_cached(
        "INSERT INTO usage (tenant, held_bytes, cpu_day, cpu_ms) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (tenant) DO UPDATE SET held_bytes = held_bytes + ?2, cpu_day = ?3,
             cpu_ms = iif(cpu_day = ?3, cpu_ms, 0) + ?4",
    )?
    .execute((tenant, bytes as i64, day(now), cpu_ms))?;
    Ok(())
}

impl Store {
    /// Lists the usage of each tenant that has any.
    ///
    /// # Errors
    ///
    /// When the database fails.
    pub async fn usage(&self) -> Result<Vec<(String, Usage)>, StoreError> {
        let today = day(self.clock.now());
        self.read(move |db| {
            let mut statement = db.prepare_cached(
                "SELECT tenant, held_bytes, iif(cpu_day = ?1, cpu_ms, 0) FROM usage",
            )?;
            let rows = statement.query_map([today], |row| {
                let usage = Usage {
                    held_bytes: row.get(1)?,
                    cpu_ms_today: row.get(2)?,
                };
                Ok((row.get(0)?, usage))
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }
}
