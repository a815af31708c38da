//! The read-only library that every run sees: a tar archive in memory, indexed by path.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::ops::Range;

/// Why an archive cannot serve as a library.
#[derive(Debug, thiserror::Error)]
pub enum LibraryError {
    /// Not a tar archive, or a truncated one.
    #[error("the library archive cannot be read ({0}): build it again with `make python`")]
    Unreadable(#[from] std::io::Error),
    /// An entry is neither a file nor a directory, or has a path that leaves the root.
    #[error(
        "the library archive holds `{0}`, which is neither a plain file nor a directory below the root"
    )]
    Entry(String),
}

/// A read-only tree of files. Paths are absolute and without `.` or `..`.
pub struct Library {
    archive: Cow<'static, [u8]>,
    files: HashMap<String, Range<usize>>,
    directories: HashMap<String, BTreeMap<String, EntryKind>>,
}

/// What a directory entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EntryKind {
    File,
    Directory,
}

impl Library {
    /// Indexes `archive` (tar, uncompressed); the files' content is not copied.
    ///
    /// # Errors
    ///
    /// When it is not a tar archive, or holds anything but plain files and directories.
    pub fn from_tar(archive: impl Into<Cow<'static, [u8]>>) -> Result<Self, LibraryError> {
        let archive = archive.into();
        let mut library = Self {
            archive: Cow::Borrowed(&[]),
            files: HashMap::new(),
            directories: HashMap::from([("/".to_owned(), BTreeMap::new())]),
        };
        let mut reader = tar::Archive::new(&archive[..]);
        for entry in reader.entries()? {
            let mut entry = entry?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = normal_path(&name).ok_or_else(|| LibraryError::Entry(name.clone()))?;
            match entry.header().entry_type() {
                tar::EntryType::Directory => library.add_directory(&path),
                tar::EntryType::Regular => {
                    let start = usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX);
                    let len = usize::try_from(entry.size()).unwrap_or(usize::MAX);
                    // Reads to the end, so that a truncated archive is an error here and not in a run.
                    std::io::copy(&mut entry.by_ref(), &mut std::io::sink())?;
                    library.add_file(&path, start..start + len);
                }
                _ => return Err(LibraryError::Entry(name)),
            }
        }
        library.archive = archive;
        Ok(library)
    }

    pub(crate) fn file(&self, path: &str) -> Option<Range<usize>> {
        self.files.get(path).cloned()
    }

    pub(crate) fn content(&self, range: &Range<usize>) -> &[u8] {
        &self.archive[range.clone()]
    }

    pub(crate) fn directory(&self, path: &str) -> Option<&BTreeMap<String, EntryKind>> {
        self.directories.get(path)
    }

    fn add_directory(&mut self, path: &str) {
        if self.directories.contains_key(path) {
            return;
        }
        self.directories.insert(path.to_owned(), BTreeMap::new());
        self.link(path, EntryKind::Directory);
    }

    fn add_file(&mut self, path: &str, content: Range<usize>) {
        self.files.insert(path.to_owned(), content);
        self.link(path, EntryKind::File);
    }

    fn link(&mut self, path: &str, kind: EntryKind) {
        let Some((parent, name)) = path.rsplit_once('/') else {
            return;
        };
        let parent = if parent.is_empty() { "/" } else { parent };
        self.add_directory(parent);
        if let Some(entries) = self.directories.get_mut(parent) {
            entries.insert(name.to_owned(), kind);
        }
    }
}

/// `usr/lib/x` or `./usr/lib/x/` as `/usr/lib/x`; nothing for a path with `..`.
fn normal_path(name: &str) -> Option<String> {
    let mut path = String::new();
    for part in name.split('/') {
        match part {
            "" | "." => {}
            ".." => return None,
            part => {
                path.push('/');
                path.push_str(part);
            }
        }
    }
    (!path.is_empty()).then_some(path)
}
