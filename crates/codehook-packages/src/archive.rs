//! Unpacks untrusted archives.
//!
//! The result is a map of plain relative paths to bytes, within fixed sizes, or an error. No file is written and no
//! code is run. Refuses what no packaging tool makes: paths that leave the directory, links, devices, duplicate
//! entries, excessive sizes.

mod tar_gz;
mod zip_file;

use std::collections::BTreeMap;
use std::io::{self, Read};

/// The files of an archive: relative paths with single slashes, no `.` and `..`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The largest archive that is unpacked.
pub(crate) const MAX_ARCHIVE_BYTES: u64 = 64 * 1024 * 1024;
/// All files of an archive together, unpacked.
const MAX_TOTAL_BYTES: u64 = 256 * 1024 * 1024;
const MAX_ENTRIES: usize = 20_000;
const MAX_PATH_BYTES: usize = 400;
const MAX_NAME_BYTES: usize = 200;

/// Reasons why an archive was refused.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Not an archive, or damaged.
    #[error("it cannot be read ({0})")]
    Unreadable(String),
    /// An entry has a path outside the archive, or one that is misleading.
    #[error("it has the unsafe path {0:?}")]
    Path(String),
    /// A link, a device or another special file.
    #[error("it has {0:?}, which is a link or a special file; packages consist of plain files")]
    Special(String),
    /// Two entries of one path, or a file where a directory is.
    #[error("it has {0:?} twice, so that it is ambiguous what would be installed")]
    Twice(String),
    /// A limit on sizes or counts is exceeded.
    #[error("it is too large: {0}")]
    TooLarge(String),
}

/// Unpacks a wheel or a zipped source archive.
pub(crate) fn unzip(bytes: &[u8]) -> Result<Files, ArchiveError> {
    zip_file::files(bytes)
}

/// Unpacks a source archive, `.tar.gz`.
pub(crate) fn untar_gz(bytes: &[u8]) -> Result<Files, ArchiveError> {
    tar_gz::files(bytes)
}

/// Collects entries and checks them.
struct Unpacked {
    files: Files,
    remaining_bytes: u64,
    entries: usize,
}

impl Unpacked {
    fn new() -> Self {
        Self {
            files: Files::new(),
            remaining_bytes: MAX_TOTAL_BYTES,
            entries: 0,
        }
    }

    /// Counts an entry and checks its path; returns an empty path for the archive's own root.
    fn entry(&mut self, path: &[u8]) -> Result<String, ArchiveError> {
        self.entries += 1;
        if self.entries > MAX_ENTRIES {
            return Err(ArchiveError::TooLarge(format!(
                "more than {MAX_ENTRIES} entries"
            )));
        }
        checked(path)
    }

    /// Reads a file's content, whatever size its header claims.
    fn file(&mut self, path: String, content: impl Read) -> Result<(), ArchiveError> {
        let mut bytes = Vec::new();
        let read = content
            .take(self.remaining_bytes + 1)
            .read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&error))?;
        let size = bytes.len() as u64;
        if size > self.remaining_bytes {
            return Err(ArchiveError::TooLarge(format!(
                "more than {} MiB unpacked",
                MAX_TOTAL_BYTES >> 20
            )));
        }
        self.remaining_bytes -= size;
        match self.files.insert(path.clone(), bytes) {
            None => Ok(()),
            Some(_) => Err(ArchiveError::Twice(path)),
        }
    }

    /// Checks that no path is both a file and a directory.
    fn finish(self) -> Result<Files, ArchiveError> {
        for path in self.files.keys() {
            let parents = path.match_indices('/').map(|(at, _)| &path[..at]);
            if let Some(both) = parents
                .into_iter()
                .find(|parent| self.files.contains_key(*parent))
            {
                return Err(ArchiveError::Twice(both.to_owned()));
            }
        }
        Ok(self.files)
    }
}

/// Returns a plain path without leading `./` and trailing `/`.
fn checked(path: &[u8]) -> Result<String, ArchiveError> {
    let refused = || ArchiveError::Path(String::from_utf8_lossy(path).into_owned());
    let text = std::str::from_utf8(path).map_err(|_| refused())?;
    let mut plain = text;
    while let Some(rest) = plain.strip_prefix("./") {
        plain = rest;
    }
    let plain = plain.strip_suffix('/').unwrap_or(plain);
    if plain.is_empty() || plain == "." {
        return if text.is_empty() || text.starts_with('/') {
            Err(refused())
        } else {
            Ok(String::new())
        };
    }
    let odd = |c: char| c.is_control() || c == '\\';
    let bad_name = |name: &str| matches!(name, "" | "." | "..") || name.len() > MAX_NAME_BYTES;
    if plain.len() > MAX_PATH_BYTES || plain.contains(odd) || plain.split('/').any(bad_name) {
        return Err(refused());
    }
    Ok(plain.to_owned())
}

fn unreadable(error: &io::Error) -> ArchiveError {
    ArchiveError::Unreadable(error.to_string())
}

#[cfg(test)]
mod tests;
