//! The table of contents of a library: every path of its archives, in an order in which a directory's entries follow
//! each other.
//!
//! It is searched in its encoded form, so that one that was made when the program was built costs nothing when it
//! starts.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

const MAGIC: [u8; 8] = *b"chindex1";
/// Magic, number of records, zero, length of all archives together.
const HEADER_BYTES: usize = 24;
const RECORD_BYTES: usize = 32;

/// Kind of a directory entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum EntryKind {
    File,
    Directory,
}

/// Position of a file's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) archive: usize,
    pub(crate) range: Range<usize>,
    /// Seconds since the epoch, as the archive says.
    pub(crate) modified: u64,
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        self.range.len() as u64
    }

    pub(crate) fn modified(&self) -> u64 {
        self.modified
    }
}

/// A path for a new index.
pub(crate) struct Entry<'a> {
    /// Absolute, without `.`, `..` or a slash at its end; not the root itself.
    pub(crate) path: &'a str,
    /// None for a directory.
    pub(crate) content: Option<Content>,
}

/// A table of contents.
pub(crate) struct Index {
    bytes: Cow<'static, [u8]>,
    records: usize,
}

/// A decoded record of the table.
struct Record<'a> {
    parent: &'a str,
    name: &'a str,
    kind: EntryKind,
    content: Content,
}

impl Index {
    /// Returns the table in `bytes`, if it is one for archives of `archives_len` bytes together.
    pub(crate) fn from_bytes(
        bytes: impl Into<Cow<'static, [u8]>>,
        archives_len: usize,
    ) -> Option<Self> {
        let bytes = bytes.into();
        let matches = bytes.get(..8)? == MAGIC && u64_at(&bytes, 16)? == archives_len as u64;
        let records = u32_at(&bytes, 8)? as usize;
        let fits = records
            .checked_mul(RECORD_BYTES)?
            .checked_add(HEADER_BYTES)?
            <= bytes.len();
        (matches && fits).then_some(Self { bytes, records })
    }

