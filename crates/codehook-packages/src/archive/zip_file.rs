//! Wheels and other zip files.

use std::io::Cursor;

use super::{ArchiveError, Files, Unpacked};

/// Signature and fixed part of an entry of the central directory.
const ENTRY: &[u8; 4] = b"PK\x01\x02";
const ENTRY_BYTES: usize = 46;

pub(super) fn files(bytes: &[u8]) -> Result<Files, ArchiveError> {
    let mut archive =
        zip::ZipArchive::new(Cursor::new(bytes)).map_err(|error| unreadable(&error))?;
    // The reader keeps one entry of each name; duplicates are visible only in the directory itself.
    let listed = count_entries(bytes, archive.central_directory_start());
    let mut unpacked = Unpacked::new();
    for number in 0..archive.len() {
        let entry = archive
            .by_index(number)
            .map_err(|error| unreadable(&error))?;
        let path = unpacked.entry(entry.name_raw())?;
        // A wheel made on another system has no mode; one that has a mode gives the kind of the entry.
        let plain = match entry.unix_mode().map(|mode| mode & 0o170_000) {
            None | Some(0 | 0o100_000) => true,
            Some(0o040_000) => entry.is_dir(),
            Some(_) => false,
        };
        if !plain {
            return Err(ArchiveError::Special(path));
        }
        if !entry.is_dir() {
            if path.is_empty() {
                return Err(ArchiveError::Path(String::new()));
            }
            unpacked.file(path, entry)?;
        }
    }
    if listed != archive.len() {
        let first = archive.name_for_index(0).and_then(Result::ok);
        let name = first.unwrap_or_default().into_owned();
        return Err(duplicate_entry(bytes, archive.central_directory_start())
            .unwrap_or(ArchiveError::Twice(name)));
    }
    unpacked.finish()
}

fn unreadable(error: &zip::result::ZipError) -> ArchiveError {
    ArchiveError::Unreadable(error.to_string())
}

fn count_entries(bytes: &[u8], start: u64) -> usize {
    entry_names(bytes, start).count()
}

fn duplicate_entry(bytes: &[u8], start: u64) -> Option<ArchiveError> {
    let mut seen = std::collections::HashSet::new();
    let name = entry_names(bytes, start).find(|name| !seen.insert(*name))?;
    Some(ArchiveError::Twice(
        String::from_utf8_lossy(name).into_owned(),
    ))
}

/// Iterates over the names in the central directory, in its order.
fn entry_names(bytes: &[u8], start: u64) -> impl Iterator<Item = &[u8]> {
    let mut at = usize::try_from(start).unwrap_or(usize::MAX);
    std::iter::from_fn(move || {
        let fixed = bytes.get(at..at.checked_add(ENTRY_BYTES)?)?;
        if !fixed.starts_with(ENTRY) {
            return None;
        }
        let length =
            |offset: usize| usize::from(u16::from_le_bytes([fixed[offset], fixed[offset + 1]]));
        let name = bytes.get(at + ENTRY_BYTES..at + ENTRY_BYTES + length(28))?;
        at += ENTRY_BYTES + length(28) + length(30) + length(32);
        Some(name)
    })
}
