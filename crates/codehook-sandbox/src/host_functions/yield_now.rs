//! The functions that safepoints call, and that guests with safepoints of their own import.

use wasmtime::{Caller, Linker};

use crate::abi::{LOOP_IS_BOUNDED, LinkError, MODULE, YIELD_NOW};
use crate::run_state::GuestState;

/// Defines the functions.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    linker.func_wrap_async(MODULE, YIELD_NOW, |_: Caller<'_, GuestState>, (): ()| {
        Box::new(tokio::task::yield_now())
    })?;
    linker.func_wrap(MODULE, LOOP_IS_BOUNDED, || 0)?;
    Ok(())
}
