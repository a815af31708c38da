//! Error numbers of WASI preview 1 (wasi_snapshot_preview1.witx, `$errno`), as far as this file system returns them.

/// An error as the guest gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Errno {
    Access = 2,
    Again = 6,
    BadDescriptor = 8,
    Deadlock = 16,
    Exists = 20,
    Fault = 21,
    Invalid = 28,
    Io = 29,
    IsDirectory = 31,
    Loop = 32,
    TooManyOpenFiles = 33,
    NameTooLong = 37,
    NoEntry = 44,
    NoSpace = 51,
    NotDirectory = 54,
    NotEmpty = 55,
    NotSupported = 58,
    NotPermitted = 63,
    BrokenPipe = 64,
    ReadOnly = 69,
    IllegalSeek = 70,
    CrossDevice = 75,
}

impl From<std::io::Error> for Errno {
    /// The host's errors carry no text into the guest, only a number.
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        if error.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
            return Self::Loop;
        }
        match error.kind() {
            ErrorKind::NotFound => Self::NoEntry,
            ErrorKind::AlreadyExists => Self::Exists,
            ErrorKind::NotADirectory => Self::NotDirectory,
            ErrorKind::IsADirectory => Self::IsDirectory,
            ErrorKind::DirectoryNotEmpty => Self::NotEmpty,
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => Self::NoSpace,
            ErrorKind::InvalidInput => Self::Invalid,
            ErrorKind::InvalidFilename => Self::NameTooLong,
            ErrorKind::CrossesDevices => Self::CrossDevice,
            // cap-std's error for a path that would leave the directory.
            ErrorKind::PermissionDenied => Self::NotPermitted,
            _ => Self::Io,
        }
    }
}
