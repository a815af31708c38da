//! One open descriptor.

use std::sync::Arc;

use cap_std::fs::{File, FileExt as _};

use super::errno::Errno;
use super::stat::{FileKind, Stat};
use super::tmp::Tmp;
use crate::trees::{TreeFile, Trees};

/// What a descriptor stands for.
pub(crate) enum OpenFile {
    Stdin,
    Stdout,
    Stderr,
    Null,
    Directory {
        path: String,
        listing: Option<Vec<DirectoryEntry>>,
    },
    Library {
        content: TreeFile,
        stat: Stat,
        position: u64,
    },
    Script {
        content: Arc<[u8]>,
        stat: Stat,
        position: u64,
    },
    Tmp {
        file: File,
        position: u64,
        readable: bool,
        writable: bool,
        append: bool,
    },
}

/// A name in a directory.
#[derive(Debug, Clone)]
pub(crate) struct DirectoryEntry {
    pub(crate) name: String,
    pub(crate) kind: FileKind,
}

impl DirectoryEntry {
    pub(crate) fn new(name: &str, kind: FileKind) -> Self {
        Self {
            name: name.to_owned(),
            kind,
        }
    }
}

impl OpenFile {
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::Stdin | Self::Stdout | Self::Stderr => FileKind::Unknown,
            Self::Null => FileKind::CharacterDevice,
            Self::Directory { .. } => FileKind::Directory,
            Self::Library { .. } | Self::Script { .. } | Self::Tmp { .. } => FileKind::Regular,
        }
    }

    /// Reads at `offset` into `out`; less than asked for only at the end.
    pub(crate) fn read_at(
        &self,
        trees: &Trees,
        offset: u64,
        out: &mut [u8],
    ) -> Result<usize, Errno> {
        let content = match self {
            Self::Stdin | Self::Null => return Ok(0),
            Self::Stdout | Self::Stderr => return Err(Errno::BadDescriptor),
            Self::Directory { .. } => return Err(Errno::IsDirectory),
            Self::Tmp {
                readable: false, ..
            } => return Err(Errno::BadDescriptor),
            Self::Tmp { file, .. } => return read_file_at(file, offset, out),
            Self::Library { content, .. } => trees.content(content),
            Self::Script { content, .. } => content,
        };
        let start = usize::try_from(offset)
            .unwrap_or(usize::MAX)
            .min(content.len());
        let rest = &content[start..];
        let len = rest.len().min(out.len());
        out[..len].copy_from_slice(&rest[..len]);
        Ok(len)
    }

    /// Writes at `offset` as much as the quota admits.
    pub(crate) fn write_at(&self, tmp: &mut Tmp, offset: u64, data: &[u8]) -> Result<usize, Errno> {
        match self {
            Self::Null => Ok(data.len()),
            Self::Tmp {
                file,
                writable: true,
                ..
            } => {
                let admitted = tmp.admit_write(file, offset, data.len() as u64)?;
                let admitted = usize::try_from(admitted)
                    .unwrap_or(data.len())
                    .min(data.len());
                file.write_all_at(&data[..admitted], offset)?;
                Ok(admitted)
            }
            _ => Err(Errno::BadDescriptor),
        }
    }

    /// Where the next read or write is.
    pub(crate) fn position(&mut self) -> Result<&mut u64, Errno> {
        match self {
            Self::Library { position, .. }
            | Self::Script { position, .. }
            | Self::Tmp { position, .. } => Ok(position),
            _ => Err(Errno::IllegalSeek),
        }
    }

    /// The length, where there is one.
    pub(crate) fn len(&self) -> Result<u64, Errno> {
        match self {
            Self::Library { content, .. } => Ok(content.len()),
            Self::Script { content, .. } => Ok(content.len() as u64),
            Self::Tmp { file, .. } => Ok(file.metadata()?.len()),
            _ => Err(Errno::IllegalSeek),
        }
    }

    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        match self {
            Self::Stdin | Self::Stdout | Self::Stderr => Ok(Stat::stream()),
            Self::Null => Ok(Stat::fixed(FileKind::CharacterDevice, 0, "/dev/null")),
            Self::Directory { path, .. } => Ok(Stat::fixed(FileKind::Directory, 0, path)),
            Self::Library { stat, .. } | Self::Script { stat, .. } => Ok(*stat),
            Self::Tmp { file, .. } => Ok(Stat::from_metadata(&file.metadata()?)),
        }
    }
}

fn read_file_at(file: &File, offset: u64, out: &mut [u8]) -> Result<usize, Errno> {
    let mut filled = 0;
    while filled < out.len() {
        let got = file.read_at(&mut out[filled..], offset + filled as u64)?;
        if got == 0 {
            break;
        }
        filled += got;
    }
    Ok(filled)
}
