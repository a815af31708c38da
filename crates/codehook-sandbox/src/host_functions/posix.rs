//! What preview 1 has no call for and Linux has: copies of descriptors, pipes, permission bits, the space in `/tmp`. They are imported
//! from the module of the host call; `docs/guest-abi.md` describes them. Each answers a number from 0 on, or the negative of
//! preview 1's error number.

use wasmtime::{Caller, Linker};

use super::{Errno, Follow, Mode, ROOT_DESCRIPTOR};
use crate::guest_memory::GuestMemory;
use crate::host_call::MODULE;
use crate::state::{GuestState, memory_of};
use crate::wasi::LinkError;

type Answer = Result<u32, Errno>;

fn answer(
    mut caller: Caller<'_, GuestState>,
    call: impl FnOnce(&mut GuestMemory, &mut GuestState) -> Answer,
) -> i32 {
    let Some(memory) = memory_of(&mut caller) else {
        return -(Errno::Fault as i32);
    };
    let (data, state) = memory.data_and_store_mut(&mut caller);
    match call(&mut GuestMemory::new(data), state) {
        Ok(number) => i32::try_from(number).unwrap_or(-(Errno::Invalid as i32)),
        Err(errno) => -(errno as i32),
    }
}

/// Defines calls by name, argument names and implementation; every argument is an u32.
macro_rules! posix_calls {
    ($linker:ident: $($name:literal ($($argument:ident),*) => $call:expr;)*) => {
        $($linker.func_wrap(MODULE, $name, |caller: Caller<'_, GuestState>, $($argument: u32),*| {
            answer(caller, |memory, state| $call(memory, state, $($argument),*))
        })?;)*
    };
}

/// Defines them.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    posix_calls! { linker:
        "fd_dup"(fd, at_least) => |_: &mut GuestMemory, state: &mut GuestState, fd, at_least| state.fs.duplicate(fd, at_least);
        "fd_dup_to"(from, to) => |_: &mut GuestMemory, state: &mut GuestState, from, to| state.fs.duplicate_to(from, to).map(|()| to);
        "fd_mode"(fd) => |_: &mut GuestMemory, state: &mut GuestState, fd| state.fs.mode_of(fd);
        "fd_set_mode"(fd, mode) => |_: &mut GuestMemory, state: &mut GuestState, fd, mode| state.fs.set_mode_of(fd, Mode::new(mode)).map(|()| 0);
        "path_mode"(path, len, follow) => path_mode;
        "path_set_mode"(path, len, mode) => path_set_mode;
        "file_mask"(mask) => file_mask;
        "next_mode"(mode) => next_mode;
        "pipe"(out) => pipe;
        "tmp_space"(out) => tmp_space;
    }
    Ok(())
}

/// `st_mode` of what is at an absolute path; `follow` is 0 for the link itself.
fn path_mode(
    memory: &mut GuestMemory,
    state: &mut GuestState,
    path: u32,
    len: u32,
    follow: u32,
) -> Answer {
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
) -> Answer {
    let path = memory.path(path, len)?;
    let mode = Mode::new(mode);
    state.fs.set_mode(ROOT_DESCRIPTOR, &path, mode)?;
    Ok(0)
}

/// The bits that new files do not get; answers those before.
fn file_mask(_: &mut GuestMemory, state: &mut GuestState, mask: u32) -> Answer {
    let before = std::mem::replace(&mut state.fs.tmp.mask, Mode::new(mask & 0o777));
    Ok(before.bits())
}

/// What the next new file or directory gets, before the mask; all ones for the usual 0666 or 0777.
fn next_mode(_: &mut GuestMemory, state: &mut GuestState, mode: u32) -> Answer {
    state.fs.tmp.next_mode = (mode != u32::MAX).then(|| Mode::new(mode));
    Ok(0)
}

/// Writes two descriptors, the reading end's first.
fn pipe(memory: &mut GuestMemory, state: &mut GuestState, out: u32) -> Answer {
    memory.span(out, 8)?;
    let [reader, writer] = state.fs.pipe()?;
    memory.write_u32(out, reader)?;
    memory.write_u32(out.wrapping_add(4), writer)?;
    Ok(0)
}

/// Writes four numbers of 64 bits: bytes allowed and used, entries allowed and used.
fn tmp_space(memory: &mut GuestMemory, state: &mut GuestState, out: u32) -> Answer {
    let numbers = state.fs.tmp.space();
    let bytes: Vec<u8> = numbers
        .iter()
        .flat_map(|number| number.to_le_bytes())
        .collect();
    memory.write(out, &bytes)?;
    Ok(0)
}
