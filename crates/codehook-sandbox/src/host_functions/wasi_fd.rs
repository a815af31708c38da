//! Preview 1's `fd_*` calls over [`GuestFs`](super::GuestFs). Each takes what the guest gave, checks it, and
//! answers an error number; none can fail the host.
//!
//! Source of numbers and layouts: `wasi_snapshot_preview1.witx`.

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};

use super::pipe::Side;
use super::{Errno, OpenFile};
use crate::guest_memory::{GuestMemory, Span};
use crate::state::GuestState;

pub(crate) type Answer = Result<(), Errno>;

pub(super) const FDFLAG_APPEND: u32 = 1;
pub(super) const FDFLAG_NONBLOCK: u32 = 4;
pub(super) const RIGHT_READ: u64 = 1 << 1;
pub(super) const RIGHT_WRITE: u64 = 1 << 6;
const ALL_RIGHTS: u64 = (1 << 30) - 1;
const DIRENT_BYTES: usize = 24;
/// The most bytes that one call moves: keeps a host call short beside the time limit. Linux may answer with less than was asked
/// for as well, and callers go on with the rest.
const MAX_TRANSFER: usize = 8 * 1024 * 1024;

pub(crate) fn fd_close(_: &mut GuestMemory, state: &mut GuestState, fd: u32) -> Answer {
    state.fs.close(fd)
}

pub(crate) fn fd_renumber(
    _: &mut GuestMemory,
    state: &mut GuestState,
    from: u32,
    to: u32,
) -> Answer {
    state.fs.renumber(from, to)
}

pub(crate) fn fd_fdstat_get(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    out: u32,
) -> Answer {
    let file = state.fs.file(fd)?;
    let (flags, rights) = match file {
        OpenFile::Tmp {
            readable,
            writable,
            append,
            ..
        } => {
            let mut rights = ALL_RIGHTS & !(RIGHT_READ | RIGHT_WRITE);
            rights |= if *readable { RIGHT_READ } else { 0 };
            rights |= if *writable { RIGHT_WRITE } else { 0 };
            (u16::from(*append), rights)
        }
        OpenFile::Stdin => (0, RIGHT_READ),
        OpenFile::Stdout | OpenFile::Stderr => (0, RIGHT_WRITE),
        OpenFile::Device(_) => (0, ALL_RIGHTS),
        OpenFile::Pipe(end) => {
            let flags = if end.nonblocking { FDFLAG_NONBLOCK } else { 0 };
            let right = match end.side() {
                Side::Reader => RIGHT_READ,
                Side::Writer => RIGHT_WRITE,
            };
            (flags as u16, right)
        }
        OpenFile::Library { .. } | OpenFile::Script { .. } => (0, ALL_RIGHTS & !RIGHT_WRITE),
        OpenFile::Directory { .. } => (0, ALL_RIGHTS),
    };
    let mut stat = [0_u8; 24];
    stat[0] = file.kind() as u8;
    stat[2..4].copy_from_slice(&flags.to_le_bytes());
    stat[8..16].copy_from_slice(&rights.to_le_bytes());
    stat[16..24].copy_from_slice(&ALL_RIGHTS.to_le_bytes());
    memory.write(out, &stat)
}

pub(crate) fn fd_fdstat_set_flags(
    _: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    flags: u32,
) -> Answer {
    match state.fs.file(fd)? {
        OpenFile::Tmp { append, .. } => *append = flags & FDFLAG_APPEND != 0,
        OpenFile::Pipe(end) => end.nonblocking = flags & FDFLAG_NONBLOCK != 0,
        _ => {}
    }
    Ok(())
}

/// Preview 1's times in nanoseconds, with its flags for which are meant.
pub(super) fn timestamps(access: u64, modification: u64, flags: u32) -> Result<Timestamps, Errno> {
    let one = |nanoseconds: u64, set: u32, now: u32| {
        let (seconds, rest) = match (flags & set != 0, flags & now != 0) {
            (true, true) => return Err(Errno::Invalid),
            (true, false) => (
                nanoseconds / 1_000_000_000,
                (nanoseconds % 1_000_000_000) as i64,
            ),
            (false, true) => (0, UTIME_NOW),
            (false, false) => (0, UTIME_OMIT),
        };
        Ok(Timespec {
            tv_sec: i64::try_from(seconds).map_err(|_| Errno::Invalid)?,
            tv_nsec: rest,
        })
    };
    Ok(Timestamps {
        last_access: one(access, 1, 2)?,
        last_modification: one(modification, 4, 8)?,
    })
}

