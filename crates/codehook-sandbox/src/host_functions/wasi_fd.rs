//! WASI preview 1's `fd_*` calls over [`GuestFs`](crate::fs::GuestFs). Each checks the guest's arguments and returns an
//! error number; none can fail the host.
//!
//! Source of numbers and layouts: `wasi_snapshot_preview1.witx`.

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT};
use wasmtime::{Caller, Linker};

use super::guest::{WasiResult, perform_wasi, wasi_calls};
use crate::abi::{LinkError, WASI};
use crate::fs::{Errno, Follow, OpenFile, ROOT_DESCRIPTOR, Side};
use crate::guest_memory::{GuestMemory, Span};
use crate::run_state::GuestState;

pub(super) const FDFLAG_APPEND: u32 = 1;
pub(super) const FDFLAG_NONBLOCK: u32 = 4;
pub(super) const RIGHT_READ: u64 = 1 << 1;
pub(super) const RIGHT_WRITE: u64 = 1 << 6;
const ALL_RIGHTS: u64 = (1 << 30) - 1;
const DIRENT_BYTES: usize = 24;
/// The most bytes that one call moves: keeps a host call short beside the time limit. Linux may also transfer less than
/// requested, and callers go on with the rest.
const MAX_TRANSFER: usize = 8 * 1024 * 1024;

/// Defines the calls.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    wasi_calls! { linker:
        "fd_close"(fd: u32) => fd_close;
        "fd_renumber"(from: u32, to: u32) => fd_renumber;
        "fd_fdstat_get"(fd: u32, out: u32) => fd_fdstat_get;
        "fd_fdstat_set_flags"(fd: u32, flags: u32) => fd_fdstat_set_flags;
        "fd_filestat_get"(fd: u32, out: u32) => fd_filestat_get;
        "fd_filestat_set_size"(fd: u32, size: u64) => fd_filestat_set_size;
        "fd_filestat_set_times"(fd: u32, access: u64, modification: u64, flags: u32) => fd_filestat_set_times;
        "fd_allocate"(fd: u32, offset: u64, len: u64) => fd_allocate;
        "fd_datasync"(fd: u32) => fd_exists;
        "fd_sync"(fd: u32) => fd_exists;
        "fd_prestat_get"(fd: u32, out: u32) => fd_prestat_get;
        "fd_prestat_dir_name"(fd: u32, out: u32, len: u32) => fd_prestat_dir_name;
        "fd_pread"(fd: u32, buffers: u32, count: u32, offset: u64, out: u32) => fd_pread;
        "fd_read"(fd: u32, buffers: u32, count: u32, out: u32) => fd_read;
        "fd_pwrite"(fd: u32, buffers: u32, count: u32, offset: u64, out: u32) => fd_pwrite;
        "fd_write"(fd: u32, buffers: u32, count: u32, out: u32) => fd_write;
        "fd_seek"(fd: u32, delta: i64, whence: u32, out: u32) => fd_seek;
        "fd_tell"(fd: u32, out: u32) => fd_tell;
        "fd_readdir"(fd: u32, buffer: u32, len: u32, cookie: u64, out: u32) => fd_readdir;
    }
    wasi_calls! { linker:
        "fd_advise"(fd: u32, _offset: u64, _len: u64, _advice: u32)
            => |memory: &mut _, state: &mut _, fd, _, _, _| fd_exists(memory, state, fd);
        "fd_fdstat_set_rights"(fd: u32, _base: u64, _inheriting: u64)
            => |memory: &mut _, state: &mut _, fd, _, _| fd_exists(memory, state, fd);
    }
    Ok(())
}

fn fd_close(_: &mut GuestMemory, state: &mut GuestState, fd: u32) -> WasiResult {
    state.fs.close(fd)
}

fn fd_renumber(_: &mut GuestMemory, state: &mut GuestState, from: u32, to: u32) -> WasiResult {
    state.fs.renumber(from, to)
}

fn fd_fdstat_get(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    out: u32,
) -> WasiResult {
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

fn fd_fdstat_set_flags(
    _: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    flags: u32,
) -> WasiResult {
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

fn fd_filestat_set_times(
    _: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    access: u64,
    modification: u64,
    flags: u32,
) -> WasiResult {
    let times = timestamps(access, modification, flags)?;
    match state.fs.file(fd)? {
        OpenFile::Tmp { file, .. } => {
            rustix::fs::futimens(&*file, &times).map_err(std::io::Error::from)?;
            Ok(())
        }
        OpenFile::Directory { path, .. } => {
            let path = path.clone();
            state
                .fs
                .set_times(ROOT_DESCRIPTOR, &path, Follow::Nothing, &times)
        }
        _ => Err(Errno::ReadOnly),
    }
}

fn fd_filestat_get(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    out: u32,
) -> WasiResult {
    let stat = state.fs.stat_of(fd)?;
    memory.write(out, &stat.encode())
}

fn fd_filestat_set_size(
    _: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    size: u64,
) -> WasiResult {
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
fn fd_allocate(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    offset: u64,
    len: u64,
) -> WasiResult {
    let end = offset.checked_add(len).ok_or(Errno::Invalid)?;
    if state.fs.file(fd)?.len()? < end {
        fd_filestat_set_size(memory, state, fd, end)?;
    }
    Ok(())
}

/// Descriptors are checked, the advice or the flush is not needed: `/tmp` does not outlive the run.
fn fd_exists(_: &mut GuestMemory, state: &mut GuestState, fd: u32) -> WasiResult {
    state.fs.file(fd).map(|_| ())
}

fn fd_prestat_get(memory: &mut GuestMemory, _: &mut GuestState, fd: u32, out: u32) -> WasiResult {
    if fd != ROOT_DESCRIPTOR {
        return Err(Errno::BadDescriptor);
    }
    memory.write_u32(out, 0)?;
    memory.write_u32(out.wrapping_add(4), 1)
}

fn fd_prestat_dir_name(
    memory: &mut GuestMemory,
    _: &mut GuestState,
    fd: u32,
    out: u32,
    len: u32,
) -> WasiResult {
    if fd != ROOT_DESCRIPTOR {
        return Err(Errno::BadDescriptor);
    }
    if len < 1 {
        return Err(Errno::NameTooLong);
    }
    memory.write(out, b"/")
}

fn fd_pread(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffers: u32,
    count: u32,
    offset: u64,
    out: u32,
) -> WasiResult {
    let spans = memory.buffers(buffers, count)?;
    let total = read_spans(memory, state, fd, offset, &spans)?;
    memory.write_u32(out, total)
}

fn fd_read(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffers: u32,
    count: u32,
    out: u32,
) -> WasiResult {
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

fn fd_write(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffers: u32,
    count: u32,
    out: u32,
) -> WasiResult {
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

fn fd_pwrite(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffers: u32,
    count: u32,
    offset: u64,
    out: u32,
) -> WasiResult {
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

fn fd_seek(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    delta: i64,
    whence: u32,
    out: u32,
) -> WasiResult {
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

fn fd_tell(memory: &mut GuestMemory, state: &mut GuestState, fd: u32, out: u32) -> WasiResult {
    let position = *state.fs.file(fd)?.position()?;
    memory.write_u64(out, position)
}

fn fd_readdir(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    fd: u32,
    buffer: u32,
    len: u32,
    cookie: u64,
    out: u32,
) -> WasiResult {
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
