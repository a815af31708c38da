//! The file system of one run: `/usr` (the library and the run's own packages, read-only), `/hook` (the script, read-only), `/dev/null`
//! and a private `/tmp`. Nothing of the host's is reachable from it.
//!
//! One directory is preopened, the root, as descriptor 3; wasi-libc's table of preopened directories is part of the
//! interpreter's snapshot, so this must stay as it was when the snapshot was made.

pub(crate) mod calls;
mod errno;
mod open_file;
mod path;
pub(crate) mod path_calls;
mod stat;
mod tmp;

use std::sync::Arc;

pub(crate) use errno::Errno;
pub(crate) use open_file::{DirectoryEntry, OpenFile};
pub(crate) use stat::{FileKind, Stat};
pub(crate) use tmp::{Follow, OpenHow, Tmp};

use crate::library::EntryKind;
use crate::trees::Trees;
use path::{Place, resolve};

/// The descriptor of the preopened root.
pub(crate) const ROOT_DESCRIPTOR: u32 = 3;

/// The directory that holds the script.
pub(crate) const SCRIPT_DIRECTORY: &str = "/hook";

/// A read-only file outside the library.
#[derive(Clone)]
pub(crate) struct ScriptFile {
    pub(crate) name: String,
    pub(crate) content: Arc<[u8]>,
}

pub(crate) struct GuestFs {
    trees: Trees,
    script: Option<ScriptFile>,
    pub(crate) tmp: Tmp,
    files: Vec<Option<OpenFile>>,
    max_open: usize,
}

impl GuestFs {
    pub(crate) fn new(trees: Trees, script: Option<ScriptFile>, tmp: Tmp, max_open: usize) -> Self {
        let files = vec![
            Some(OpenFile::Stdin),
            Some(OpenFile::Stdout),
            Some(OpenFile::Stderr),
            Some(OpenFile::Directory {
                path: "/".to_owned(),
                listing: None,
            }),
        ];
        Self {
            trees,
            script,
            tmp,
            files,
            max_open,
        }
    }

    pub(crate) fn file(&mut self, descriptor: u32) -> Result<&mut OpenFile, Errno> {
        self.file_and_sources(descriptor).map(|(file, _, _)| file)
    }

    /// The open file and what it reads from or accounts to, which live side by side.
    pub(crate) fn file_and_sources(
        &mut self,
        descriptor: u32,
    ) -> Result<(&mut OpenFile, &Trees, &mut Tmp), Errno> {
        let file = self
            .files
            .get_mut(descriptor as usize)
            .and_then(Option::as_mut)
            .ok_or(Errno::BadDescriptor)?;
        Ok((file, &self.trees, &mut self.tmp))
    }

