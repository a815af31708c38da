//! Source archives: gzipped tar files.

use std::io::Read;

use flate2::read::GzDecoder;
use tar::EntryType;

use super::{ArchiveError, Files, MAX_TOTAL_BYTES, Unpacked, unreadable};

/// Headers and padding of as many entries as an archive may have, beside its files.
const MAX_UNPACKED_BYTES: u64 = MAX_TOTAL_BYTES + 64 * 1024 * 1024;

pub(super) fn files(bytes: &[u8]) -> Result<Files, ArchiveError> {
    let mut archive = tar::Archive::new(GzDecoder::new(bytes).take(MAX_UNPACKED_BYTES));
    let mut unpacked = Unpacked::new();
    for entry in archive.entries().map_err(|error| unreadable(&error))? {
        let entry = entry.map_err(|error| unreadable(&error))?;
        let kind = entry.header().entry_type();
        // A header for the whole archive, as git writes one.
        if kind == EntryType::XGlobalHeader {
            continue;
        }
        let path = unpacked.entry(&entry.path_bytes())?;
        match kind {
            EntryType::Directory => {}
            EntryType::Regular if !path.is_empty() => unpacked.file(path, entry)?,
            _ => return Err(ArchiveError::Special(path)),
        }
    }
    unpacked.finish()
}
