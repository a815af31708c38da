//! What a script may know of its own run, and what it may ask for afterwards: another attempt, or none. The Python side
//! is the module `codehook` of the library; `docs/guest-abi.md` describes the calls.

use wasmtime::{Caller, Linker};

use super::guest::write_result;
use crate::abi::{LinkError, MODULE, RUN_DIRECTIVE, RUN_INFO};
use crate::guest_memory::copy_out;
use crate::run_state::{GuestState, memory_of};
use codehook_api_types::RetryDirective;

/// The longest reason in bytes that is kept; the rest is cut off.
const MAX_REASON_BYTES: u32 = 1000;
/// Result of a request that does not exist.
const INVALID: i32 = -1;

/// Defines the calls.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    linker.func_wrap(
        MODULE,
        RUN_INFO,
        |mut caller: Caller<'_, GuestState>, out: u32, cap: u32| {
            let text = serde_json::to_vec(&caller.data().attempt).unwrap_or_default();
            write_result(&mut caller, &text, out, cap)
        },
    )?;
    linker.func_wrap(
        MODULE,
        RUN_DIRECTIVE,
        |mut caller: Caller<'_, GuestState>, what: u32, after: i64, reason: u32, len: u32| {
            let reason = memory_of(&mut caller)
                .and_then(|memory| copy_out(&caller, memory, reason, len.min(MAX_REASON_BYTES)));
            let Some(reason) = reason else {
                return INVALID;
            };
            let reason = String::from_utf8_lossy(&reason).into_owned();
            caller.data_mut().asked = Some(match what {
                0 => RetryDirective::Retry {
                    // Milliseconds; negative for none.
                    after_seconds: u64::try_from(after).ok().map(|after| after as f64 / 1000.0),
                    reason,
                },
                1 => RetryDirective::Abort { reason },
                _ => return INVALID,
            });
            0
        },
    )?;
    Ok(())
}
