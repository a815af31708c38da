//! Metadata of files: kind, size, times, and numbers that distinguish files but reveal nothing of the host.

use std::hash::{DefaultHasher, Hash, Hasher};

use cap_std::fs::{FileType, Metadata, MetadataExt};

/// Preview 1's `$filetype`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum FileKind {
    Unknown = 0,
    CharacterDevice = 2,
    Directory = 3,
    Regular = 4,
    SymbolicLink = 7,
}

impl FileKind {
    /// Returns Linux's `S_IFMT` bits. A file of a kind that preview 1 lacks is a pipe.
    pub(crate) fn type_bits(self) -> u32 {
        match self {
            Self::Unknown => 0o010_000,
            Self::CharacterDevice => 0o020_000,
            Self::Directory => 0o040_000,
            Self::Regular => 0o100_000,
            Self::SymbolicLink => 0o120_000,
        }
    }

    pub(crate) fn of(kind: FileType) -> Self {
        if kind.is_dir() {
            Self::Directory
        } else if kind.is_symlink() {
            Self::SymbolicLink
        } else if kind.is_file() {
            Self::Regular
        } else {
            Self::Unknown
        }
    }
}

/// Permission bits, with those for set-user-ID and the like (`S_ISUID` ...), as in the low 12 bits of `st_mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Mode(u16);

/// Access to a file: bits of `rwx`.
pub(crate) const READ: u32 = 4;
pub(crate) const WRITE: u32 = 2;
pub(crate) const SEARCH: u32 = 1;

impl Mode {
    /// Returns the low 12 bits of `bits`.
    pub(crate) fn new(bits: u32) -> Self {
        Self((bits & 0o7777) as u16)
    }

    /// Returns the permission bits of a file for which none were set.
    pub(crate) fn usual(kind: FileKind) -> Self {
        Self(match kind {
            FileKind::Directory => 0o755,
            FileKind::SymbolicLink => 0o777,
            FileKind::CharacterDevice => 0o666,
            FileKind::Regular => 0o644,
            FileKind::Unknown => 0o600,
        })
    }

    pub(crate) fn bits(self) -> u32 {
        u32::from(self.0)
    }

    pub(crate) fn without(self, mask: Self) -> Self {
        Self(self.0 & !mask.0)
    }

    /// Returns whether the owner has all of the access `wanted`.
    pub(crate) fn owner_may(self, wanted: u32) -> bool {
        (self.bits() >> 6) & wanted == wanted
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Stat {
    pub(crate) kind: FileKind,
    device: u64,
    inode: u64,
    links: u64,
    pub(crate) size: u64,
    /// Nanoseconds since the epoch: access, modification, change.
    times: [u64; 3],
}

/// Size of `$filestat` in guest memory.
pub(crate) const FILESTAT_BYTES: usize = 64;

impl Stat {
    /// Returns the metadata of a read-only file, the same in every run.
    pub(crate) fn read_only(kind: FileKind, size: u64, path: &str) -> Self {
        let mut hasher = DefaultHasher::new();
        path.hash(&mut hasher);
        Self {
            kind,
            device: 1,
            inode: hasher.finish() | 1,
            links: 1,
            size,
            times: [0; 3],
        }
    }

    /// Sets the times, in seconds since the epoch.
    pub(crate) fn modified_at(mut self, seconds: u64) -> Self {
        self.times = [seconds.saturating_mul(1_000_000_000); 3];
        self
    }

    /// Returns the metadata of a stream.
    pub(crate) fn stream() -> Self {
        Self {
            kind: FileKind::Unknown,
            device: 1,
            inode: 0,
            links: 1,
            size: 0,
            times: [0; 3],
        }
    }

    pub(crate) fn from_metadata(metadata: &Metadata) -> Self {
        let kind = FileKind::of(metadata.file_type());
        let nanoseconds = |seconds: i64, rest: i64| {
            let seconds = u64::try_from(seconds).unwrap_or(0);
            let rest = u64::try_from(rest).unwrap_or(0);
            seconds.saturating_mul(1_000_000_000).saturating_add(rest)
        };
        Self {
            kind,
            device: 2,
            inode: metadata.ino(),
            links: metadata.nlink(),
            size: if kind == FileKind::Directory {
                0
            } else {
                metadata.len()
            },
            times: [
                nanoseconds(metadata.atime(), metadata.atime_nsec()),
                nanoseconds(metadata.mtime(), metadata.mtime_nsec()),
                nanoseconds(metadata.ctime(), metadata.ctime_nsec()),
            ],
        }
    }

    pub(crate) fn encode(&self) -> [u8; FILESTAT_BYTES] {
        let mut out = [0; FILESTAT_BYTES];
        let mut put = |at: usize, value: u64| out[at..at + 8].copy_from_slice(&value.to_le_bytes());
        put(0, self.device);
        put(8, self.inode);
        put(16, self.kind as u64);
        put(24, self.links);
        put(32, self.size);
        put(40, self.times[0]);
        put(48, self.times[1]);
        put(56, self.times[2]);
        out
    }
}
