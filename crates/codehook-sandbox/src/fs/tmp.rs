//! The private `/tmp` of one run: a directory of the host behind a cap-std capability, with quotas on bytes and
//! entries.
//!
//! The directory is made when the script first touches `/tmp`, since most scripts never do. Its calls are synchronous:
//! each moves at most what the guest's own memory holds, to and from the page cache.
//!
//! Bytes are counted by length, so holes count; a file that was deleted while open counts until its last descriptor
//! closes.

use std::collections::HashMap;
use std::path::PathBuf;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, MetadataExt, OpenOptions};
use rustix::fs::{AtFlags, Timestamps};
use serde::Serialize;

use super::errno::Errno;
use super::names::{host_name, text_of};
use super::open_how::OpenHow;
use super::stat::{FileKind, Mode, READ, SEARCH, WRITE};
use super::tmp_root::TmpRoot;

pub(crate) struct Tmp {
    root: TmpRoot,
    made: Option<Made>,
    max_bytes: u64,
    max_entries: u64,
    bytes: u64,
    entries: u64,
    /// Number of descriptors of each open inode: the bytes of a deleted file count until the last is closed.
    open: HashMap<u64, OpenInode>,
    /// Permission bits by inode, where they are not those of [`Mode::usual`]. The host's own bits stay as they are, so
    /// that nothing that a guest does to its files can keep the host from deleting them.
    modes: HashMap<u64, Mode>,
    /// Bits that new files do not get (umask).
    pub(crate) mask: Mode,
    /// The bits that the next new file is to have, before the mask.
    pub(crate) create_mode: Option<Mode>,
    /// Whether there may be symbolic links, so that paths have to be walked.
    has_links: bool,
}

struct Made {
    dir: Dir,
    /// Deletes the directory when dropped.
    _owner: tempfile::TempDir,
}

#[derive(Default)]
struct OpenInode {
    descriptors: u32,
    deleted: bool,
}

/// Contents of `/tmp` when the script ended (all of it is deleted).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct TmpLeftovers {
    /// Files, directories and links.
    pub files: u64,
    /// Bytes in them.
    pub bytes: u64,
}

impl Tmp {
    pub(crate) fn new(root: TmpRoot, max_bytes: u64, max_entries: u64) -> Self {
        Self {
            root,
            made: None,
            max_bytes,
            max_entries,
            bytes: 0,
            entries: 0,
            open: HashMap::new(),
            modes: HashMap::new(),
            mask: Mode::new(0o022),
            create_mode: None,
            has_links: false,
        }
    }

    /// Returns the limit and the use of bytes, and the same of entries.
    pub(crate) fn space(&self) -> [u64; 4] {
        [self.max_bytes, self.bytes, self.max_entries, self.entries]
    }

    /// Returns the current contents.
    pub(crate) fn leftovers(&self) -> TmpLeftovers {
        TmpLeftovers {
            files: self.entries,
            bytes: self.bytes,
        }
    }

    pub(crate) fn dir(&mut self) -> Result<&Dir, Errno> {
        if self.made.is_none() {
            let owner = self.root.make_directory()?;
            let path: PathBuf = owner.path().to_owned();
            let dir = Dir::open_ambient_dir(path, ambient_authority())?;
            self.made = Some(Made { dir, _owner: owner });
        }
        self.made.as_ref().map(|made| &made.dir).ok_or(Errno::Io)
    }

    /// Returns the metadata of a path that `GuestFs::walk` has resolved, so that it leads through no links.
    pub(crate) fn metadata(&mut self, path: &str) -> Result<Metadata, Errno> {
        Ok(self.dir()?.symlink_metadata(host_name(path))?)
    }

    /// Returns the target of the link at `path`, if there is one.
    pub(crate) fn link_at(&mut self, path: &str) -> Option<String> {
        if !self.has_links {
            return None;
        }
        let dir = self.dir().ok()?;
        let name = host_name(path);
        let is_link = dir.symlink_metadata(&*name).ok()?.is_symlink();
        is_link.then(|| self.read_link(path).ok()).flatten()
    }

    pub(crate) fn has_links(&self) -> bool {
        self.has_links
    }

