//! The store itself: opens the directory, migrates, and lends its writer and its readers to the other modules.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Savepoint};
use rusqlite_migration::{Error, M, MigrationDefinitionError, Migrations};

use crate::cipher::{Cipher, MasterKey};
use crate::error::StoreError;
use crate::reader::Reader;
use crate::writer::Writer;

/// The database's file in the data directory.
pub(crate) const FILE: &str = "codehook.sqlite";
/// Locked by whoever uses the directory.
const LOCK: &str = "lock";
/// How long another process that holds a lock is waited for.
pub(crate) const BUSY: Duration = Duration::from_secs(5);

fn migrations() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(include_str!("../migrations/001_first.sql")),
        M::up(include_str!("../migrations/002_usage.sql")),
        M::up(include_str!("../migrations/003_deliveries_by_age.sql")),
    ])
}

/// Everything that the service keeps. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Option<Writer>,
    reader: Reader,
    pub(crate) cipher: Arc<Cipher>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    path: PathBuf,
    /// Keeps other processes out; given back when the last clone is gone, or the process.
    _lock: Arc<File>,
}

impl Store {
    /// Opens the data in `directory`, which is made (mode 0700) when it is not there, and brings it to this version's form.
    ///
    /// # Errors
    ///
    /// When the directory cannot be used, the data is damaged, or a newer version has written it.
    pub fn open(directory: &Path, master: &MasterKey) -> Result<Self, StoreError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(StoreError::Directory)?;
        let lock = lock(directory)?;
        let path = directory.join(FILE);
        let mut connection = Connection::open(&path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(64);
        migrations()
            .to_latest(&mut connection)
            .map_err(migration_error)?;
        let (writer, thread) = Writer::start(connection).map_err(StoreError::Directory)?;
        Ok(Self {
            writer: Some(writer),
            reader: Reader::new(&path),
            cipher: Arc::new(Cipher::new(master)),
            thread: Arc::new(Mutex::new(Some(thread))),
            path,
            _lock: Arc::new(lock),
        })
    }

    /// Waits for everything that is being written, and closes the database. Other clones must be gone, or this waits for them.
    pub fn close(mut self) {
        self.writer = None;
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // A panic there has been seen by whoever waited for its job.
            let _ = thread.join();
        }
    }

    /// Where the database is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Savepoint<'_>) -> Result<T, StoreError> + Send + 'static,
    {
        let writer = self.writer.as_ref().ok_or(StoreError::Closed)?;
        writer.write(job).await
    }

    pub(crate) async fn read<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.reader.read(job).await
    }
}

/// Locks the directory for this process.
pub(crate) fn lock(directory: &Path) -> Result<File, StoreError> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(directory.join(LOCK))
        .map_err(StoreError::Directory)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(StoreError::Directory(error)),
    }
}

/// Copies the whole database in `directory` into `file`, which must not be there: consistent, also while a service writes to it.
///
/// # Errors
///
/// When there is no database, or the file is there or cannot be written.
pub fn backup(directory: &Path, file: &Path) -> Result<(), StoreError> {
    if fs::exists(file).map_err(StoreError::Directory)? {
        return Err(StoreError::Exists { what: "file" });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(directory.join(FILE), flags)?;
    connection.busy_timeout(BUSY)?;
    connection.execute("VACUUM INTO ?1", [file.to_string_lossy()])?;
    // It holds what the database holds.
    fs::set_permissions(file, Permissions::from_mode(0o600)).map_err(StoreError::Directory)?;
    File::open(file)
        .and_then(|file| file.sync_all())
        .map_err(StoreError::Directory)
}

fn migration_error(error: Error) -> StoreError {
    match error {
        Error::MigrationDefinition(MigrationDefinitionError::DatabaseTooFarAhead) => {
            StoreError::Newer
        }
        Error::RusqliteError { err, .. } => err.into(),
        other => StoreError::Database(rusqlite::Error::InvalidParameterName(other.to_string())),
    }
}
