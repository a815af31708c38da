//! Source archives: gzipped tar files.

use std::io::Read;

use flate2::read::GzDecoder;
use tar::EntryType;

use super::{ArchiveError, Files, Gathered, MAX_TOTAL_BYTES, unreadable};

/// Headers and padding of as many entries as an archive may have, beside its files.
const MAX_UNPACKED_BYTES: u64 = MAX_TOTAL_BYTES + 64 * 1024 * 1024;

pub(super) fn files(bytes: &[u8]) -> Result<Files, ArchiveError> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(MAX_UNPACKED_BYTES));
    let mut gathered = Gathered::new();
    for entry in archive.entries().map_err(|error| unreadable(&error))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let kind = entry.header().entry_type();
        // A note to the reader about the whole archive, as git leaves one.
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        let path = gathered.entry(&entry.path_bytes())?;
        match kind {
            EntryType::Directory => {}
            EntryType::Regular if !path.is_empty() => gathered.file(path, entry)?,
            _ => return Err(ArchiveError::Special(path)),
        }
    }
    gathered.finish()
}
