//! Names in a guest's WebAssembly module: what it imports from the host and exports to it. `docs/guest-abi.md`
//! describes them.

use codehook_safepoints::Names;

/// Module of the imports that are not WASI's.
pub(crate) const MODULE: &str = "codehook";
/// Module of WASI preview 1.
pub(crate) const WASI: &str = "wasi_snapshot_preview1";

/// Import that returns when it is the run's turn again.
pub(crate) const YIELD_NOW: &str = "yield_now";
/// Import by which a guest declares that the loops around the call terminate.
pub(crate) const LOOP_IS_BOUNDED: &str = "loop_is_bounded";
/// Export of the global with the epoch at which the instance yielded last.
pub(crate) const LAST_EPOCH: &str = "codehook.last_epoch";

/// Names that safepoints use.
pub(crate) const SAFEPOINT_NAMES: Names<'static> = Names {
    module: MODULE,
    yield_now: YIELD_NOW,
    terminates: LOOP_IS_BOUNDED,
    last_epoch: LAST_EPOCH,
};

/// Import that returns the attempt and the run's identifier as JSON.
pub(crate) const RUN_INFO: &str = "run_info";
/// Import that requests another attempt, or none.
pub(crate) const RUN_DIRECTIVE: &str = "run_directive";
/// Import that calls [`CALL_BACK`] such that [`UNWIND`] can leave the call.
pub(crate) const PROTECT: &str = "protect";
/// Import that leaves the protected call.
pub(crate) const UNWIND: &str = "unwind";

/// Export of the memory.
pub(crate) const MEMORY: &str = "memory";
/// Export that allocates memory for the script's path.
pub(crate) const ALLOC: &str = "codehook_alloc";
/// Export that runs a script.
pub(crate) const RUN: &str = "codehook_run";
/// Export that compiles a script without running it.
pub(crate) const CHECK: &str = "codehook_check";
/// Export that calls a function for [`PROTECT`].
pub(crate) const CALL_BACK: &str = "codehook_call";

/// The host functions could not be defined. A defect of this crate, not of a script.
#[derive(Debug, thiserror::Error)]
#[error("the host functions could not be linked: {0}")]
pub struct LinkError(#[from] wasmtime::Error);
