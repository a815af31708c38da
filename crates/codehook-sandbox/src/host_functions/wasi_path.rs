//! WASI preview 1's `path_*` calls over [`GuestFs`](crate::fs::GuestFs), beside the `fd_*` calls of [`super::wasi_fd`].

use wasmtime::{Caller, Linker};

use super::guest::{WasiResult, perform_wasi, wasi_calls};
use super::wasi_fd::{FDFLAG_APPEND, RIGHT_READ, RIGHT_WRITE, timestamps};
use crate::abi::{LinkError, WASI};
use crate::fs::{Errno, Follow, OpenFile, OpenHow, RequireDirectory, bytes_of};
use crate::guest_memory::GuestMemory;
use crate::run_state::GuestState;

const LOOKUP_FOLLOW: u32 = 1;
const O_CREAT: u32 = 1;
const O_DIRECTORY: u32 = 2;
const O_EXCL: u32 = 4;
const O_TRUNC: u32 = 8;

/// Defines the calls.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    wasi_calls! { linker:
        "path_filestat_get"(base: u32, lookup: u32, path: u32, len: u32, out: u32) => path_filestat_get;
        "path_filestat_set_times"(
            base: u32, lookup: u32, path: u32, len: u32, access: u64, modification: u64, flags: u32
        ) => path_filestat_set_times;
        "path_create_directory"(base: u32, path: u32, len: u32) => path_create_directory;
        "path_remove_directory"(base: u32, path: u32, len: u32) => path_remove_directory;
        "path_unlink_file"(base: u32, path: u32, len: u32) => path_unlink_file;
        "path_rename"(from: u32, from_path: u32, from_len: u32, to: u32, to_path: u32, to_len: u32) => path_rename;
        "path_link"(from: u32, lookup: u32, from_path: u32, from_len: u32, to: u32, to_path: u32, to_len: u32)
            => path_link;
        "path_symlink"(target: u32, target_len: u32, base: u32, path: u32, len: u32) => path_symlink;
        "path_readlink"(base: u32, path: u32, len: u32, buffer: u32, buffer_len: u32, out: u32) => path_readlink;
    }
    wasi_calls! { linker:
        "path_open"(
            base: u32, lookup: u32, path: u32, len: u32, flags: u32, rights: u64, inheriting: u64, fd_flags: u32,
            out: u32
        ) => path_open;
    }
    Ok(())
}

fn follow(flags: u32) -> Follow {
    if flags & LOOKUP_FOLLOW == 0 {
        Follow::Nothing
    } else {
        Follow::Links
    }
}

#[expect(clippy::too_many_arguments, reason = "the call's own arguments")]
fn path_open(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    base: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    flags: u32,
    rights: u64,
    _inheriting: u64,
    fd_flags: u32,
    out: u32,
) -> WasiResult {
    let path = memory.path(path, path_len)?;
    let how = OpenHow {
        read: rights & RIGHT_READ != 0,
        write: rights & RIGHT_WRITE != 0 && flags & O_DIRECTORY == 0,
        create: flags & O_CREAT != 0,
        exclusive: flags & O_EXCL != 0,
        truncate: flags & O_TRUNC != 0,
    };
    let want = if flags & O_DIRECTORY == 0 {
        RequireDirectory::No
    } else {
        RequireDirectory::Yes
    };
    let fd = state.fs.open(base, &path, follow(lookup), how, want)?;
    if let OpenFile::Tmp { append, .. } = state.fs.file(fd)? {
        *append = fd_flags & FDFLAG_APPEND != 0;
    }
    memory.write_u32(out, fd)
}

fn path_filestat_get(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    base: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    out: u32,
) -> WasiResult {
    let path = memory.path(path, path_len)?;
    let stat = state.fs.stat(base, &path, follow(lookup))?;
    memory.write(out, &stat.encode())
}

#[expect(clippy::too_many_arguments, reason = "the call's own arguments")]
fn path_filestat_set_times(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    base: u32,
    lookup: u32,
    path: u32,
    path_len: u32,
    access: u64,
    modification: u64,
    flags: u32,
) -> WasiResult {
    let path = memory.path(path, path_len)?;
    let times = timestamps(access, modification, flags)?;
    state.fs.set_times(base, &path, follow(lookup), &times)
}

fn path_create_directory(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    base: u32,
    path: u32,
    path_len: u32,
) -> WasiResult {
    let path = memory.path(path, path_len)?;
    if state.fs.stat(base, &path, Follow::Nothing).is_ok() {
        return Err(Errno::Exists);
    }
    state.fs.create_directory(base, &path)
}

fn path_remove_directory(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    base: u32,
    path: u32,
    path_len: u32,
) -> WasiResult {
    let path = memory.path(path, path_len)?;
    state.fs.remove_directory(base, &path)
}

fn path_unlink_file(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    base: u32,
    path: u32,
    path_len: u32,
) -> WasiResult {
    let path = memory.path(path, path_len)?;
    state.fs.unlink(base, &path)
}

#[expect(clippy::too_many_arguments, reason = "the call's own arguments")]
fn path_rename(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    from: u32,
    from_path: u32,
    from_len: u32,
    to: u32,
    to_path: u32,
    to_len: u32,
) -> WasiResult {
    let from_path = memory.path(from_path, from_len)?;
    let to_path = memory.path(to_path, to_len)?;
    state.fs.rename((from, &from_path), (to, &to_path))
}

#[expect(clippy::too_many_arguments, reason = "the call's own arguments")]
fn path_link(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    from: u32,
    _lookup: u32,
    from_path: u32,
    from_len: u32,
    to: u32,
    to_path: u32,
    to_len: u32,
) -> WasiResult {
    let from_path = memory.path(from_path, from_len)?;
    let to_path = memory.path(to_path, to_len)?;
    state.fs.hard_link((from, &from_path), (to, &to_path))
}

fn path_symlink(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    target: u32,
    target_len: u32,
    base: u32,
    path: u32,
    path_len: u32,
) -> WasiResult {
    let target = memory.path(target, target_len)?;
    let path = memory.path(path, path_len)?;
    state.fs.symlink(&target, base, &path)
}

#[expect(clippy::too_many_arguments, reason = "the call's own arguments")]
fn path_readlink(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    base: u32,
    path: u32,
    path_len: u32,
    buffer: u32,
    buffer_len: u32,
    out: u32,
) -> WasiResult {
    let path = memory.path(path, path_len)?;
    let target = state.fs.read_link(base, &path)?;
    let target = bytes_of(&target);
    let len = target.len().min(buffer_len as usize);
    memory.write(buffer, &target[..len])?;
    memory.write_u32(out, len as u32)
}