pub(crate) fn fd_filestat_set_times(
    _: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    access: u64,
    modification: u64,
    flags: u32,
) -> Answer {
    let times = timestamps(access, modification, flags)?;
    match state.fs.file(fd)? {
        OpenFile::Tmp { file, .. } => {
            rustix::fs::futimens(&*file, &times).map_err(std::io::Error::from)?;
            Ok(())
        }
        OpenFile::Directory { path, .. } => {
            let path = path.clone();
            state.fs.set_times(
                super::ROOT_DESCRIPTOR,
                &path,
                super::Follow::Nothing,
                &times,
            )
        }
        _ => Err(Errno::ReadOnly),
    }
}

pub(crate) fn fd_filestat_get(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    out: u32,
) -> Answer {
    let stat = state.fs.stat_of(fd)?;
    memory.write(out, &stat.encode())
}

pub(crate) fn fd_filestat_set_size(
    _: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    size: u64,
) -> Answer {
    match state.fs.file_and_sources(fd)? {
        (
            OpenFile::Tmp {
                file,
                writable: true,
                ..
            },
            _,
            tmp,
        ) => tmp.set_len(file, size),
        _ => Err(Errno::Invalid),
    }
}

/// Reserving space is growing the file, which the quota counts.
pub(crate) fn fd_allocate(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    offset: u64,
    len: u64,
) -> Answer {
    let end = offset.checked_add(len).ok_or(Errno::Invalid)?;
    if state.fs.file(fd)?.len()? < end {
        fd_filestat_set_size(memory, state, fd, end)?;
    }
    Ok(())
}

/// Descriptors are checked, the advice or the flush is not needed: `/tmp` does not outlive the run.
pub(crate) fn fd_exists(_: &mut GuestMemory, state: &mut GuestState, fd: u32) -> Answer {
    state.fs.file(fd).map(|_| ())
}

pub(crate) fn fd_prestat_get(
    memory: &mut GuestMemory,
    _: &mut GuestState,
    fd: u32,
    out: u32,
) -> Answer {
    if fd != super::ROOT_DESCRIPTOR {
        return Err(Errno::BadDescriptor);
    }
    memory.write_u32(out, 0)?;
    memory.write_u32(out.wrapping_add(4), 1)
}

pub(crate) fn fd_prestat_dir_name(
    memory: &mut GuestMemory,
    _: &mut GuestState,
    fd: u32,
    out: u32,
    len: u32,
) -> Answer {
    if fd != super::ROOT_DESCRIPTOR {
        return Err(Errno::BadDescriptor);
    }
    if len < 1 {
        return Err(Errno::NameTooLong);
    }
    memory.write(out, b"/")
}

pub(crate) fn fd_pread(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffers: u32,
    count: u32,
    offset: u64,
    out: u32,
) -> Answer {
    let spans = memory.buffers(buffers, count)?;
    let total = read_spans(memory, state, fd, offset, &spans)?;
    memory.write_u32(out, total)
}

pub(crate) fn fd_read(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffers: u32,
    count: u32,
    out: u32,
) -> Answer {
    let spans = memory.buffers(buffers, count)?;
    let offset = state
        .fs
        .file(fd)?
        .position()
        .map_or(0, |position| *position);
    let total = read_spans(memory, state, fd, offset, &spans)?;
    if let Ok(position) = state.fs.file(fd)?.position() {
        *position = offset.saturating_add(u64::from(total));
    }
    memory.write_u32(out, total)
}

fn read_spans(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    offset: u64,
    spans: &[Span],
) -> Result<u32, Errno> {
    let (file, library, _) = state.fs.file_and_sources(fd)?;
    let mut total = 0;
    for span in spans {
        let asked = span.len().min(MAX_TRANSFER - total);
        let target = &mut memory.bytes_mut(*span)[..asked];
        let got = file.read_at(library, offset.saturating_add(total as u64), target)?;
        total += got;
        if got < span.len() {
            break;
        }
    }
    u32::try_from(total).map_err(|_| Errno::Invalid)
}

