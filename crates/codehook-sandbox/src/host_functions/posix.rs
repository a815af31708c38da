//! POSIX calls that WASI preview 1 lacks: copies of descriptors, pipes, permission bits, the space in `/tmp`.
//! `docs/guest-abi.md` describes them. Each returns a number from 0 on, or the negative of preview 1's error number.

use wasmtime::{Caller, Linker};

use super::guest::perform_posix;
use crate::abi::{LinkError, MODULE};
use crate::fs::{Errno, Follow, Mode, ROOT_DESCRIPTOR};
use crate::guest_memory::GuestMemory;
use crate::run_state::GuestState;

type PosixResult = Result<u32, Errno>;

/// Defines calls by name, argument names and implementation; every argument is an u32.
macro_rules! posix_calls {
    ($linker:ident: $($name:literal ($($argument:ident),*) => $call:expr;)*) => {
        $($linker.func_wrap(MODULE, $name, |caller: Caller<'_, GuestState>, $($argument: u32),*| {
            perform_posix(caller, |memory, state| $call(memory, state, $($argument),*))
        })?;)*
    };
}

/// Defines the calls.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    posix_calls! { linker:
        "fd_dup"(fd, at_least) => fd_dup;
        "fd_dup_to"(from, to) => fd_dup_to;
        "fd_mode"(fd) => fd_mode;
        "fd_set_mode"(fd, mode) => fd_set_mode;
        "path_mode"(path, len, follow) => path_mode;
        "path_set_mode"(path, len, mode) => path_set_mode;
        "umask"(mask) => umask;
        "create_mode"(mode) => create_mode;
        "pipe"(out) => pipe;
        "tmp_space"(out) => tmp_space;
    }
    Ok(())
}

/// Returns another descriptor, `at_least` or above, for the same open file.
fn fd_dup(_: &mut GuestMemory, state: &mut GuestState, fd: u32, at_least: u32) -> PosixResult {
    state.fs.duplicate(fd, at_least)
}

/// Makes `to` a descriptor of the file of `from`, and returns it.
fn fd_dup_to(_: &mut GuestMemory, state: &mut GuestState, from: u32, to: u32) -> PosixResult {
    state.fs.duplicate_to(from, to)?;
    Ok(to)
}

/// Returns the `st_mode` of an open file.
fn fd_mode(_: &mut GuestMemory, state: &mut GuestState, fd: u32) -> PosixResult {
    state.fs.mode_of(fd)
}

/// Sets the permission bits of an open file.
fn fd_set_mode(_: &mut GuestMemory, state: &mut GuestState, fd: u32, mode: u32) -> PosixResult {
    state.fs.set_mode_of(fd, Mode::new(mode))?;
    Ok(0)
}

/// Returns the `st_mode` of the file at an absolute path; `follow` is 0 for the link itself.
fn path_mode(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    path: u32,
    len: u32,
    follow: u32,
) -> PosixResult {
    let path = memory.path(path, len)?;
    let follow = if follow == 0 {
        Follow::Nothing
    } else {
        Follow::Links
    };
    state.fs.mode(ROOT_DESCRIPTOR, &path, follow)
}

fn path_set_mode(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    path: u32,
    len: u32,
    mode: u32,
) -> PosixResult {
    let path = memory.path(path, len)?;
    let mode = Mode::new(mode);
    state.fs.set_mode(ROOT_DESCRIPTOR, &path, mode)?;
    Ok(0)
}

/// Sets the permission bits that new files do not get (umask), and returns those before.
fn umask(_: &mut GuestMemory, state: &mut GuestState, mask: u32) -> PosixResult {
    let before = std::mem::replace(&mut state.fs.tmp.mask, Mode::new(mask & 0o777));
    Ok(before.bits())
}

/// Sets the permission bits of the next new file or directory, before the mask; all ones for the usual 0666 or 0777.
fn create_mode(_: &mut GuestMemory, state: &mut GuestState, mode: u32) -> PosixResult {
    state.fs.tmp.create_mode = (mode != u32::MAX).then(|| Mode::new(mode));
    Ok(0)
}

/// Writes two descriptors, the reading end's first.
fn pipe(memory: &mut GuestMemory, state: &mut GuestState, out: u32) -> PosixResult {
    memory.span(out, 8)?;
    let [reader, writer] = state.fs.pipe()?;
    memory.write_u32(out, reader)?;
    memory.write_u32(out.wrapping_add(4), writer)?;
    Ok(0)
}

/// Writes four numbers of 64 bits: bytes allowed and used, entries allowed and used.
fn tmp_space(memory: &mut GuestMemory, state: &mut GuestState, out: u32) -> PosixResult {
    let numbers = state.fs.tmp.space();
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    memory.write(out, &bytes)?;
    Ok(0)
}
