//! Why the store did not do what it was asked.

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such thing, or it is another tenant's.
    #[error("there is no such {what}")]
    NotFound {
        /// What was asked for, such as `hook`.
        what: &'static str,
    },
    /// Something with that name is there already.
    #[error("there is a {what} with that name already")]
    Exists {
        /// What was to be made.
        what: &'static str,
    },
    /// It has changed since it was read.
    #[error(
        "it has changed since it was read: read it again, and apply the change to what it is now"
    )]
    Changed,
    /// It is in a state in which this cannot be done.
    #[error("{0}")]
    State(&'static str),
    /// The disk is full, or the file system is read-only.
    #[error("the data directory takes no more ({0}): make room, or mount it writable")]
    NoSpace(String),
    /// Another process uses the data.
    #[error("another process uses the data directory: end it first, or name another directory")]
    InUse,
    /// The data was written by a newer version of the program.
    #[error(
        "the data was written by a newer version of this program: run that version, or restore a backup"
    )]
    Newer,
    /// A sealed value cannot be opened.
    #[error("a secret cannot be opened with this master key: give the key that it was sealed with")]
    Sealed,
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[source] rusqlite::Error),
    /// A stored document cannot be read.
    #[error("a stored document is damaged: {0}")]
    Document(#[from] serde_json::Error),
    /// The data directory cannot be used.
    #[error("the data directory cannot be used: {0}")]
    Directory(#[source] std::io::Error),
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

/// Whether `error` says that a row would stand twice.
pub(crate) fn is_duplicate(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation)
}
