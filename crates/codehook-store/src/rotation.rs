//! Rotation of the master key: every sealed value is opened with the old key and sealed with the new one, all or
//! nothing.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::cipher::{Cipher, MasterKey};
use crate::error::StoreError;
use crate::reader::BUSY_TIMEOUT;
use crate::store::{DATABASE_FILE, lock};
use crate::tables::{secrets, sources};

/// Seals every value in `directory` with the key `new` instead of `old`. No service may use the directory meanwhile.
/// Returns the number of values.
///
/// # Errors
///
/// [`StoreError::InUse`] while a service runs, [`StoreError::Sealed`] when `old` is not the key, and when the write
/// fails; then no value has changed.
pub fn rotate(directory: &Path, old: &MasterKey, new: &MasterKey) -> Result<usize, StoreError> {
    let _lock = lock(directory)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(directory.join(DATABASE_FILE), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // Overwritten values must not stay readable in free pages.
    connection.pragma_update(None, "secure_delete", true)?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let (old, new) = (Cipher::new(old), Cipher::new(new));
    let count =
        reseal_secrets(&transaction, &old, &new)? + reseal_sources(&transaction, &old, &new)?;
    transaction.execute("DELETE FROM answers", [])?;
    transaction.commit()?;
    Ok(count)
}

fn reseal_secrets(db: &Transaction<'_>, old: &Cipher, new: &Cipher) -> Result<usize, StoreError> {
    let mut statement = db.prepare("SELECT tenant, name, sealed FROM secrets")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let rows: Vec<(String, String, Vec<u8>)> = rows.collect::<Result<_, _>>()?;
    for (tenant, name, sealed) in &rows {
        let bound = secrets::associated_data(tenant, name);
        let sealed = new.seal(&bound, old.open(&bound, sealed)?.as_bytes())?;
        db.execute(
            "UPDATE secrets SET sealed = ?3 WHERE tenant = ?1 AND name = ?2",
            (tenant, name, sealed),
        )?;
    }
    Ok(rows.len())
}

fn reseal_sources(db: &Transaction<'_>, old: &Cipher, new: &Cipher) -> Result<usize, StoreError> {
    let mut statement = db.prepare("SELECT id, sealed FROM sources WHERE sealed IS NOT NULL")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let rows: Vec<(crate::Id, Vec<u8>)> = rows.collect::<Result<_, _>>()?;
    for (id, sealed) in &rows {
        let bound = sources::associated_data(*id);
        let sealed = new.seal(&bound, old.open(&bound, sealed)?.as_bytes())?;
        db.execute("UPDATE sources SET sealed = ?2 WHERE id = ?1", (id, sealed))?;
    }
    Ok(rows.len())
}
