//! Open files of every kind.

use std::sync::Arc;

use cap_std::fs::{File, FileExt as _};

use super::directory_entry::DirectoryEntry;
use super::errno::Errno;
use super::layered_library::{LayeredFile, LayeredLibrary};
use super::pipe::PipeEnd;
use super::stat::{FileKind, Mode, Stat};
use super::tmp::Tmp;

/// An open file, which one descriptor or several refer to.
pub(crate) enum OpenFile {
    Stdin,
    Stdout,
    Stderr,
    Device(Device),
    Pipe(PipeEnd),
    Directory {
        path: String,
        listing: Option<Vec<DirectoryEntry>>,
    },
    Library {
        content: LayeredFile,
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

/// A device below `/dev`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Device {
    Null,
    Zero,
    Full,
    Random,
}

impl Device {
    /// Names and devices, in alphabetical order. `urandom` and `random` are one, as in Linux today.
    pub(crate) const ALL: [(&str, Self); 5] = [
        ("full", Self::Full),
        ("null", Self::Null),
        ("random", Self::Random),
        ("urandom", Self::Random),
        ("zero", Self::Zero),
    ];

    /// Returns the device at an absolute path.
    pub(crate) fn at(path: &str) -> Option<Self> {
        let name = path.strip_prefix("/dev/")?;
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, device)| *device)
    }

    fn read(self, out: &mut [u8]) -> Result<usize, Errno> {
        match self {
            Self::Null => return Ok(0),
            Self::Zero | Self::Full => out.fill(0),
            Self::Random => getrandom::fill(out).map_err(|_| Errno::Io)?,
        }
        Ok(out.len())
    }
}

impl OpenFile {
    /// Returns preview 1's file type.
    pub(crate) fn kind(&self) -> FileKind {
        match self {
            Self::Stdin | Self::Stdout | Self::Stderr | Self::Pipe(_) => FileKind::Unknown,
            Self::Device(_) => FileKind::CharacterDevice,
            Self::Directory { .. } => FileKind::Directory,
            Self::Library { .. } | Self::Script { .. } | Self::Tmp { .. } => FileKind::Regular,
        }
    }

    /// Reads at `offset` into `out`; less than asked for only at the end.
    pub(crate) fn read_at(
        &self,
        library: &LayeredLibrary,
        offset: u64,
        out: &mut [u8],
    ) -> Result<usize, Errno> {
        let content = match self {
            Self::Stdin => return Ok(0),
            Self::Device(device) => return device.read(out),
            Self::Pipe(end) => return end.read(out),
            Self::Stdout | Self::Stderr => return Err(Errno::BadDescriptor),
            Self::Directory { .. } => return Err(Errno::IsDirectory),
            Self::Tmp {
                readable: false, ..
            } => return Err(Errno::BadDescriptor),
            Self::Tmp { file, .. } => return read_file_at(file, offset, out),
            Self::Library { content, .. } => library.content(content),
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
            Self::Device(Device::Full) => Err(Errno::NoSpace),
            Self::Device(_) => Ok(data.len()),
            Self::Pipe(end) => end.write(data),
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

    /// Returns the position of the next read or write.
    pub(crate) fn position(&mut self) -> Result<&mut u64, Errno> {
        match self {
            Self::Library { position, .. }
            | Self::Script { position, .. }
            | Self::Tmp { position, .. } => Ok(position),
            _ => Err(Errno::IllegalSeek),
        }
    }

    /// Returns the length of a regular file.
    pub(crate) fn len(&self) -> Result<u64, Errno> {
        match self {
            Self::Library { content, .. } => Ok(content.len()),
            Self::Script { content, .. } => Ok(content.len() as u64),
            Self::Tmp { file, .. } => Ok(file.metadata()?.len()),
            _ => Err(Errno::IllegalSeek),
        }
    }

    /// Returns the metadata.
    pub(crate) fn stat(&self) -> Result<Stat, Errno> {
        match self {
            Self::Stdin | Self::Stdout | Self::Stderr | Self::Pipe(_) => Ok(Stat::stream()),
            Self::Device(_) => Ok(Stat::read_only(FileKind::CharacterDevice, 0, "/dev")),
            Self::Directory { path, .. } => Ok(Stat::read_only(FileKind::Directory, 0, path)),
            Self::Library { stat, .. } | Self::Script { stat, .. } => Ok(*stat),
            Self::Tmp { file, .. } => Ok(Stat::from_metadata(&file.metadata()?)),
        }
    }

    /// Returns Linux's `st_mode`.
    pub(crate) fn mode(&self, tmp: &Tmp) -> Result<u32, Errno> {
        let bits = match self {
            Self::Tmp { file, .. } => tmp.mode(&file.metadata()?),
            other => Mode::usual(other.kind()),
        };
        Ok(self.kind().type_bits() | bits.bits())
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