    pub(crate) fn read_link(&mut self, path: &str) -> Result<String, Errno> {
        let target = self.dir()?.read_link_contents(host_name(path))?;
        Ok(text_of(
            target.into_os_string().into_encoded_bytes().as_slice(),
        ))
    }

    /// Returns the permission bits of a file.
    pub(crate) fn mode(&self, metadata: &Metadata) -> Mode {
        let kind = FileKind::of(metadata.file_type());
        match self.modes.get(&metadata.ino()) {
            Some(mode) if kind != FileKind::SymbolicLink => *mode,
            _ => Mode::usual(kind),
        }
    }

    pub(crate) fn set_mode(&mut self, metadata: &Metadata, mode: Mode) {
        if mode == Mode::usual(FileKind::of(metadata.file_type())) {
            self.modes.remove(&metadata.ino());
        } else {
            self.modes.insert(metadata.ino(), mode);
        }
    }

    /// Sets the permission bits of a new file.
    fn set_new_mode(&mut self, metadata: &Metadata) {
        let asked = self.create_mode.take();
        let everything = if metadata.is_dir() { 0o777 } else { 0o666 };
        let mode = asked.unwrap_or(Mode::new(everything)).without(self.mask);
        self.set_mode(metadata, mode);
    }

    /// Checks that the owner, which the script is, has the access `wanted`.
    fn permit(&self, metadata: &Metadata, wanted: u32) -> Result<(), Errno> {
        if self.mode(metadata).owner_may(wanted) {
            Ok(())
        } else {
            Err(Errno::Access)
        }
    }

    /// Checks that entries of the parent directory of `path` may be created and removed.
    fn permit_entries(&mut self, path: &str) -> Result<(), Errno> {
        if self.modes.is_empty() {
            return Ok(());
        }
        let parent = path.rsplit_once('/').map_or(".", |(parent, _)| parent);
        let metadata = self.metadata(parent)?;
        if !metadata.is_dir() {
            return Err(Errno::NotDirectory);
        }
        self.permit(&metadata, WRITE | SEARCH)
    }

