//! What a guest can import: preview 1, and the host call.
//!
//! Clocks, randomness, polling, exit, arguments and environment are wasmtime-wasi's; files are [`crate::fs`]'s, which take the
//! place of wasmtime-wasi's in the linker: that gives a library in memory, quotas on `/tmp`, and no path to the host at all.

use wasmtime::{Caller, Linker};

use crate::checks;
use crate::fs::{Errno, calls, path_calls, posix_calls};
use crate::guest_memory::GuestMemory;
use crate::host_call;
use crate::own_run;
use crate::state::GuestState;
use crate::unwinding;

const PREVIEW_1: &str = "wasi_snapshot_preview1";
const SUCCESS: i32 = 0;

/// The host functions could not be defined. A defect of this crate, not of a script.
#[derive(Debug, thiserror::Error)]
#[error("the host functions could not be linked: {0}")]
pub struct LinkError(#[from] wasmtime::Error);

/// The guest ended itself. wasmtime-wasi's own answer takes codes from 126 on for an error, and Python knows `os._exit(255)`.
#[derive(Debug, thiserror::Error)]
#[error("the guest exited with code {0}")]
pub(crate) struct GuestExit(pub(crate) u32);

/// Runs one file call over the guest's memory and the run's state.
fn answer(
    mut caller: Caller<'_, GuestState>,
    call: impl FnOnce(&mut GuestMemory, &mut GuestState) -> calls::Answer,
) -> i32 {
    let Some(memory) = crate::state::memory_of(&mut caller) else {
        return Errno::Fault as i32;
    };
    let (data, state) = memory.data_and_store_mut(&mut caller);
    match call(&mut GuestMemory::new(data), state) {
        Ok(()) => SUCCESS,
        Err(errno) => errno as i32,
    }
}

/// Defines file calls by name, argument names with their types, and implementation.
macro_rules! file_calls {
    ($linker:ident: $($name:literal ($($argument:ident: $type:ty),*) => $call:expr;)*) => {
        $($linker.func_wrap(PREVIEW_1, $name, |caller: Caller<'_, GuestState>, $($argument: $type),*| {
            answer(caller, |memory, state| $call(memory, state, $($argument),*))
        })?;)*
    };
}

/// Defines everything a guest may import.
///
/// # Errors
///
/// When a definition is refused, which a test of this crate would have shown.
pub fn link_guest(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    wasmtime_wasi::p1::add_to_linker_async(linker, |state: &mut GuestState| &mut state.wasi)?;
    linker.allow_shadowing(true);
    link_descriptors(linker)?;
    link_paths(linker)?;
    host_call::link(linker)?;
    own_run::link(linker)?;
    posix_calls::link(linker)?;
    unwinding::link(linker)?;
    checks::link(linker)?;
    linker.func_wrap(
        PREVIEW_1,
        "proc_exit",
        |_: Caller<'_, GuestState>, code: u32| -> wasmtime::Result<()> {
            Err(GuestExit(code).into())
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

fn link_descriptors(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    file_calls! { linker:
        "fd_close"(fd: u32) => calls::fd_close;
        "fd_renumber"(from: u32, to: u32) => calls::fd_renumber;
        "fd_fdstat_get"(fd: u32, out: u32) => calls::fd_fdstat_get;
        "fd_fdstat_set_flags"(fd: u32, flags: u32) => calls::fd_fdstat_set_flags;
        "fd_filestat_get"(fd: u32, out: u32) => calls::fd_filestat_get;
        "fd_filestat_set_size"(fd: u32, size: u64) => calls::fd_filestat_set_size;
        "fd_filestat_set_times"(fd: u32, access: u64, modification: u64, flags: u32) => calls::fd_filestat_set_times;
        "fd_allocate"(fd: u32, offset: u64, len: u64) => calls::fd_allocate;
        "fd_datasync"(fd: u32) => calls::fd_exists;
        "fd_sync"(fd: u32) => calls::fd_exists;
        "fd_prestat_get"(fd: u32, out: u32) => calls::fd_prestat_get;
        "fd_prestat_dir_name"(fd: u32, out: u32, len: u32) => calls::fd_prestat_dir_name;
        "fd_pread"(fd: u32, buffers: u32, count: u32, offset: u64, out: u32) => calls::fd_pread;
        "fd_read"(fd: u32, buffers: u32, count: u32, out: u32) => calls::fd_read;
        "fd_pwrite"(fd: u32, buffers: u32, count: u32, offset: u64, out: u32) => calls::fd_pwrite;
        "fd_write"(fd: u32, buffers: u32, count: u32, out: u32) => calls::fd_write;
        "fd_seek"(fd: u32, delta: i64, whence: u32, out: u32) => calls::fd_seek;
        "fd_tell"(fd: u32, out: u32) => calls::fd_tell;
        "fd_readdir"(fd: u32, buffer: u32, len: u32, cookie: u64, out: u32) => calls::fd_readdir;
    }
    file_calls! { linker:
        "fd_advise"(fd: u32, _offset: u64, _len: u64, _advice: u32) => |memory: &mut _, state: &mut _, fd, _, _, _| calls::fd_exists(memory, state, fd);
        "fd_fdstat_set_rights"(fd: u32, _base: u64, _inheriting: u64) => |memory: &mut _, state: &mut _, fd, _, _| calls::fd_exists(memory, state, fd);
    }
    Ok(())
}

fn link_paths(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    file_calls! { linker:
        "path_filestat_get"(base: u32, lookup: u32, path: u32, len: u32, out: u32) => path_calls::path_filestat_get;
        "path_filestat_set_times"(base: u32, lookup: u32, path: u32, len: u32, access: u64, modification: u64, flags: u32) => path_calls::path_filestat_set_times;
        "path_create_directory"(base: u32, path: u32, len: u32) => path_calls::path_create_directory;
        "path_remove_directory"(base: u32, path: u32, len: u32) => path_calls::path_remove_directory;
        "path_unlink_file"(base: u32, path: u32, len: u32) => path_calls::path_unlink_file;
        "path_rename"(from: u32, from_path: u32, from_len: u32, to: u32, to_path: u32, to_len: u32) => path_calls::path_rename;
        "path_link"(from: u32, lookup: u32, from_path: u32, from_len: u32, to: u32, to_path: u32, to_len: u32) => path_calls::path_link;
        "path_symlink"(target: u32, target_len: u32, base: u32, path: u32, len: u32) => path_calls::path_symlink;
        "path_readlink"(base: u32, path: u32, len: u32, buffer: u32, buffer_len: u32, out: u32) => path_calls::path_readlink;
    }
    file_calls! { linker:
        "path_open"(base: u32, lookup: u32, path: u32, len: u32, flags: u32, rights: u64, _inheriting: u64, fd_flags: u32, out: u32)
            => |memory: &mut _, state: &mut _, base, lookup, path, len, flags, rights, _, fd_flags, out| path_calls::path_open(memory, state, base, lookup, path, len, flags, rights, fd_flags, out);
    }
    Ok(())
}
