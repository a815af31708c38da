//! The file system of one run: `/usr` (the library and the run's own packages, read-only), `/hook` (the script,
//! read-only), `/dev` and a private `/tmp`. Nothing of the host's is reachable from it.
//!
//! One directory is preopened, the root, as descriptor 3; wasi-libc's table of preopened directories is part of the
//! interpreter's snapshot, so this must stay as it was when the snapshot was made.

use super::descriptors::Descriptors;
use super::directory_entry::DirectoryEntry;
use super::errno::Errno;
use super::layered_library::LayeredLibrary;
use super::names::{host_name, text_of};
use super::open_file::OpenFile;
use super::open_how::{Follow, OpenHow, RequireDirectory};
use super::path::{Place, Walk, resolve};
use super::pipe::PipeEnd;
use super::stat::{FileKind, Mode, Stat};
use super::stat_only::{ReadOnlyTree, ScriptFile};
use super::tmp::Tmp;

/// The descriptor of the preopened root.
pub(crate) const ROOT_DESCRIPTOR: u32 = 3;

/// File system of one run, with its table of descriptors.
pub(crate) struct GuestFs {
    read_only: ReadOnlyTree,
    pub(crate) tmp: Tmp,
    descriptors: Descriptors,
}

impl GuestFs {
    /// Returns a file system with the standard streams and the root open.
    pub(crate) fn new(
        library: LayeredLibrary,
        script: Option<ScriptFile>,
        tmp: Tmp,
        max_open: usize,
    ) -> Self {
        let root = OpenFile::Directory {
            path: "/".to_owned(),
            listing: None,
        };
        let files = [OpenFile::Stdin, OpenFile::Stdout, OpenFile::Stderr, root];
        Self {
            read_only: ReadOnlyTree::new(library, script),
            tmp,
            descriptors: Descriptors::new(files, max_open),
        }
    }

    /// Returns the open file of a descriptor.
    pub(crate) fn file(&mut self, descriptor: u32) -> Result<&mut OpenFile, Errno> {
        self.file_and_sources(descriptor).map(|(file, _, _)| file)
    }

    /// Returns the open file with the library that it may read from and the `/tmp` that accounts for it.
    pub(crate) fn file_and_sources(
        &mut self,
        descriptor: u32,
    ) -> Result<(&mut OpenFile, &LayeredLibrary, &mut Tmp), Errno> {
        let file = self.descriptors.get(descriptor)?;
        Ok((file, self.read_only.library(), &mut self.tmp))
    }

    /// Closes a descriptor.
    pub(crate) fn close(&mut self, descriptor: u32) -> Result<(), Errno> {
        if descriptor == ROOT_DESCRIPTOR {
            return Err(Errno::NotSupported);
        }
        let closed = self.descriptors.close(descriptor)?;
        self.drop_file(closed);
        Ok(())
    }

    /// Drops an open file whose last descriptor was closed.
    fn drop_file(&mut self, closed: Option<OpenFile>) {
        if let Some(OpenFile::Tmp { file, .. }) = closed {
            self.tmp.close(&file);
        }
    }

    /// Returns another descriptor, `at_least` or above, for the same open file (`fcntl(F_DUPFD)`).
    pub(crate) fn duplicate(&mut self, descriptor: u32, at_least: u32) -> Result<u32, Errno> {
        self.descriptors.duplicate(descriptor, at_least)
    }

    /// Makes `to` a descriptor of the file of `from`, and closes its own (`dup2`).
    pub(crate) fn duplicate_to(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        if to == ROOT_DESCRIPTOR && from != to {
            return Err(Errno::NotSupported);
        }
        let closed = self.descriptors.duplicate_to(from, to)?;
        self.drop_file(closed);
        Ok(())
    }

    /// Moves the file of `from` to the open descriptor `to` (preview 1's `fd_renumber`).
    pub(crate) fn renumber(&mut self, from: u32, to: u32) -> Result<(), Errno> {
        if from == ROOT_DESCRIPTOR {
            return Err(Errno::NotSupported);
        }
        self.file(to)?;
        self.duplicate_to(from, to)?;
        if from == to { Ok(()) } else { self.close(from) }
    }

    /// Creates a pipe, and returns the descriptors of its reading and its writing end.
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

    /// Opens a path, and returns the descriptor.
    pub(crate) fn open(
        &mut self,
        base: u32,
        path: &str,
        follow: Follow,
        how: OpenHow,
        require: RequireDirectory,
    ) -> Result<u32, Errno> {
        let place = self.walk(base, path, follow)?;
        let file = match place {
            Place::Tmp(path) => self.open_in_tmp(&path, how, require)?,
            Place::ReadOnly(path) => self.read_only.open(&path, how, require)?,
        };
        self.insert(file)
    }

    /// Returns the metadata of a path.
    pub(crate) fn stat(&mut self, base: u32, path: &str, follow: Follow) -> Result<Stat, Errno> {
        match self.walk(base, path, follow)? {
            Place::Tmp(path) => Ok(Stat::from_metadata(&self.tmp.metadata(&path)?)),
            Place::ReadOnly(path) => self.read_only.stat(&path),
        }
    }

    /// Returns Linux's `st_mode` of a path.
    pub(crate) fn mode(&mut self, base: u32, path: &str, follow: Follow) -> Result<u32, Errno> {
        match self.walk(base, path, follow)? {
            Place::Tmp(path) => {
                let metadata = self.tmp.metadata(&path)?;
                let kind = FileKind::of(metadata.file_type());
                Ok(kind.type_bits() | self.tmp.mode(&metadata).bits())
            }
            Place::ReadOnly(path) => {
                let kind = self.read_only.stat(&path)?.kind;
                Ok(kind.type_bits() | Mode::usual(kind).bits())
            }
        }
    }

