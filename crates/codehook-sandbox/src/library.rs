//! Read-only trees that a run sees: tar archives in memory, indexed by path.

use std::collections::HashMap;
use std::io::Read;
use std::ops::Deref;
use std::sync::Arc;

pub(crate) use crate::library_index::{Content, EntryKind};
use crate::library_index::{Entry, Index};

/// Reasons why an archive cannot be a library.
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
    /// The index is another archive's.
    #[error("the library's index does not belong to it: build both again with `make python`")]
    Index,
    /// A path or a time exceeds the index's format.
    #[error("the library archive holds a path or a time that is too long")]
    TooLarge,
}

/// The bytes of an archive: part of the program, or shared between the libraries that hold it.
#[derive(Clone)]
pub enum Archive {
    /// Part of the program.
    Static(&'static [u8]),
    /// Shared between libraries.
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
    index: Index,
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

    /// Returns the library of an archive with the index that [`Library::index_of`] made from it. The archive is not
    /// read.
    ///
    /// # Errors
    ///
    /// When the index is none, or one of an archive of another length.
    pub fn from_indexed(
        archive: impl Into<Archive>,
        index: &'static [u8],
    ) -> Result<Self, LibraryError> {
        let archive = archive.into();
        let index = Index::from_bytes(index, archive.len()).ok_or(LibraryError::Index)?;
        Ok(Self {
            archives: vec![archive],
            index,
        })
    }

    /// Returns the index of one archive, for [`Library::from_indexed`].
    ///
    /// # Errors
    ///
    /// As [`Library::from_tar`].
    pub fn index_of(archive: &[u8]) -> Result<Vec<u8>, LibraryError> {
        let mut tree = Tree::default();
        tree.add_archive("", 0, archive)?;
        tree.index(archive.len())
    }

    /// Indexes several archives as one tree below `directory` (absolute). Where two hold the same path, the later
    /// counts.
    ///
    /// # Errors
    ///
    /// As [`Library::from_tar`], for any of them.
    pub fn mounted_at<A: Into<Archive>>(
        directory: &str,
        archives: impl IntoIterator<Item = A>,
    ) -> Result<Self, LibraryError> {
        let mut tree = Tree::default();
        let root = normal_path(directory).unwrap_or_default();
        if !root.is_empty() {
            tree.add_directory(&root);
        }
        let archives: Vec<Archive> = archives.into_iter().map(Into::into).collect();
        for (number, archive) in archives.iter().enumerate() {
            tree.add_archive(&root, number, archive)?;
        }
        let len = archives.iter().map(|archive| archive.len()).sum();
        let index = Index::from_bytes(tree.index(len)?, len).ok_or(LibraryError::Index)?;
        Ok(Self { archives, index })
    }

    /// The content of a file.
    pub fn read(&self, path: &str) -> Option<&[u8]> {
        self.file(path).map(|content| self.content(&content))
    }

    /// Whether there is a file or a directory at `path`.
    pub fn holds(&self, path: &str) -> bool {
        self.index.is_directory(path) || self.index.file(path).is_some()
    }

    /// The names in a directory, in alphabetical order; none if there is no such directory.
    pub fn names_in(&self, directory: &str) -> impl Iterator<Item = &str> {
        self.entries(directory).map(|(name, _)| name)
    }

    pub(crate) fn file(&self, path: &str) -> Option<Content> {
        self.index.file(path)
    }

    /// Returns the content, which is empty if the index names a range that the archive lacks.
    pub(crate) fn content(&self, content: &Content) -> &[u8] {
        self.archives
            .get(content.archive)
            .and_then(|archive| archive.get(content.range.clone()))
            .unwrap_or_default()
    }

    pub(crate) fn is_directory(&self, path: &str) -> bool {
        self.index.is_directory(path)
    }

    pub(crate) fn entries(&self, directory: &str) -> impl Iterator<Item = (&str, EntryKind)> {
        self.index.entries(directory)
    }
}

/// Entries of archives by path. A directory has no content.
#[derive(Default)]
struct Tree {
    paths: HashMap<String, Option<Content>>,
}

impl Tree {
    fn add_archive(
        &mut self,
        root: &str,
        number: usize,
        archive: &[u8],
    ) -> Result<(), LibraryError> {
        let mut reader = tar::Archive::new(archive);
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
                    let content = Content {
                        archive: number,
                        range: start..start + len,
                        modified: entry.header().mtime()?,
                    };
                    self.add_parents(&path);
                    self.paths.insert(path, Some(content));
                }
                _ => return Err(LibraryError::Entry(name)),
            }
        }
        Ok(())
    }

    fn add_directory(&mut self, path: &str) {
        if !self.paths.contains_key(path) {
            self.paths.insert(path.to_owned(), None);
            self.add_parents(path);
        }
    }

    fn add_parents(&mut self, path: &str) {
        if let Some((parent, _)) = path.rsplit_once('/')
            && !parent.is_empty()
        {
            self.add_directory(parent);
        }
    }

    fn index(&self, archives_len: usize) -> Result<Vec<u8>, LibraryError> {
        let entries = self.paths.iter().map(|(path, content)| Entry {
            path,
            content: content.clone(),
        });
        Index::bytes_of(entries.collect(), archives_len).ok_or(LibraryError::TooLarge)
    }
}

/// Returns `usr/lib/x` or `./usr/lib/x/` as `/usr/lib/x`; `None` for a path with `..`.
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