    /// Sets times of last access and modification; `path` is resolved, and the link itself is meant if it is one.
    pub(crate) fn set_times(&mut self, path: &str, times: &Timestamps) -> Result<(), Errno> {
        let dir = self.dir()?;
        let (parent, name) = path.rsplit_once('/').unwrap_or((".", path));
        let parent = dir.open_dir(host_name(parent))?;
        let name = host_name(name);
        rustix::fs::utimensat(&parent, &*name, times, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(std::io::Error::from)?;
        Ok(())
    }

    /// Opens a file; `before` is the metadata of its path, if it exists.
    pub(crate) fn open(
        &mut self,
        path: &str,
        how: OpenHow,
        before: Option<&Metadata>,
    ) -> Result<File, Errno> {
        match before {
            Some(metadata) => {
                if how.create && how.exclusive {
                    return Err(Errno::Exists);
                }
                let reading = if how.read { READ } else { 0 };
                let writing = if how.write || how.truncate { WRITE } else { 0 };
                self.permit(metadata, reading | writing)?;
            }
            None if how.create => {
                self.permit_entries(path)?;
                self.room_for_entry()?;
            }
            None => {}
        }
        let mut options = OpenOptions::new();
        // A file made without write access would be refused by the host; the guest cannot write through it all the
        // same.
        options
            .read(how.read || !how.write)
            .write(how.write || how.create || how.truncate);
        options
            .create(how.create && !how.exclusive)
            .create_new(how.create && how.exclusive)
            .truncate(how.truncate);
        let file = self.dir()?.open_with(host_name(path), &options)?;
        let metadata = file.metadata()?;
        if before.is_none() {
            self.entries += 1;
            self.set_new_mode(&metadata);
        }
        if how.truncate {
            let old = before.map_or(0, Metadata::len);
            self.bytes = self.bytes.saturating_sub(old);
        }
        self.open.entry(metadata.ino()).or_default().descriptors += 1;
        Ok(file)
    }

    pub(crate) fn close(&mut self, file: &File) {
        let Ok(metadata) = file.metadata() else {
            return;
        };
        let Some(inode) = self.open.get_mut(&metadata.ino()) else {
            return;
        };
        inode.descriptors -= 1;
        if inode.descriptors == 0 {
            if inode.deleted {
                self.bytes = self.bytes.saturating_sub(metadata.len());
                self.modes.remove(&metadata.ino());
            }
            self.open.remove(&metadata.ino());
        }
    }

    /// Returns how many of `len` bytes may be written at `offset`, and counts the growth of the file.
    pub(crate) fn admit_write(&mut self, file: &File, offset: u64, len: u64) -> Result<u64, Errno> {
        let size = file.metadata()?.len();
        let room = self.max_bytes.saturating_sub(self.bytes);
        let end = offset.checked_add(len).ok_or(Errno::Invalid)?;
        let allowed_end = end.min(size.saturating_add(room)).max(size.min(end));
        let admitted = allowed_end.saturating_sub(offset);
        if admitted == 0 && len > 0 {
            return Err(Errno::NoSpace);
        }
        self.bytes += allowed_end.saturating_sub(size);
        Ok(admitted)
    }

    pub(crate) fn set_len(&mut self, file: &File, len: u64) -> Result<(), Errno> {
        let size = file.metadata()?.len();
        if len > size && len - size > self.max_bytes.saturating_sub(self.bytes) {
            return Err(Errno::NoSpace);
        }
        file.set_len(len)?;
        self.bytes = (self.bytes + len).saturating_sub(size);
        Ok(())
    }

    pub(crate) fn create_directory(&mut self, path: &str) -> Result<(), Errno> {
        self.permit_entries(path)?;
        self.room_for_entry()?;
        self.dir()?.create_dir(host_name(path))?;
        self.entries += 1;
        let metadata = self.metadata(path)?;
        self.set_new_mode(&metadata);
        Ok(())
    }

    pub(crate) fn remove_directory(&mut self, path: &str) -> Result<(), Errno> {
        let metadata = self.metadata(path)?;
        self.permit_entries(path)?;
        self.dir()?.remove_dir(host_name(path))?;
        self.entries = self.entries.saturating_sub(1);
        self.modes.remove(&metadata.ino());
        Ok(())
    }

    pub(crate) fn unlink(&mut self, path: &str) -> Result<(), Errno> {
        let metadata = self.metadata(path)?;
        if metadata.is_dir() {
            return Err(Errno::IsDirectory);
        }
        self.permit_entries(path)?;
        self.dir()?.remove_file(host_name(path))?;
        self.forget(&metadata);
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let source = self.metadata(from)?;
        let replaced = self.metadata(to).ok();
        self.permit_entries(from)?;
        self.permit_entries(to)?;
        let dir = self.dir()?;
        dir.rename(host_name(from), dir, host_name(to))?;
        match replaced {
            Some(old) if old.ino() != source.ino() => self.forget(&old),
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn symlink(&mut self, target: &str, path: &str) -> Result<(), Errno> {
        self.permit_entries(path)?;
        self.room_for_entry()?;
        self.has_links = true;
        // The target is stored as it is, wherever it leads: only walk() follows links, in the tree that the guest sees.
        self.dir()?
            .symlink_contents(host_name(target), host_name(path))?;
        self.entries += 1;
        Ok(())
    }

    pub(crate) fn hard_link(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        self.permit_entries(to)?;
        self.room_for_entry()?;
        let dir = self.dir()?;
        dir.hard_link(host_name(from), dir, host_name(to))?;
        self.entries += 1;
        Ok(())
    }

    fn room_for_entry(&self) -> Result<(), Errno> {
        if self.entries >= self.max_entries {
            return Err(Errno::NoSpace);
        }
        Ok(())
    }

    /// Accounts for a name that was removed; `metadata` is from just before.
    fn forget(&mut self, metadata: &Metadata) {
        self.entries = self.entries.saturating_sub(1);
        if !metadata.is_file() || metadata.nlink() > 1 {
            return;
        }
        match self.open.get_mut(&metadata.ino()) {
            Some(inode) => inode.deleted = true,
            None => {
                self.bytes = self.bytes.saturating_sub(metadata.len());
                self.modes.remove(&metadata.ino());
            }
        }
    }
}