pub(crate) fn fd_write(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffers: u32,
    count: u32,
    out: u32,
) -> Answer {
    let spans = memory.buffers(buffers, count)?;
    let total = match state.fs.file(fd)? {
        OpenFile::Stdout => write_stream(memory, &spans, |piece| state.stdout.write(piece)),
        OpenFile::Stderr => write_stream(memory, &spans, |piece| state.stderr.write(piece)),
        file => {
            let end = match file {
                OpenFile::Tmp { append: true, .. } => Some(file.len()?),
                _ => None,
            };
            let offset = end.unwrap_or_else(|| file.position().map_or(0, |position| *position));
            let total = write_spans(memory, state, fd, offset, &spans)?;
            if let Ok(position) = state.fs.file(fd)?.position() {
                *position = offset.saturating_add(u64::from(total));
            }
            total
        }
    };
    memory.write_u32(out, total)
}

pub(crate) fn fd_pwrite(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffers: u32,
    count: u32,
    offset: u64,
    out: u32,
) -> Answer {
    let spans = memory.buffers(buffers, count)?;
    let total = write_spans(memory, state, fd, offset, &spans)?;
    memory.write_u32(out, total)
}

fn write_stream(memory: &GuestMemory, spans: &[Span], mut write: impl FnMut(&[u8])) -> u32 {
    let mut total = 0_u32;
    for span in spans {
        write(memory.bytes(*span));
        total = total.saturating_add(span.len() as u32);
    }
    total
}

fn write_spans(
    memory: &GuestMemory,
    state: &mut GuestState,
    fd: u32,
    offset: u64,
    spans: &[Span],
) -> Result<u32, Errno> {
    let (file, _, tmp) = state.fs.file_and_sources(fd)?;
    let mut total = 0_usize;
    for span in spans {
        let data = memory.bytes(*span);
        let data = &data[..data.len().min(MAX_TRANSFER - total)];
        match file.write_at(tmp, offset.saturating_add(total as u64), data) {
            Ok(written) => {
                total += written;
                if written < span.len() {
                    break;
                }
            }
            // What was written before the disk was full counts; the next write gets the error.
            Err(error) if total == 0 => return Err(error),
            Err(_) => break,
        }
    }
    u32::try_from(total).map_err(|_| Errno::Invalid)
}

pub(crate) fn fd_seek(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    delta: i64,
    whence: u32,
    out: u32,
) -> Answer {
    let file = state.fs.file(fd)?;
    if let OpenFile::Device(_) = file {
        return memory.write_u64(out, 0);
    }
    let base = match whence {
        0 => 0,
        1 => *file.position()?,
        2 => file.len()?,
        _ => return Err(Errno::Invalid),
    };
    let target = base.checked_add_signed(delta).ok_or(Errno::Invalid)?;
    *file.position()? = target;
    memory.write_u64(out, target)
}

pub(crate) fn fd_tell(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    out: u32,
) -> Answer {
    let position = *state.fs.file(fd)?.position()?;
    memory.write_u64(out, position)
}

pub(crate) fn fd_readdir(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffer: u32,
    len: u32,
    cookie: u64,
    out: u32,
) -> Answer {
    let taken = match state.fs.file(fd)? {
        OpenFile::Directory { listing, .. } if cookie != 0 => listing.take(),
        OpenFile::Directory { .. } => None,
        _ => return Err(Errno::NotDirectory),
    };
    let entries = match taken {
        Some(entries) => entries,
        None => state.fs.list(fd)?,
    };
    let span = memory.span(buffer, len)?;
    let target = memory.bytes_mut(span);
    let mut used = 0;
    let first = usize::try_from(cookie).unwrap_or(usize::MAX);
    for (index, entry) in entries.iter().enumerate().skip(first) {
        let mut record = [0_u8; DIRENT_BYTES];
        record[0..8].copy_from_slice(&(index as u64 + 1).to_le_bytes());
        record[8..16].copy_from_slice(&(index as u64 + 1).to_le_bytes());
        record[16..20].copy_from_slice(&(entry.name.len() as u32).to_le_bytes());
        record[20] = entry.kind as u8;
        for piece in [&record[..], entry.name.as_slice()] {
            let room = piece.len().min(target.len() - used);
            target[used..used + room].copy_from_slice(&piece[..room]);
            used += room;
        }
        if used == target.len() {
            break;
        }
    }
    if let OpenFile::Directory { listing, .. } = state.fs.file(fd)? {
        *listing = Some(entries);
    }
    memory.write_u32(out, used as u32)
}