    /// Encodes a table of `entries`, each path once. Returns `None` when a path or an archive exceeds the format.
    pub(crate) fn bytes_of(mut entries: Vec<Entry<'_>>, archives_len: usize) -> Option<Vec<u8>> {
        entries.sort_by(|one, other| split(one.path).cmp(&split(other.path)));
        let mut bytes = Vec::with_capacity(HEADER_BYTES + entries.len() * (RECORD_BYTES + 48));
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&u32::try_from(entries.len()).ok()?.to_le_bytes());
        bytes.extend_from_slice(&[0; 4]);
        bytes.extend_from_slice(&(archives_len as u64).to_le_bytes());
        let mut path_at = HEADER_BYTES + entries.len() * RECORD_BYTES;
        for entry in &entries {
            let nothing = Content {
                archive: 0,
                range: 0..0,
                modified: 0,
            };
            let kind = u8::from(entry.content.is_none());
            let content = entry.content.as_ref().unwrap_or(&nothing);
            let parent_len = split(entry.path).0.len();
            bytes.extend_from_slice(&u32::try_from(path_at).ok()?.to_le_bytes());
            bytes.extend_from_slice(&u16::try_from(entry.path.len()).ok()?.to_le_bytes());
            bytes.extend_from_slice(&u16::try_from(parent_len).ok()?.to_le_bytes());
            bytes.extend_from_slice(&[kind, 0]);
            bytes.extend_from_slice(&u16::try_from(content.archive).ok()?.to_le_bytes());
            bytes.extend_from_slice(&u32::try_from(content.modified).ok()?.to_le_bytes());
            bytes.extend_from_slice(&(content.range.start as u64).to_le_bytes());
            bytes.extend_from_slice(&(content.range.len() as u64).to_le_bytes());
            path_at += entry.path.len();
        }
        for entry in &entries {
            bytes.extend_from_slice(entry.path.as_bytes());
        }
        Some(bytes)
    }

    /// Returns the file at `path`.
    pub(crate) fn file(&self, path: &str) -> Option<Content> {
        let record = self.find(path)?;
        (record.kind == EntryKind::File).then_some(record.content)
    }

    /// Returns whether there is a directory at `path`.
    pub(crate) fn is_directory(&self, path: &str) -> bool {
        path == "/"
            || self
                .find(path)
                .is_some_and(|record| record.kind == EntryKind::Directory)
    }

    /// Returns the entries of a directory in alphabetical order; none if it does not exist.
    pub(crate) fn entries(&self, directory: &str) -> impl Iterator<Item = (&str, EntryKind)> {
        let parent = if directory == "/" { "" } else { directory };
        let first = self.partition_point(|record| record.parent < parent);
        (first..self.records)
            .map_while(move |number| self.record(number).filter(|record| record.parent == parent))
            .map(|record| (record.name, record.kind))
    }

    fn find(&self, path: &str) -> Option<Record<'_>> {
        let key = split(path);
        let number =
            self.partition_point(|record| (record.parent, record.name).cmp(&key) == Ordering::Less);
        self.record(number)
            .filter(|record| (record.parent, record.name) == key)
    }

    /// Returns the number of the first record for which `before` does not hold.
    fn partition_point(&self, before: impl Fn(&Record<'_>) -> bool) -> usize {
        let (mut low, mut high) = (0, self.records);
        while low < high {
            let middle = low.midpoint(high);
            if self.record(middle).is_some_and(|record| before(&record)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    fn record(&self, number: usize) -> Option<Record<'_>> {
        if number >= self.records {
            return None;
        }
        let at = HEADER_BYTES + number * RECORD_BYTES;
        let record = self.bytes.get(at..at + RECORD_BYTES)?;
        let path_at = u32_at(record, 0)? as usize;
        let path_len = u16_at(record, 4)? as usize;
        let path = self.bytes.get(path_at..path_at.checked_add(path_len)?)?;
        let path = std::str::from_utf8(path).ok()?;
        let start = usize::try_from(u64_at(record, 16)?).ok()?;
        let len = usize::try_from(u64_at(record, 24)?).ok()?;
        let parent_len = usize::from(u16_at(record, 6)?);
        Some(Record {
            parent: path.get(..parent_len)?,
            name: path.get(parent_len + 1..)?,
            kind: match record.get(8)? {
                0 => EntryKind::File,
                _ => EntryKind::Directory,
            },
            content: Content {
                archive: usize::from(u16_at(record, 10)?),
                range: start..start.checked_add(len)?,
                modified: u64::from(u32_at(record, 12)?),
            },
        })
    }
}

/// Returns a path's directory and name; the root's name is empty.
fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    let bytes = bytes.get(at..at + 2)?;
    Some(u16::from_le_bytes(bytes.try_into().ok()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    let bytes = bytes.get(at..at + 4)?;
    Some(u32::from_le_bytes(bytes.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 8)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_table_that_is_none_or_for_other_archives_is_refused() {
        let bytes = Index::bytes_of(Vec::new(), 7).expect("a table");
        assert!(Index::from_bytes(bytes.clone(), 7).is_some());
        assert!(Index::from_bytes(bytes.clone(), 8).is_none());
        assert!(Index::from_bytes(bytes[..20].to_vec(), 7).is_none());
    }

    proptest! {
        #[test]
        fn every_path_is_found_and_every_directory_is_listed(
            paths in prop::collection::btree_set("(/[a-c.\u{e9}-]{1,3}){1,4}", 0..40),
        ) {
            let entry = |(number, path): (usize, &'static str)| Entry { path, content: Some(Content {
                archive: 0, range: number..number * 2, modified: number as u64,
            }) };
            let leaked: Vec<&'static str> = paths.iter().map(|path| &*path.clone().leak()).collect();
            let bytes = Index::bytes_of(leaked.iter().copied().enumerate().map(entry).collect(), 9);
            let index = Index::from_bytes(bytes.expect("a table"), 9).expect("a table");
            for (number, path) in leaked.iter().enumerate() {
                let content = index.file(path).expect("a file");
                prop_assert_eq!(content.range, number..number * 2);
                prop_assert!(!index.is_directory(path));
                let other = format!("{path}~");
                prop_assert!(index.file(&other).is_none());
            }
            let parents: BTreeSet<&str> = leaked.iter().map(|path| split(path).0).collect();
            for parent in parents {
                let directory = if parent.is_empty() { "/" } else { parent };
                let listed: Vec<&str> = index.entries(directory).map(|(name, _)| name).collect();
                let paths = leaked.iter().map(|path| split(path));
                let mut expected: Vec<&str> = paths.filter(|(own, _)| *own == parent).map(|(_, name)| name).collect();
                expected.sort_unstable();
                prop_assert_eq!(listed, expected);
            }
        }

        #[test]
        fn bytes_of_any_kind_are_searched_without_a_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..400),
            records in 0_u32..8,
        ) {
            let mut whole = MAGIC.to_vec();
            whole.extend_from_slice(&records.to_le_bytes());
            whole.extend_from_slice(&[0; 12]);
            whole.extend_from_slice(&bytes);
            if let Some(index) = Index::from_bytes(whole, 0) {
                index.file("/usr/lib/a");
                index.is_directory("/usr");
                prop_assert!(index.entries("/usr").count() <= 8);
            }
        }
    }
}
