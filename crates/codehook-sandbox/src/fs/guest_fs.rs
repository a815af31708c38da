//! The file system of one run: `/usr` (the library and the run's own packages, read-only), `/hook` (the script, read-only), `/dev/null`
//! and a private `/tmp`. Nothing of the host's is reachable from it.
//!
//! One directory is preopened, the root, as descriptor 3; wasi-libc's table of preopened directories is part of the
//! interpreter's snapshot, so this must stay as it was when the snapshot was made.

pub(crate) mod calls;
mod descriptors;
mod errno;
mod fixed;
mod names;
mod open_file;
mod path;
pub(crate) mod path_calls;
mod pipe;
pub(crate) mod posix_calls;
mod stat;
mod tmp;

use std::sync::Arc;

pub(crate) use errno::Errno;
pub(crate) use names::{bytes_of, text_of};
pub(crate) use open_file::{DirectoryEntry, OpenFile};
pub(crate) use stat::{FileKind, Mode, Stat};
pub(crate) use tmp::{Follow, OpenHow, Tmp};

use crate::trees::Trees;
use descriptors::Descriptors;
use names::host_name;
use path::{Place, Walk, resolve};
use pipe::PipeEnd;

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
    descriptors: Descriptors,
}

impl GuestFs {
    pub(crate) fn new(trees: Trees, script: Option<ScriptFile>, tmp: Tmp, max_open: usize) -> Self {
        let root = OpenFile::Directory {
            path: "/".to_owned(),
            listing: None,
        };
        let files = [OpenFile::Stdin, OpenFile::Stdout, OpenFile::Stderr, root];
        Self {
            trees,
            script: script.map(|script| ScriptFile {
                name: text_of(script.name.as_bytes()),
                ..script
            }),
            tmp,
            descriptors: Descriptors::new(files, max_open),
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
        let file = self.descriptors.get(descriptor)?;
        Ok((file, &self.trees, &mut self.tmp))
    }

    pub(crate) fn close(&mut self, descriptor: u32) -> Result<(), Errno> {
        if descriptor == ROOT_DESCRIPTOR {
            return Err(Errno::NotSupported);
        }
        let closed = self.descriptors.close(descriptor)?;
        self.drop_file(closed);
        Ok(())
    }

    /// An open file that has no descriptor any more.
    fn drop_file(&mut self, closed: Option<OpenFile>) {
        if let Some(OpenFile::Tmp { file, .. }) = closed {
            self.tmp.close(&file);
        }
    }

    /// `fcntl(F_DUPFD)`: another descriptor, `at_least` or above, for the same open file.
    pub(crate) fn duplicate(&mut self, descriptor: u32, at_least: u32) -> Result<u32, Errno> {
        self.descriptors.duplicate(descriptor, at_least)
    }

    /// `dup2`: makes `to` a descriptor of the file of `from`, and closes what it was.
    pub(crate) fn duplicate_to(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        if to == ROOT_DESCRIPTOR && from != to {
            return Err(Errno::NotSupported);
        }
        let closed = self.descriptors.duplicate_to(from, to)?;
        self.drop_file(closed);
        Ok(())
    }

    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        if from == ROOT_DESCRIPTOR {
            return Err(Errno::NotSupported);
        }
        self.file(to)?;
        self.duplicate_to(from, to)?;
        if from == to { Ok(()) } else { self.close(from) }
    }

    /// Descriptors of the reading and the writing end of a new pipe.
    pub(crate) fn pipe(&mut self) -> Result<[u32; 2], Errno> {
        let [reader, writer] = PipeEnd::pair();
        let reader = self.insert(OpenFile::Pipe(reader))?;
        match self.insert(OpenFile::Pipe(writer)) {
            Ok(writer) => Ok([reader, writer]),
            Err(error) => {
                self.close(reader)?;
                Err(error)
            }
        }
    }