    pub(crate) fn close(&mut self, descriptor: u32) -> Result<(), Errno> {
        if descriptor == ROOT_DESCRIPTOR {
            return Err(Errno::NotSupported);
        }
        let slot = self
            .files
            .get_mut(descriptor as usize)
            .ok_or(Errno::BadDescriptor)?;
        match slot.take() {
            Some(OpenFile::Tmp { file, .. }) => self.tmp.close(&file),
            Some(_) => {}
            None => return Err(Errno::BadDescriptor),
        }
        Ok(())
    }

    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        if from == ROOT_DESCRIPTOR || to == ROOT_DESCRIPTOR {
            return Err(Errno::NotSupported);
        }
        self.file(from)?;
        if from == to {
            return Ok(());
        }
        self.close(to)?;
        let moved = self.files[from as usize].take();
        self.files[to as usize] = moved;
        Ok(())
    }

    pub(crate) fn open(
        &mut self,
        base: u32,
        path: &str,
        follow: Follow,
        how: OpenHow,
        want_directory: WantDirectory,
    ) -> Result<u32, Errno> {
        let place = self.place(base, path)?;
        let file = match place {
            Place::Tmp(path) => self.open_in_tmp(&path, follow, how, want_directory)?,
            Place::Fixed(path) => self.open_fixed(&path, how, want_directory)?,
        };
        self.insert(file)
    }

    pub(crate) fn stat(&mut self, base: u32, path: &str, follow: Follow) -> Result<Stat, Errno> {
        match self.place(base, path)? {
            Place::Tmp(path) => Ok(Stat::from_metadata(&self.tmp.metadata(&path, follow)?)),
            Place::Fixed(path) => self.stat_fixed(&path),
        }
    }

    /// Entries of an open directory; the first call after an open or a rewind takes the picture that later calls page through.
    pub(crate) fn list(&mut self, descriptor: u32) -> Result<Vec<DirectoryEntry>, Errno> {
        let OpenFile::Directory { path, .. } = self.file(descriptor)? else {
            return Err(Errno::NotDirectory);
        };
        let path = path.clone();
        let mut entries = vec![
            DirectoryEntry::new(".", FileKind::Directory),
            DirectoryEntry::new("..", FileKind::Directory),
        ];
        match resolve("/", &path) {
            Place::Tmp(path) => {
                for entry in self.tmp.dir()?.read_dir(&path)? {
                    let entry = entry?;
                    let name = entry.file_name().to_string_lossy().into_owned();
                    let kind = entry.file_type()?;
                    entries.push(DirectoryEntry::new(&name, FileKind::of(kind)));
                }
            }
            Place::Fixed(path) => entries.extend(self.list_fixed(&path)),
        }
        Ok(entries)
    }

    pub(crate) fn create_directory(&mut self, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.tmp_path(base, path)?;
        self.tmp.create_directory(&path)
    }

    pub(crate) fn remove_directory(&mut self, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.tmp_path(base, path)?;
        if path == "." {
            return Err(Errno::NotPermitted);
        }
        self.tmp.remove_directory(&path)
    }

    pub(crate) fn unlink(&mut self, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.tmp_path(base, path)?;
        self.tmp.unlink(&path)
    }

    pub(crate) fn rename(&mut self, from: (u32, &str), to: (u32, &str)) -> Result<(), Errno> {
        let from = self.tmp_path(from.0, from.1)?;
        let to = self.tmp_path(to.0, to.1)?;
        self.tmp.rename(&from, &to)
    }

    pub(crate) fn hard_link(&mut self, from: (u32, &str), to: (u32, &str)) -> Result<(), Errno> {
        let from = self.tmp_path(from.0, from.1)?;
        let to = self.tmp_path(to.0, to.1)?;
        self.tmp.hard_link(&from, &to)
    }

    /// An absolute target below `/tmp` is made relative to the link, since the capability knows no absolute path; any other
    /// absolute target is refused.
    pub(crate) fn symlink(&mut self, target: &str, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.tmp_path(base, path)?;
        let target = if target.starts_with('/') {
            let Place::Tmp(target) = resolve("/", target) else {
                return Err(Errno::NotPermitted);
            };
            format!("{}{target}", "../".repeat(path.matches('/').count()))
        } else {
            target.to_owned()
        };
        self.tmp.symlink(&target, &path)
    }

    pub(crate) fn read_link(&mut self, base: u32, path: &str) -> Result<String, Errno> {
        match self.place(base, path)? {
            Place::Tmp(path) => {
                let target = self.tmp.dir()?.read_link(&path)?;
                Ok(target.to_string_lossy().into_owned())
            }
            Place::Fixed(path) => {
                self.stat_fixed(&path)?;
                Err(Errno::Invalid)
            }
        }
    }

    /// Where a path leads in `/tmp`, the one place that can be written to.
    pub(crate) fn tmp_path(&mut self, base: u32, path: &str) -> Result<String, Errno> {
        match self.place(base, path)? {
            Place::Tmp(path) => Ok(path),
            Place::Fixed(path) => Err(self.refusal_to_write(&path)),
        }
    }

    /// What does not exist below a directory that does is a read-only file system; otherwise there is no such path.
    fn refusal_to_write(&self, path: &str) -> Errno {
        let parent = match path.rsplit_once('/') {
            Some(("", _)) | None => "/",
            Some((parent, _)) => parent,
        };
        if self.stat_fixed(path).is_ok() || self.stat_fixed(parent).is_ok() {
            Errno::ReadOnly
        } else {
            Errno::NoEntry
        }
    }

    fn place(&mut self, base: u32, path: &str) -> Result<Place, Errno> {
        match self.file(base)? {
            OpenFile::Directory { path: base, .. } => Ok(resolve(base, path)),
            _ => Err(Errno::NotDirectory),
        }
    }

    fn insert(&mut self, file: OpenFile) -> Result<u32, Errno> {
        let free = self.files.iter().position(Option::is_none);
        let at = match free {
            Some(at) => at,
            None if self.files.len() < self.max_open => {
                self.files.push(None);
                self.files.len() - 1
            }
            None => {
                if let OpenFile::Tmp { file, .. } = &file {
                    self.tmp.close(file);
                }
                return Err(Errno::TooManyOpenFiles);
            }
        };
        self.files[at] = Some(file);
        u32::try_from(at).map_err(|_| Errno::TooManyOpenFiles)
    }

    fn open_in_tmp(
        &mut self,
        path: &str,
        follow: Follow,
        how: OpenHow,
        want: WantDirectory,
    ) -> Result<OpenFile, Errno> {
        let existing = self.tmp.metadata(path, follow).ok();
        if existing
            .as_ref()
            .is_some_and(|metadata| metadata.is_symlink())
        {
            return Err(Errno::Loop);
        }
        let is_directory = existing.as_ref().is_some_and(|metadata| metadata.is_dir());
        match (is_directory, want) {
            (true, _) if how.write || how.truncate => return Err(Errno::IsDirectory),
            (true, _) => {
                return Ok(OpenFile::Directory {
                    path: format!("/tmp/{path}"),
                    listing: None,
                });
            }
            (false, WantDirectory::Yes) => {
                return Err(if existing.is_some() {
                    Errno::NotDirectory
                } else {
                    Errno::NoEntry
                });
            }
            (false, WantDirectory::No) => {}
        }
        let file = self.tmp.open(path, how, existing.as_ref())?;
        Ok(OpenFile::Tmp {
            file,
            position: 0,
            readable: how.read,
            writable: how.write,
            append: false,
        })
    }

    fn open_fixed(
        &mut self,
        path: &str,
        how: OpenHow,
        want: WantDirectory,
    ) -> Result<OpenFile, Errno> {
        let stat = self.stat_fixed(path);
        if path == "/dev/null" {
            return Ok(OpenFile::Null);
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

    fn stat_fixed(&self, path: &str) -> Result<Stat, Errno> {
        if let Some(content) = self.script_at(path) {
            return Ok(Stat::fixed(FileKind::Regular, content.len() as u64, path));
        }
        if let Some(content) = self.trees.file(path) {
            // Python takes a .pyc for current when its source is as old as it says.
            let stat = Stat::fixed(FileKind::Regular, content.len(), path);
            return Ok(stat.modified_at(content.modified()));
        }
        match path {
            "/dev/null" => Ok(Stat::fixed(FileKind::CharacterDevice, 0, path)),
            "/" | "/dev" | SCRIPT_DIRECTORY => Ok(Stat::fixed(FileKind::Directory, 0, path)),
            _ if self.trees.is_directory(path) => Ok(Stat::fixed(FileKind::Directory, 0, path)),
            _ => Err(Errno::NoEntry),
        }
    }

    fn list_fixed(&self, path: &str) -> Vec<DirectoryEntry> {
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
            "/dev" => entries.push(DirectoryEntry::new("null", FileKind::CharacterDevice)),
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

/// Whether an open must find a directory (`O_DIRECTORY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantDirectory {
    Yes,
    No,
}
