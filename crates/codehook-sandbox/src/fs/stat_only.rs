//! The part of the tree that a guest cannot change: the library, the run's own packages, the script, the devices.

use std::sync::Arc;

use super::directory_entry::DirectoryEntry;
use super::errno::Errno;
use super::layered_library::LayeredLibrary;
use super::names::text_of;
use super::open_file::{Device, OpenFile};
use super::open_how::{OpenHow, RequireDirectory};
use super::stat::{FileKind, Stat};
use crate::library::EntryKind;

/// Directory of the script.
pub(crate) const SCRIPT_DIRECTORY: &str = "/hook";

/// The script as a file of [`SCRIPT_DIRECTORY`].
#[derive(Clone)]
pub(crate) struct ScriptFile {
    pub(crate) name: String,
    pub(crate) content: Arc<[u8]>,
}

/// Everything outside `/tmp`.
pub(crate) struct ReadOnlyTree {
    library: LayeredLibrary,
    script: Option<ScriptFile>,
}

impl ReadOnlyTree {
    /// Returns a tree with the library, and the script if there is one.
    pub(crate) fn new(library: LayeredLibrary, script: Option<ScriptFile>) -> Self {
        Self {
            library,
            script: script.map(|script| ScriptFile {
                name: text_of(script.name.as_bytes()),
                ..script
            }),
        }
    }

    /// Returns the library.
    pub(crate) fn library(&self) -> &LayeredLibrary {
        &self.library
    }

    /// Opens an absolute path.
    pub(crate) fn open(
        &self,
        path: &str,
        how: OpenHow,
        require: RequireDirectory,
    ) -> Result<OpenFile, Errno> {
        let stat = self.stat(path);
        if let Some(device) = Device::at(path) {
            return Ok(OpenFile::Device(device));
        }
        if how.create && how.exclusive && stat.is_ok() {
            return Err(Errno::Exists);
        }
        if how.write || how.truncate || (how.create && stat.is_err()) {
            return Err(self.refusal_to_write(path));
        }
        let stat = stat?;
        match (stat.kind, require) {
            (FileKind::Directory, _) => Ok(OpenFile::Directory {
                path: path.to_owned(),
                listing: None,
            }),
            (_, RequireDirectory::Yes) => Err(Errno::NotDirectory),
            _ => {
                if let Some(content) = self.script_at(path) {
                    return Ok(OpenFile::Script {
                        content,
                        stat,
                        position: 0,
                    });
                }
                let content = self.library.file(path).ok_or(Errno::NoEntry)?;
                Ok(OpenFile::Library {
                    content,
                    stat,
                    position: 0,
                })
            }
        }
    }

    fn script_at(&self, path: &str) -> Option<Arc<[u8]>> {
        let name = path.strip_prefix(SCRIPT_DIRECTORY)?.strip_prefix('/')?;
        let script = self.script.as_ref()?;
        (script.name == name).then(|| Arc::clone(&script.content))
    }

    /// Returns the metadata of an absolute path.
    pub(crate) fn stat(&self, path: &str) -> Result<Stat, Errno> {
        if let Some(content) = self.script_at(path) {
            return Ok(Stat::read_only(
                FileKind::Regular,
                content.len() as u64,
                path,
            ));
        }
        if let Some(content) = self.library.file(path) {
            // Python takes a .pyc for current if its source has the modification time that it records.
            let stat = Stat::read_only(FileKind::Regular, content.len(), path);
            return Ok(stat.modified_at(content.modified()));
        }
        match path {
            _ if Device::at(path).is_some() => {
                Ok(Stat::read_only(FileKind::CharacterDevice, 0, path))
            }
            "/" | "/dev" | SCRIPT_DIRECTORY => Ok(Stat::read_only(FileKind::Directory, 0, path)),
            _ if self.library.is_directory(path) => {
                Ok(Stat::read_only(FileKind::Directory, 0, path))
            }
            _ => Err(Errno::NoEntry),
        }
    }

    /// Returns the entries of a directory, without `.` and `..`.
    pub(crate) fn list(&self, path: &str) -> Vec<DirectoryEntry> {
        let mut entries: Vec<DirectoryEntry> = self
            .library
            .entries(path)
            .into_iter()
            .map(|(name, kind)| {
                let kind = match kind {
                    EntryKind::File => FileKind::Regular,
                    EntryKind::Directory => FileKind::Directory,
                };
                DirectoryEntry::new(name, kind)
            })
            .collect();
        match path {
            "/" => entries.extend(
                ["dev", "hook", "tmp"].map(|name| DirectoryEntry::new(name, FileKind::Directory)),
            ),
            "/dev" => entries.extend(
                Device::ALL.map(|(name, _)| DirectoryEntry::new(name, FileKind::CharacterDevice)),
            ),
            SCRIPT_DIRECTORY => {
                entries.extend(
                    self.script
                        .iter()
                        .map(|script| DirectoryEntry::new(&script.name, FileKind::Regular)),
                );
            }
            _ => {}
        }
        entries
    }

    /// Returns the error of a write to an absolute path: a new name in a directory that exists is a write to a
    /// read-only file system; any other path does not exist.
    pub(crate) fn refusal_to_write(&self, path: &str) -> Errno {
        let parent = match path.rsplit_once('/') {
            Some(("", _)) | None => "/",
            Some((parent, _)) => parent,
        };
        if self.stat(path).is_ok() || self.stat(parent).is_ok() {
            Errno::ReadOnly
        } else {
            Errno::NoEntry
        }
    }
}
