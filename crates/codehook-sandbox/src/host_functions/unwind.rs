//! Leaving deep calls at once, as C libraries do with `setjmp` and `longjmp`: `protect` calls the guest back, and
//! `unwind` ends that call as a trap would. `docs/guest-abi.md` describes both for authors of guests.
//!
//! Only `unwind` is caught. A real trap, a limit or `proc_exit` below a `protect` ends the run as it would anywhere
//! else.

use wasmtime::{Caller, Extern, Linker};

use crate::abi::{CALL_BACK, LinkError, MODULE, PROTECT, UNWIND};
use crate::run_state::GuestState;

/// Result of `protect` when the call returned.
const RETURNED: i32 = 0;
/// Result of `protect` when the call was left through `unwind`.
const UNWOUND: i32 = 1;

/// Native stacks that a run needs at the same time, at most: its own, and that of the one protected call.
pub(crate) const STACKS_OF_A_RUN: usize = 2;

/// Error that travels from `unwind` to `protect`.
#[derive(Debug, thiserror::Error)]
#[error("the guest unwinds to its protected call")]
struct Unwind;

/// Errors of a guest that end its run.
#[derive(Debug, thiserror::Error)]
enum Misuse {
    #[error("the guest protects a call inside a protected call")]
    Nested,
    #[error("the guest unwinds without a protected call to unwind to")]
    Unprotected,
    #[error("the guest has no function {CALL_BACK} to call back")]
    NoCallBack,
}

/// Defines `protect` and `unwind`.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    linker.func_wrap_async(
        MODULE,
        PROTECT,
        |mut caller: Caller<'_, GuestState>, (function, argument): (u32, u32)| {
            Box::new(async move { protect(&mut caller, function, argument).await })
        },
    )?;
    linker.func_wrap(
        MODULE,
        UNWIND,
        |caller: Caller<'_, GuestState>| -> wasmtime::Result<()> {
            if caller.data().in_protected_call {
                Err(Unwind.into())
            } else {
                Err(Misuse::Unprotected.into())
            }
        },
    )?;
    Ok(())
}

/// Performs a protected call. It takes a native stack of its own, so nesting is refused: it would take any number of
/// them.
async fn protect(
    caller: &mut Caller<'_, GuestState>,
    function: u32,
    argument: u32,
) -> wasmtime::Result<i32> {
    if caller.data().in_protected_call {
        return Err(Misuse::Nested.into());
    }
    let call_back = caller
        .get_export(CALL_BACK)
        .and_then(Extern::into_func)
        .ok_or(Misuse::NoCallBack)?
        .typed::<(u32, u32), ()>(&*caller)?;
    caller.data_mut().in_protected_call = true;
    let result = call_back
        .call_async(&mut *caller, (function, argument))
        .await;
    caller.data_mut().in_protected_call = false;
    match result {
        Ok(()) => Ok(RETURNED),
        Err(error) if error.is::<Unwind>() => Ok(UNWOUND),
        Err(error) => Err(error),
    }
}
