//! The private `/tmp` of one run: a directory of the host behind a cap-std capability, with quotas on bytes and entries.
//!
//! The directory is made when the script first touches `/tmp`, since most scripts never do. Its calls are synchronous: each
//! moves at most what the guest's own memory holds, to and from the page cache.
//!
//! Bytes are counted by length, so holes count; a file that was deleted while open counts until its last descriptor closes.

use std::collections::HashMap;
use std::path::PathBuf;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, File, Metadata, MetadataExt, OpenOptions};

use super::errno::Errno;
use crate::report::TmpLeftovers;
use crate::tmp_root::TmpRoot;

pub(crate) struct Tmp {
    root: TmpRoot,
    made: Option<Made>,
    max_bytes: u64,
    max_entries: u64,
    bytes: u64,
    entries: u64,
    /// Descriptors open on each inode, to know when a deleted file is really gone.
    open: HashMap<u64, OpenInode>,
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

/// What the guest asked of an open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpenHow {
    pub(crate) read: bool,
    pub(crate) write: bool,
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
    pub(crate) truncate: bool,
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
        }
    }

    /// What is in it now.
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

    pub(crate) fn metadata(&mut self, path: &str, follow: Follow) -> Result<Metadata, Errno> {
        let dir = self.dir()?;
        Ok(match follow {
            Follow::Links => dir.metadata(path)?,
            Follow::Nothing => dir.symlink_metadata(path)?,
        })
    }

    /// Opens a file; `before` is what its path leads to now, if anything.
    pub(crate) fn open(
        &mut self,
        path: &str,
        how: OpenHow,
        before: Option<&Metadata>,
    ) -> Result<File, Errno> {
        if before.is_none() && how.create {
            self.room_for_entry()?;
        }
        let mut options = OpenOptions::new();
        // A file made without write access would be refused by the host; the guest cannot write through it all the same.
        options
            .read(how.read || !how.write)
            .write(how.write || how.create || how.truncate);
        options
            .create(how.create && !how.exclusive)
            .create_new(how.create && how.exclusive)
            .truncate(how.truncate);
        let file = self.dir()?.open_with(path, &options)?;
        let metadata = file.metadata()?;
        if before.is_none() {
            self.entries += 1;
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
            }
            self.open.remove(&metadata.ino());
        }
    }

    /// How many of `len` bytes may be written at `offset`, counting the growth of the file.
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
        self.room_for_entry()?;
        self.dir()?.create_dir(path)?;
        self.entries += 1;
        Ok(())
    }

    pub(crate) fn remove_directory(&mut self, path: &str) -> Result<(), Errno> {
        self.dir()?.remove_dir(path)?;
        self.entries = self.entries.saturating_sub(1);
        Ok(())
    }

    pub(crate) fn unlink(&mut self, path: &str) -> Result<(), Errno> {
        let metadata = self.metadata(path, Follow::Nothing)?;
        if metadata.is_dir() {
            return Err(Errno::IsDirectory);
        }
        self.dir()?.remove_file(path)?;
        self.forget(&metadata);
        Ok(())
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        let source = self.metadata(from, Follow::Nothing)?;
        let replaced = self.metadata(to, Follow::Nothing).ok();
        let dir = self.dir()?;
        dir.rename(from, dir, to)?;
        match replaced {
            Some(old) if old.ino() != source.ino() => self.forget(&old),
            _ => {}
        }
        Ok(())
    }

    pub(crate) fn symlink(&mut self, target: &str, path: &str) -> Result<(), Errno> {
        self.room_for_entry()?;
        self.dir()?.symlink(target, path)?;
        self.entries += 1;
        Ok(())
    }

    pub(crate) fn hard_link(&mut self, from: &str, to: &str) -> Result<(), Errno> {
        self.room_for_entry()?;
        let dir = self.dir()?;
        dir.hard_link(from, dir, to)?;
        self.entries += 1;
        Ok(())
    }

    fn room_for_entry(&self) -> Result<(), Errno> {
        if self.entries >= self.max_entries {
            return Err(Errno::NoSpace);
        }
        Ok(())
    }

    /// One name of an inode is gone; `metadata` is from just before.
    fn forget(&mut self, metadata: &Metadata) {
        self.entries = self.entries.saturating_sub(1);
        if !metadata.is_file() || metadata.nlink() > 1 {
            return;
        }
        match self.open.get_mut(&metadata.ino()) {
            Some(inode) => inode.deleted = true,
            None => self.bytes = self.bytes.saturating_sub(metadata.len()),
        }
    }
}

/// Whether the last part of a path, when it is a link, is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Follow {
    Links,
    Nothing,
}