    pub(crate) fn open(
        &mut self,
        base: u32,
        path: &str,
        follow: Follow,
        how: OpenHow,
        want_directory: WantDirectory,
    ) -> Result<u32, Errno> {
        let place = self.walk(base, path, follow)?;
        let file = match place {
            Place::Tmp(path) => self.open_in_tmp(&path, how, want_directory)?,
            Place::Fixed(path) => self.open_fixed(&path, how, want_directory)?,
        };
        self.insert(file)
    }

    pub(crate) fn stat(&mut self, base: u32, path: &str, follow: Follow) -> Result<Stat, Errno> {
        match self.walk(base, path, follow)? {
            Place::Tmp(path) => Ok(Stat::from_metadata(&self.tmp.metadata(&path)?)),
            Place::Fixed(path) => self.stat_fixed(&path),
        }
    }

    /// Linux's `st_mode` of what is at a path.
    pub(crate) fn mode(&mut self, base: u32, path: &str, follow: Follow) -> Result<u32, Errno> {
        match self.walk(base, path, follow)? {
            Place::Tmp(path) => {
                let metadata = self.tmp.metadata(&path)?;
                let kind = FileKind::of(metadata.file_type());
                Ok(kind.type_bits() | self.tmp.mode(&metadata).bits())
            }
            Place::Fixed(path) => {
                let kind = self.stat_fixed(&path)?.kind;
                Ok(kind.type_bits() | Mode::usual(kind).bits())
            }
        }
    }

    /// `chmod` of the low 12 bits.
    pub(crate) fn set_mode(&mut self, base: u32, path: &str, mode: Mode) -> Result<(), Errno> {
        let path = self.existing_tmp_path(base, path, Follow::Links)?;
        let metadata = self.tmp.metadata(&path)?;
        self.tmp.set_mode(&metadata, mode);
        Ok(())
    }

    /// The same for an open file.
    pub(crate) fn set_mode_of(&mut self, descriptor: u32, mode: Mode) -> Result<(), Errno> {
        let (file, _, tmp) = self.file_and_sources(descriptor)?;
        let metadata = match file {
            OpenFile::Tmp { file, .. } => file.metadata()?,
            OpenFile::Directory { path, .. } => match resolve("/", path) {
                Place::Tmp(path) => tmp.metadata(&path)?,
                Place::Fixed(_) => return Err(Errno::ReadOnly),
            },
            _ => return Err(Errno::NotPermitted),
        };
        tmp.set_mode(&metadata, mode);
        Ok(())
    }

    /// Times of a file or, without following, of a link.
    pub(crate) fn set_times(
        &mut self,
        base: u32,
        path: &str,
        follow: Follow,
        times: &rustix::fs::Timestamps,
    ) -> Result<(), Errno> {
        let path = self.existing_tmp_path(base, path, follow)?;
        self.tmp.set_times(&path, times)
    }

    /// About an open file.
    pub(crate) fn stat_of(&mut self, descriptor: u32) -> Result<Stat, Errno> {
        match self.file(descriptor)? {
            // A directory is known by its path, and is the same file as by its path.
            OpenFile::Directory { path, .. } => {
                let path = path.clone();
                self.stat(ROOT_DESCRIPTOR, &path, Follow::Nothing)
            }
            file => file.stat(),
        }
    }

