//! Entries of directories.

use super::names::bytes_of;
use super::stat::FileKind;

/// A name in a directory, and the kind of its file.
#[derive(Debug, Clone)]
pub(crate) struct DirectoryEntry {
    pub(crate) name: Vec<u8>,
    pub(crate) kind: FileKind,
}

impl DirectoryEntry {
    /// Returns an entry for a name as text.
    pub(crate) fn new(name: &str, kind: FileKind) -> Self {
        Self {
            name: bytes_of(name).into_owned(),
            kind,
        }
    }
}
