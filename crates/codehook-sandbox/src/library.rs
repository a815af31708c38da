//! Read-only trees that a run sees: tar archives in memory, indexed by path.

use std::collections::{BTreeMap, HashMap};
use std::io::Read;
use std::ops::{Deref, Range};
use std::sync::Arc;

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

/// The bytes of an archive: part of the program, or shared between the libraries that hold it.
#[derive(Clone)]
pub enum Archive {
    /// Linked into the program.
    Static(&'static [u8]),
    /// Read from somewhere.
    Shared(Arc<[u8]>),
}

impl Deref for Archive {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }
}

impl From<&'static [u8]> for Archive {
    fn from(bytes: &'static [u8]) -> Self {
        Self::Static(bytes)
    }
}

impl From<Vec<u8>> for Archive {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Shared(bytes.into())
    }
}

impl From<Arc<[u8]>> for Archive {
    fn from(bytes: Arc<[u8]>) -> Self {
        Self::Shared(bytes)
    }
}

/// A read-only tree of files, from one archive or several. Paths are absolute and without `.` or `..`.
pub struct Library {
    archives: Vec<Archive>,
    files: HashMap<String, Content>,
    directories: HashMap<String, BTreeMap<String, EntryKind>>,
}

/// Where a file's bytes are.
#[derive(Debug, Clone)]
pub(crate) struct Content {
    archive: usize,
    range: Range<usize>,
    /// Seconds since the epoch, as the archive says.
    modified: u64,
}

impl Content {
    pub(crate) fn len(&self) -> u64 {
        self.range.len() as u64
    }

    pub(crate) fn modified(&self) -> u64 {
        self.modified
    }
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
    pub fn from_tar(archive: impl Into<Archive>) -> Result<Self, LibraryError> {
        Self::mounted_at("/", [archive])
    }

    /// Indexes several archives as one tree below `directory` (absolute). Where two hold the same path, the later counts.
    ///
    /// # Errors
    ///
    /// As [`Library::from_tar`], for any of them.
    pub fn mounted_at<A: Into<Archive>>(
        directory: &str,
        archives: impl IntoIterator<Item = A>,
    ) -> Result<Self, LibraryError> {
        let mut library = Self {
            archives: Vec::new(),
            files: HashMap::new(),
            directories: HashMap::from([("/".to_owned(), BTreeMap::new())]),
        };
        let root = normal_path(directory).unwrap_or_default();
        if !root.is_empty() {
            library.add_directory(&root);
        }
        for archive in archives {
            library.add_archive(&root, archive.into())?;
        }
        Ok(library)
    }

    /// The content of a file.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.file(path).map(|content| self.content(content))
    }

    /// Whether there is a file or a directory at `path`.
    pub fn holds(&self, path: &str) -> bool {
        self.files.contains_key(path) || self.directories.contains_key(path)
    }

    /// The names in a directory, in alphabetical order; none if there is no such directory.
    pub fn names_in(&self, directory: &str) -> impl Iterator<Item = &str> {
        self.directory(directory)
            .into_iter()
            .flat_map(|entries| entries.keys().map(String::as_str))
    }

    pub(crate) fn file(&self, path: &str) -> Option<&Content> {
        self.files.get(path)
    }

    pub(crate) fn content(&self, content: &Content) -> &[u8] {
        &self.archives[content.archive][content.range.clone()]
    }

    pub(crate) fn directory(&self, path: &str) -> Option<&BTreeMap<String, EntryKind>> {
        self.directories.get(path)
    }

    fn add_archive(&mut self, root: &str, archive: Archive) -> Result<(), LibraryError> {
        let number = self.archives.len();
        let mut reader = tar::Archive::new(&archive[..]);
        for entry in reader.entries()? {
            let mut entry = entry?;
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let path = normal_path(&name).ok_or_else(|| LibraryError::Entry(name.clone()))?;
            let path = format!("{root}{path}");
            match entry.header().entry_type() {
                tar::EntryType::Directory => self.add_directory(&path),
                tar::EntryType::Regular => {
                    let start = usize::try_from(entry.raw_file_position()).unwrap_or(usize::MAX);
                    let len = usize::try_from(entry.size()).unwrap_or(usize::MAX);
                    // Reads to the end, so that a truncated archive is an error here and not in a run.
                    std::io::copy(&mut entry.by_ref(), &mut std::io::sink())?;
                    let range = start..start + len;
                    let content = Content {
                        archive: number,
                        range,
                        modified: entry.header().mtime()?,
                    };
                    self.add_file(&path, content);
                }
                _ => return Err(LibraryError::Entry(name)),
            }
        }
        self.archives.push(archive);
        Ok(())
    }

    fn add_directory(&mut self, path: &str) {
        if self.directories.contains_key(path) {
            return;
        }
        self.directories.insert(path.to_owned(), BTreeMap::new());
        self.link(path, EntryKind::Directory);
    }

    fn add_file(&mut self, path: &str, content: Content) {
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
