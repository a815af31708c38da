//! Returning results to a guest: into its memory, as error numbers, and as error codes with a sentence.

use codehook_egress::EgressError;
use wasmtime::Caller;

use crate::fs::Errno;
use crate::guest_memory::{GuestMemory, copy_in};
use crate::run_state::{GuestState, memory_of};

/// Result of a WASI call.
pub(super) type WasiResult = Result<(), Errno>;

const SUCCESS: i32 = 0;

/// Error codes of the guest ABI; `python-wasm/tests/shims/test_error_codes.py` compares them with the guest's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Code {
    Invalid = -1,
    Denied = -2,
    Name = -3,
    Refused = -4,
    Tls = -5,
    Timeout = -6,
    Limit = -7,
    Protocol = -8,
    Handle = -9,
}

/// Error of a call before it reaches the session.
pub(super) const BAD_POINTER: &str = "a pointer or a length lies outside the memory of the guest";

fn code_of(error: &EgressError) -> Code {
    use EgressError as E;
    match error {
        E::DeniedByPolicy { .. } | E::ForbiddenAddress { .. } => Code::Denied,
        E::NameNotFound { .. } => Code::Name,
        E::ConnectionRefused { .. } | E::Unreachable { .. } => Code::Refused,
        E::Tls { .. } | E::TrustStore => Code::Tls,
        E::ConnectTimedOut { .. } | E::TimedOut | E::TimeLimit { .. } => Code::Timeout,
        E::TooManyRequests { .. }
        | E::TooManyOpenExchanges { .. }
        | E::RequestTooLarge { .. }
        | E::ResponseTooLarge { .. }
        | E::TooManyBytes { .. } => Code::Limit,
        E::InvalidRequest(_) => Code::Invalid,
        E::UnknownExchange => Code::Handle,
        _ => Code::Protocol,
    }
}

/// Records an error for `error_text`, and returns its code.
pub(super) fn fail(state: &mut GuestState, code: Code, text: &str) -> i32 {
    text.clone_into(&mut state.last_error);
    code as i32
}

/// Records an error of the session.
pub(super) fn fail_with(state: &mut GuestState, error: &EgressError) -> i32 {
    fail(state, code_of(error), &error.to_string())
}

/// Copies as much of `bytes` as `cap` holds, and returns the full length. A guest learns the length first with a `cap`
/// of 0.
pub(super) fn write_result(
    caller: &mut Caller<'_, GuestState>,
    bytes: &[u8],
    out: u32,
    cap: u32,
) -> i32 {
    let len = bytes.len().min(cap as usize);
    let copied =
        memory_of(caller).and_then(|memory| copy_in(&mut *caller, memory, out, &bytes[..len]));
    match copied {
        Some(()) => i32::try_from(bytes.len()).unwrap_or(i32::MAX),
        None => fail(caller.data_mut(), Code::Invalid, BAD_POINTER),
    }
}

/// Performs a call over the guest's memory and the run's state, and returns its result. A guest without memory gets a
/// fault.
fn perform<T>(
    caller: &mut Caller<'_, GuestState>,
    call: impl FnOnce(&mut GuestMemory, &mut GuestState) -> Result<T, Errno>,
) -> Result<T, Errno> {
    let memory = memory_of(caller).ok_or(Errno::Fault)?;
    let (data, state) = memory.data_and_store_mut(caller);
    call(&mut GuestMemory::new(data), state)
}

/// Performs a WASI call: returns 0 or the error number.
pub(super) fn perform_wasi(
    mut caller: Caller<'_, GuestState>,
    call: impl FnOnce(&mut GuestMemory, &mut GuestState) -> WasiResult,
) -> i32 {
    match perform(&mut caller, call) {
        Ok(()) => SUCCESS,
        Err(errno) => errno as i32,
    }
}

/// Performs a call that returns a number from 0 on, or the negative of the error number.
pub(super) fn perform_posix(
    mut caller: Caller<'_, GuestState>,
    call: impl FnOnce(&mut GuestMemory, &mut GuestState) -> Result<u32, Errno>,
) -> i32 {
    match perform(&mut caller, call) {
        Ok(number) => i32::try_from(number).unwrap_or(-(Errno::Invalid as i32)),
        Err(errno) => -(errno as i32),
    }
}

/// Defines WASI calls by name, argument names with their types, and implementation.
macro_rules! wasi_calls {
    ($linker:ident: $($name:literal ($($argument:ident: $type:ty),*) => $call:expr;)*) => {
        $($linker.func_wrap(WASI, $name, |caller: Caller<'_, GuestState>, $($argument: $type),*| {
            perform_wasi(caller, |memory, state| $call(memory, state, $($argument),*))
        })?;)*
    };
}
pub(super) use wasi_calls;
