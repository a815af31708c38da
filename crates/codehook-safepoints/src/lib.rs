//! Checks in a guest's code at which it gives way to other runs, and can be stopped.
//!
//! wasmtime's own (epochs) stand at every loop's head and in every function and took a fifth of an interpreter's time. These
//! are as many as it takes: on every way back to a loop's head, but for loops that [end by themselves](bounded), and in so many
//! functions that no circle of calls is without. No code can then go on for long without passing one: between two checks it runs
//! forwards, through at most one pass over the memory at a time, and calls form a tree.
//!
//! A check compares a number in a memory that all guests of an engine share, the [clock](crate::clock), with the number that was
//! there when the instance last gave way. The guest's own code has no way to name that memory or that global: it is
//! validated before they are added.

mod body;
mod bounded;
mod calls;
mod nesting;
mod reencode;

use wasmtime::{Caller, Linker};

use crate::host_call::MODULE;
use crate::state::GuestState;
use crate::wasi::LinkError;

pub(crate) use reencode::write;

/// The export that holds the clock's number of when the instance last gave way; the host sets it at a run's start.
pub(crate) const SEEN: &str = "codehook.seen";
/// What a check calls when the clock has ticked; a guest may import it and call it as well.
pub(crate) const GIVE_WAY: &str = "give_way";
/// What a guest may import and call to say that a way around a loop leads forwards; it answers 0.
pub(crate) const FORWARD: &str = "forward";

/// Part of the name of compiled code: another number for each way of writing checks.
pub(crate) const VERSION: u32 = 2;

/// Whether a guest's own calls of [`GIVE_WAY`] and [`FORWARD`] are relied upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum OwnCalls {
    /// They are calls like others.
    Ignored,
    /// Those of the first are checks, and loops around either have no others.
    Trusted,
}

/// Defines what checks call.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    linker.func_wrap_async(MODULE, GIVE_WAY, |_: Caller<'_, GuestState>, (): ()| {
        Box::new(tokio::task::yield_now())
    })?;
    linker.func_wrap(MODULE, FORWARD, || 0)?;
    Ok(())
}

/// Why checks cannot be written into a module.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChecksError {
    #[error(transparent)]
    Malformed(#[from] wasmparser::BinaryReaderError),
    #[error("its code cannot be written anew: {0}")]
    Reencode(#[from] wasm_encoder::reencode::Error),
    #[error("it imports a memory, or has one of at most one page, which is the clock's")]
    Memory,
    #[error(
        "it imports `give_way` as something else than a function without parameters and results"
    )]
    GiveWay,
    #[error(
        "it imports `forward` as something else than a function without parameters that answers an i32"
    )]
    Forward,
}