    /// Linux's `st_mode` of an open file.
    pub(crate) fn mode_of(&mut self, descriptor: u32) -> Result<u32, Errno> {
        let (file, _, tmp) = self.file_and_sources(descriptor)?;
        match file {
            OpenFile::Directory { path, .. } => {
                let path = path.clone();
                self.mode(ROOT_DESCRIPTOR, &path, Follow::Nothing)
            }
            file => file.mode(tmp),
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
                for entry in self.tmp.dir()?.read_dir(host_name(&path))? {
                    let entry = entry?;
                    let name = text_of(entry.file_name().as_encoded_bytes());
                    let kind = entry.file_type()?;
                    entries.push(DirectoryEntry::new(&name, FileKind::of(kind)));
                }
            }
            Place::Fixed(path) => entries.extend(self.list_fixed(&path)),
        }
        Ok(entries)
    }

    pub(crate) fn create_directory(&mut self, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.new_tmp_path(base, path)?;
        self.tmp.create_directory(&path)
    }

    pub(crate) fn remove_directory(&mut self, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.existing_tmp_path(base, path, Follow::Nothing)?;
        if path == "." {
            return Err(Errno::NotPermitted);
        }
        self.tmp.remove_directory(&path)
    }

    pub(crate) fn unlink(&mut self, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.existing_tmp_path(base, path, Follow::Nothing)?;
        self.tmp.unlink(&path)
    }

    pub(crate) fn rename(&mut self, from: (u32, &str), to: (u32, &str)) -> Result<(), Errno> {
        let from = self.existing_tmp_path(from.0, from.1, Follow::Nothing)?;
        let to = self.new_tmp_path(to.0, to.1)?;
        self.tmp.rename(&from, &to)
    }

    pub(crate) fn hard_link(&mut self, from: (u32, &str), to: (u32, &str)) -> Result<(), Errno> {
        let from = self.existing_tmp_path(from.0, from.1, Follow::Nothing)?;
        let to = self.new_tmp_path(to.0, to.1)?;
        self.tmp.hard_link(&from, &to)
    }

    /// A link to anything, there or not, as on any system.
    pub(crate) fn symlink(&mut self, target: &str, base: u32, path: &str) -> Result<(), Errno> {
        if target.is_empty() {
            return Err(Errno::NoEntry);
        }
        let path = self.new_tmp_path(base, path)?;
        self.tmp.symlink(target, &path)
    }

    pub(crate) fn read_link(&mut self, base: u32, path: &str) -> Result<String, Errno> {
        match self.walk(base, path, Follow::Nothing)? {
            Place::Tmp(path) => {
                if !self.tmp.metadata(&path)?.is_symlink() {
                    return Err(Errno::Invalid);
                }
                self.tmp.read_link(&path)
            }
            Place::Fixed(path) => {
                self.stat_fixed(&path)?;
                Err(Errno::Invalid)
            }
        }
    }

    /// Where a path of something that is to be made leads in `/tmp`, the one place that can be written to.
    fn new_tmp_path(&mut self, base: u32, path: &str) -> Result<String, Errno> {
        match self.walk(base, path, Follow::Nothing)? {
            Place::Tmp(path) => Ok(path),
            Place::Fixed(path) => Err(self.refusal_to_write(&path)),
        }
    }

    /// The same for something that must be there to be changed.
    pub(crate) fn existing_tmp_path(
        &mut self,
        base: u32,
        path: &str,
        follow: Follow,
    ) -> Result<String, Errno> {
        match self.walk(base, path, follow)? {
            Place::Tmp(path) => Ok(path),
            Place::Fixed(path) => {
                self.stat_fixed(&path)?;
                Err(Errno::ReadOnly)
            }
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

    /// Where a path leads once links are followed: all of them, or all but one that the path ends with.
    pub(crate) fn walk(&mut self, base: u32, path: &str, follow: Follow) -> Result<Place, Errno> {
        let OpenFile::Directory { path: base, .. } = self.descriptors.get(base)? else {
            return Err(Errno::NotDirectory);
        };
        if !self.tmp.has_links() {
            return Ok(resolve(base, path));
        }
        let mut walk = Walk::new(base, path);
        while let Some(place) = walk.step() {
            if let Place::Tmp(path) = place
                && (follow == Follow::Links || !walk.at_end())
                && let Some(target) = self.tmp.link_at(&path)
            {
                walk.follow(&target)?;
            }
        }
        Ok(walk.place())
    }

    fn insert(&mut self, file: OpenFile) -> Result<u32, Errno> {
        self.descriptors.insert(file).map_err(|file| {
            self.drop_file(Some(file));
            Errno::TooManyOpenFiles
        })
    }

    fn open_in_tmp(
        &mut self,
        path: &str,
        how: OpenHow,
        want: WantDirectory,
    ) -> Result<OpenFile, Errno> {
        let existing = self.tmp.metadata(path).ok();
        if existing.is_some() && how.create && how.exclusive {
            return Err(Errno::Exists);
        }
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
}

/// Whether an open must find a directory (`O_DIRECTORY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantDirectory {
    Yes,
    No,
}
