//! Errors of the store.

/// Errors of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The row does not exist, or is another tenant's.
    #[error("there is no such {what}")]
    NotFound {
        /// The kind of row, such as `hook`.
        what: &'static str,
    },
    /// The name is taken.
    #[error("there is a {what} with that name already")]
    Exists {
        /// The kind of row.
        what: &'static str,
    },
    /// The row has changed since it was read.
    #[error(
        "it has changed since it was read: read it again, and apply the change to the new state"
    )]
    Changed,
    /// The row is in a state in which the operation is not possible.
    #[error("{0}")]
    State(&'static str),
    /// The disk is full, or the file system is read-only.
    #[error("the data directory cannot be written ({0}): make room, or mount it writable")]
    NoSpace(String),
    /// Another process uses the data.
    #[error("another process uses the data directory: end it first, or name another directory")]
    InUse,
    /// The data was written by a newer version of the program.
    #[error(
        "the data was written by a newer version of this program: run that version, or restore a backup"
    )]
    Newer,
    /// The schema cannot be migrated.
    #[error("the database cannot be brought to this version's schema: {0}")]
    Migration(#[source] rusqlite_migration::Error),
    /// A sealed value cannot be opened.
    #[error("a secret cannot be opened with this master key: give the key that it was sealed with")]
    Sealed,
    /// A value cannot be sealed.
    #[error("a secret cannot be encrypted: it is too long")]
    NotSealed,
    /// The operating system gives no random numbers.
    #[error("the operating system gives no random numbers: {0}")]
    Random(#[from] getrandom::Error),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[source] rusqlite::Error),
    /// The transaction of several writes could not be committed.
    #[error("the database could not commit: {0}")]
    Commit(String),
    /// A stored JSON document cannot be parsed.
    #[error("a stored document is damaged: {0}")]
    Document(#[from] serde_json::Error),
    /// The data directory cannot be used.
    #[error("the data directory cannot be used: {0}")]
    Directory(#[source] std::io::Error),
    /// The writer's thread cannot be started.
    #[error("the thread that writes to the database cannot be started: {0}")]
    Thread(#[source] std::io::Error),
    /// The store is being shut down.
    #[error("the service is shutting down: try again in a moment")]
    Closed,
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{CannotOpen, DiskFull, ReadOnly, SystemIoFailure};
        match error.sqlite_error_code() {
            Some(DiskFull | ReadOnly | SystemIoFailure | CannotOpen) => {
                Self::NoSpace(error.to_string())
            }
            _ => Self::Database(error),
        }
    }
}

/// Checks whether `error` is the violation of a constraint, such as a duplicate of a unique key.
pub(crate) fn is_duplicate(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
