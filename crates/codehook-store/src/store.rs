//! The store: opens the directory, migrates the schema, and provides the writer and the readers for the tables.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rusqlite::{Connection, OpenFlags, Savepoint};
use rusqlite_migration::{Error, M, MigrationDefinitionError, Migrations};

use crate::cipher::{Cipher, MasterKey};
use crate::clock::Clock;
use crate::error::StoreError;
use crate::id::{Id, IdGenerator};
use crate::reader::{BUSY_TIMEOUT, CACHED_STATEMENTS, Reader};
use crate::time::Millis;
use crate::writer::Writer;

/// The database's file in the data directory.
pub(crate) const DATABASE_FILE: &str = "codehook.sqlite";
/// The file in the data directory that the process locks.
const LOCK_FILE: &str = "lock";
fn migrations() -> Migrations<'static> {
    Migrations::new(vec![
        M::up(include_str!("../migrations/001_first.sql")),
        M::up(include_str!("../migrations/002_usage.sql")),
        M::up(include_str!("../migrations/003_deliveries_by_age.sql")),
    ])
}

/// The tenants, hooks, secrets, events and runs of a service. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Option<Writer>,
    reader: Reader,
    pub(crate) cipher: Arc<Cipher>,
    pub(crate) clock: Clock,
    ids: Arc<IdGenerator>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
    path: PathBuf,
    /// Keeps other processes out; released with the last clone, or with the process.
    _lock: Arc<File>,
}

impl Store {
    /// Opens the data in `directory`, which is created (mode 0700) when it does not exist, and migrates it to this
    /// version's schema.
    ///
    /// # Errors
    ///
    /// When the directory cannot be used, the data is damaged, or a newer version has written it.
    pub fn open(directory: &Path, master: &MasterKey) -> Result<Self, StoreError> {
        Self::open_with_clock(directory, master, Clock::default())
    }

    /// Opens the data as [`Store::open`] does, with timestamps from `clock`.
    ///
    /// # Errors
    ///
    /// The same.
    pub fn open_with_clock(
        directory: &Path,
        master: &MasterKey,
        clock: Clock,
    ) -> Result<Self, StoreError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(StoreError::Directory)?;
        let lock = lock(directory)?;
        let path = directory.join(DATABASE_FILE);
        let mut connection = Connection::open(&path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
        migrations()
            .to_latest(&mut connection)
            .map_err(migration_error)?;
        let (writer, thread) = Writer::start(connection).map_err(StoreError::Thread)?;
        Ok(Self {
            writer: Some(writer),
            reader: Reader::new(&path),
            cipher: Arc::new(Cipher::new(master)),
            clock,
            ids: Arc::new(IdGenerator::new()),
            thread: Arc::new(Mutex::new(Some(thread))),
            path,
            _lock: Arc::new(lock),
        })
    }

    /// Waits for pending writes and closes the database. Other clones must have been dropped, or this waits for them.
    pub fn close(mut self) {
        self.writer = None;
        let thread = self
            .thread
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        if let Some(thread) = thread {
            // The caller of the job has seen a panic there.
            let _ = thread.join();
        }
    }

    /// Returns the path of the database.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns once nothing can be written any more, because the thread that writes has ended.
    pub async fn closed(&self) {
        match &self.writer {
            Some(writer) => writer.closed().await,
            None => std::future::ready(()).await,
        }
    }

    /// Makes an identifier that is greater than all that this store has made.
    pub(crate) fn new_id(&self) -> Id {
        self.ids.next(self.clock.now())
    }

    /// Runs `job` in a transaction, with the time at which it runs; returns once it is on disk.
    pub(crate) async fn write<T, F>(&self, job: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Savepoint<'_>, Millis) -> Result<T, StoreError> + Send + 'static,
    {
        let writer = self.writer.as_ref().ok_or(StoreError::Closed)?;
        let clock = self.clock.clone();
        writer.write(move |db| job(db, clock.now())).await
    }

    /// Runs `job` on a connection that only reads.
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
        .open(directory.join(LOCK_FILE))
        .map_err(StoreError::Directory)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(StoreError::Directory(error)),
    }
}

/// Copies the whole database in `directory` into `file`, which must not exist: consistent, even while a service writes
/// to it.
///
/// # Errors
///
/// When there is no database, or the file exists or cannot be written.
pub fn backup(directory: &Path, file: &Path) -> Result<(), StoreError> {
    if fs::exists(file).map_err(StoreError::Directory)? {
        return Err(StoreError::Exists { what: "file" });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(directory.join(DATABASE_FILE), flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.execute("VACUUM INTO ?1", [file.to_string_lossy()])?;
    // It holds the same secrets as the database.
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
        other => StoreError::Migration(other),
    }
}
