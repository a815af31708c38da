//! What is only read: the library, the run's own packages, the script, the devices.

use std::sync::Arc;

use super::open_file::{Device, DirectoryEntry, OpenFile};
use super::{Errno, FileKind, GuestFs, OpenHow, SCRIPT_DIRECTORY, Stat, WantDirectory};
use crate::library::EntryKind;

impl GuestFs {
    pub(super) fn open_fixed(
        &mut self,
        path: &str,
        how: OpenHow,
        want: WantDirectory,
    ) -> Result<OpenFile, Errno> {
        let stat = self.stat_fixed(path);
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
        match (stat.kind, want) {
            (FileKind::Directory, _) => Ok(OpenFile::Directory {
                path: path.to_owned(),
                listing: None,
            }),
            (_, WantDirectory::Yes) => Err(Errno::NotDirectory),
            _ => {
                if let Some(content) = self.script_at(path) {
                    return Ok(OpenFile::Script {
                        content,
                        stat,
                        position: 0,
                    });
                }
                let content = self.trees.file(path).ok_or(Errno::NoEntry)?;
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

    pub(super) fn stat_fixed(&self, path: &str) -> Result<Stat, Errno> {
        if let Some(content) = self.script_at(path) {
            return Ok(Stat::fixed(FileKind::Regular, content.len() as u64, path));
        }
        if let Some(content) = self.trees.file(path) {
            // Python takes a .pyc for current when its source is as old as it says.
            let stat = Stat::fixed(FileKind::Regular, content.len(), path);
            return Ok(stat.modified_at(content.modified()));
        }
        match path {
            _ if Device::at(path).is_some() => Ok(Stat::fixed(FileKind::CharacterDevice, 0, path)),
            "/" | "/dev" | SCRIPT_DIRECTORY => Ok(Stat::fixed(FileKind::Directory, 0, path)),
            _ if self.trees.is_directory(path) => Ok(Stat::fixed(FileKind::Directory, 0, path)),
            _ => Err(Errno::NoEntry),
        }
    }

    pub(super) fn list_fixed(&self, path: &str) -> Vec<DirectoryEntry> {
        let mut entries: Vec<DirectoryEntry> = self
            .trees
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
}
