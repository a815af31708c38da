//! Everything that a guest can import.
//!
//! Clocks, randomness, polling, arguments and environment are wasmtime-wasi's. Files are [`crate::fs`]'s, which replace
//! wasmtime-wasi's in the linker: they give a library in memory, quotas on `/tmp`, and no path to the host at all.

use wasmtime::{Caller, Linker};

use crate::abi::{LinkError, WASI};
use crate::host_functions::{http, posix, run_control, unwind, wasi_fd, wasi_path, yield_now};
use crate::run_state::GuestState;

/// Error with which `proc_exit` ends the guest. wasmtime-wasi's own refuses codes from 126 on, and Python has
/// `os._exit(255)`.
#[derive(Debug, thiserror::Error)]
#[error("the guest exited with code {0}")]
pub(crate) struct GuestExit(pub(crate) u32);

/// Defines everything a guest may import.
///
/// # Errors
///
/// When a definition is refused, which a test of this crate would have shown.
pub fn link_guest(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    wasmtime_wasi::p1::add_to_linker_async(linker, |state: &mut GuestState| &mut state.wasi)?;
    linker.allow_shadowing(true);
    wasi_fd::link(linker)?;
    wasi_path::link(linker)?;
    http::link(linker)?;
    run_control::link(linker)?;
    posix::link(linker)?;
    unwind::link(linker)?;
    yield_now::link(linker)?;
    linker.func_wrap(
        WASI,
        "proc_exit",
        |_: Caller<'_, GuestState>, code: u32| -> wasmtime::Result<()> {
            Err(GuestExit(code).into())
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}