    /// Sets the permission bits of a path (`chmod`).
    pub(crate) fn set_mode(&mut self, base: u32, path: &str, mode: Mode) -> Result<(), Errno> {
        let path = self.existing_tmp_path(base, path, Follow::Links)?;
        let metadata = self.tmp.metadata(&path)?;
        self.tmp.set_mode(&metadata, mode);
        Ok(())
    }

    /// Sets the permission bits of an open file (`fchmod`).
    pub(crate) fn set_mode_of(&mut self, descriptor: u32, mode: Mode) -> Result<(), Errno> {
        let (file, _, tmp) = self.file_and_sources(descriptor)?;
        let metadata = match file {
            OpenFile::Tmp { file, .. } => file.metadata()?,
            OpenFile::Directory { path, .. } => match resolve("/", path) {
                Place::Tmp(path) => tmp.metadata(&path)?,
                Place::ReadOnly(_) => return Err(Errno::ReadOnly),
            },
            _ => return Err(Errno::NotPermitted),
        };
        tmp.set_mode(&metadata, mode);
        Ok(())
    }

    /// Sets the times of a file or, without following, of a link.
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

    /// Returns the metadata of an open file.
    pub(crate) fn stat_of(&mut self, descriptor: u32) -> Result<Stat, Errno> {
        match self.file(descriptor)? {
            // An open directory holds its path alone.
            OpenFile::Directory { path, .. } => {
                let path = path.clone();
                self.stat(ROOT_DESCRIPTOR, &path, Follow::Nothing)
            }
            file => file.stat(),
        }
    }

    /// Returns Linux's `st_mode` of an open file.
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

    /// Returns the entries of an open directory. Callers keep them, so that later calls page through one state.
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
            Place::ReadOnly(path) => entries.extend(self.read_only.list(&path)),
        }
        Ok(entries)
    }

    /// Creates a directory.
    pub(crate) fn create_directory(&mut self, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.new_tmp_path(base, path)?;
        self.tmp.create_directory(&path)
    }

    /// Removes an empty directory.
    pub(crate) fn remove_directory(&mut self, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.existing_tmp_path(base, path, Follow::Nothing)?;
        if path == "." {
            return Err(Errno::NotPermitted);
        }
        self.tmp.remove_directory(&path)
    }

    /// Removes a file or a link.
    pub(crate) fn unlink(&mut self, base: u32, path: &str) -> Result<(), Errno> {
        let path = self.existing_tmp_path(base, path, Follow::Nothing)?;
        self.tmp.unlink(&path)
    }

    /// Renames a file, a link or a directory.
    pub(crate) fn rename(&mut self, from: (u32, &str), to: (u32, &str)) -> Result<(), Errno> {
        let from = self.existing_tmp_path(from.0, from.1, Follow::Nothing)?;
        let to = self.new_tmp_path(to.0, to.1)?;
        self.tmp.rename(&from, &to)
    }

    /// Creates another name for a file.
    pub(crate) fn hard_link(&mut self, from: (u32, &str), to: (u32, &str)) -> Result<(), Errno> {
        let from = self.existing_tmp_path(from.0, from.1, Follow::Nothing)?;
        let to = self.new_tmp_path(to.0, to.1)?;
        self.tmp.hard_link(&from, &to)
    }

    /// Creates a symbolic link, whether its target exists or not.
    pub(crate) fn symlink(&mut self, target: &str, base: u32, path: &str) -> Result<(), Errno> {
        if target.is_empty() {
            return Err(Errno::NoEntry);
        }
        let path = self.new_tmp_path(base, path)?;
        self.tmp.symlink(target, &path)
    }

    /// Returns the target of a symbolic link.
    pub(crate) fn read_link(&mut self, base: u32, path: &str) -> Result<String, Errno> {
        match self.walk(base, path, Follow::Nothing)? {
            Place::Tmp(path) => {
                if !self.tmp.metadata(&path)?.is_symlink() {
                    return Err(Errno::Invalid);
                }
                self.tmp.read_link(&path)
            }
            Place::ReadOnly(path) => {
                self.read_only.stat(&path)?;
                Err(Errno::Invalid)
            }
        }
    }

    /// Resolves a path for something new: it must lead into `/tmp`, the one place that can be written to.
    fn new_tmp_path(&mut self, base: u32, path: &str) -> Result<String, Errno> {
        match self.walk(base, path, Follow::Nothing)? {
            Place::Tmp(path) => Ok(path),
            Place::ReadOnly(path) => Err(self.read_only.refusal_to_write(&path)),
        }
    }

    /// Resolves a path for a change of something that exists: it must lead into `/tmp`.
    pub(crate) fn existing_tmp_path(
        &mut self,
        base: u32,
        path: &str,
        follow: Follow,
    ) -> Result<String, Errno> {
        match self.walk(base, path, follow)? {
            Place::Tmp(path) => Ok(path),
            Place::ReadOnly(path) => {
                self.read_only.stat(&path)?;
                Err(Errno::ReadOnly)
            }
        }
    }

    /// Resolves a path by following all links, or all but one that the path ends with.
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
        require: RequireDirectory,
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
        match (is_directory, require) {
            (true, _) if how.write || how.truncate => return Err(Errno::IsDirectory),
            (true, _) => {
                return Ok(OpenFile::Directory {
                    path: format!("/tmp/{path}"),
                    listing: None,
                });
            }
            (false, RequireDirectory::Yes) => {
                return Err(if existing.is_some() {
                    Errno::NotDirectory
                } else {
                    Errno::NoEntry
                });
            }
            (false, RequireDirectory::No) => {}
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
