//! Takes archives apart that nobody vouches for.
//!
//! What comes out is a map of plain relative paths to bytes, within fixed sizes, or a reason. Nothing is written anywhere and
//! nothing of it is run. Refuses every archive that an honest packager would not make: paths that climb, links, devices, two
//! entries of one path, sizes beyond reason.

mod tar_gz;
mod zip_file;

use std::collections::BTreeMap;
use std::io::{self, Read};

/// The files of an archive: relative paths with single slashes, no `.` and `..`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// The largest archive that is looked into.
pub(crate) const MAX_ARCHIVE_BYTES: u64 = 64 * 1024 * 1024;
/// All files of an archive together, unpacked.
const MAX_TOTAL_BYTES: u64 = 256 * 1024 * 1024;
const MAX_ENTRIES: usize = 20_000;
const MAX_PATH_BYTES: usize = 400;
const MAX_NAME_BYTES: usize = 200;

/// Why an archive was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// Not an archive, or damaged.
    #[error("it cannot be read ({0})")]
    Unreadable(String),
    /// An entry would land elsewhere, or under a name that hides something.
    #[error("it holds the path {0:?}, which no honest package has")]
    Path(String),
    /// A link, a device or another thing that is no file.
    #[error("it holds {0:?}, which is a link or a special file; packages consist of plain files")]
    Special(String),
    /// Two entries of one path, or a file where a directory is.
    #[error("it holds {0:?} twice, so that nobody can say what would be installed")]
    Twice(String),
    /// Too much of something.
    #[error("it is too large: {0}")]
    TooLarge(String),
}

/// The files of a wheel or a zipped source archive.
pub(crate) fn unzip(bytes: &[u8]) -> Result<Files, ArchiveError> {
    zip_file::files(bytes)
}

/// The files of a source archive, `.tar.gz`.
pub(crate) fn untar_gz(bytes: &[u8]) -> Result<Files, ArchiveError> {
    tar_gz::files(bytes)
}

/// Gathers entries, and refuses what must not be in an archive.
struct Gathered {
    files: Files,
    room: u64,
    entries: usize,
}

impl Gathered {
    fn new() -> Self {
        Self {
            files: Files::new(),
            room: MAX_TOTAL_BYTES,
            entries: 0,
        }
    }

    /// Counts an entry and checks its path. Nothing for the archive's own root.
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
        let read = content.take(self.room + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(&error))?;
        let size = bytes.len() as u64;
        if size > self.room {
            return Err(ArchiveError::TooLarge(format!(
                "more than {} MiB unpacked",
                MAX_TOTAL_BYTES >> 20
            )));
        }
        self.room -= size;
        match self.files.insert(path.clone(), bytes) {
            None => Ok(()),
            Some(_) => Err(ArchiveError::Twice(path)),
        }
    }

    /// A path that is a file is no directory at the same time.
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

/// A path without `./` before and `/` behind it, if it is a plain one.
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
