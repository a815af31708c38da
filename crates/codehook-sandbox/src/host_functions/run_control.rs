//! What a script may know of its own run, and what it may ask for afterwards: another attempt, or none. The Python side is the module
//! `codehook` of the library; `docs/guest-abi.md` describes the calls.

use std::time::Duration;

use serde::Serialize;
use wasmtime::{Caller, Linker};

use crate::guest_memory::copy_out;
use crate::host_call::{MODULE, give};
use crate::redaction::Secrets;
use crate::state::{GuestState, memory_of};
use crate::wasi::LinkError;

/// The longest reason in bytes that is kept; the rest is cut off.
const MAX_REASON_BYTES: u32 = 1000;
/// The longest time in which another attempt can be asked for.
const MAX_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);
/// What the guest is answered when it asks for nothing that there is.
const INVALID: i32 = -1;

/// Which attempt of which run a script is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// From 1.
    pub attempt: u32,
    /// The run's identifier, the same for all its attempts; none where no journal knows the run.
    pub run_id: Option<String>,
}

impl Default for Attempt {
    fn default() -> Self {
        Self {
            attempt: 1,
            run_id: None,
        }
    }
}

/// What a script asked for when it ended itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Asked {
    /// Another attempt.
    Retry {
        /// In so many seconds; none leaves it to the hook's settings.
        after_seconds: Option<f64>,
        /// Why, secrets replaced; may be empty.
        reason: String,
    },
    /// No further attempt.
    Abort {
        /// Why, secrets replaced; may be empty.
        reason: String,
    },
}

impl Asked {
    pub(crate) fn redacted(self, secrets: &Secrets) -> Self {
        match self {
            Self::Retry {
                after_seconds,
                reason,
            } => Self::Retry {
                after_seconds,
                reason: secrets.redact_text(&reason),
            },
            Self::Abort { reason } => Self::Abort {
                reason: secrets.redact_text(&reason),
            },
        }
    }

    /// The time until the attempt that was asked for, at most a week.
    #[must_use]
    pub fn after(&self) -> Option<Duration> {
        match self {
            Self::Retry { after_seconds, .. } => {
                after_seconds.map(|seconds| MAX_AFTER.mul_f64(fraction(seconds)))
            }
            Self::Abort { .. } => None,
        }
    }
}

/// The part of the longest time that so many seconds are.
fn fraction(seconds: f64) -> f64 {
    let part = seconds / MAX_AFTER.as_secs_f64();
    if part.is_nan() {
        0.0
    } else {
        part.clamp(0.0, 1.0)
    }
}

/// Defines the calls.
pub(crate) fn link(linker: &mut Linker<GuestState>) -> Result<(), LinkError> {
    linker.func_wrap(
        MODULE,
        "run_info",
        |mut caller: Caller<'_, GuestState>, out: u32, cap: u32| {
            let text = serde_json::to_vec(&caller.data().attempt).unwrap_or_default();
            give(&mut caller, &text, out, cap)
        },
    )?;
    linker.func_wrap(
        MODULE,
        "run_ask",
        |mut caller: Caller<'_, GuestState>, what: u32, after: i64, reason: u32, len: u32| {
            let reason = memory_of(&mut caller)
                .and_then(|memory| copy_out(&caller, memory, reason, len.min(MAX_REASON_BYTES)));
            let Some(reason) = reason else {
                return INVALID;
            };
            let reason = String::from_utf8_lossy(&reason).into_owned();
            caller.data_mut().asked = Some(match what {
                0 => Asked::Retry {
                    // Milliseconds; negative for none.
                    after_seconds: u64::try_from(after).ok().map(|after| after as f64 / 1000.0),
                    reason,
                },
                1 => Asked::Abort { reason },
                _ => return INVALID,
            });
            0
        },
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_that_was_asked_for_is_a_week_at_most_and_never_none() {
        let after = |after_seconds| {
            let asked = Asked::Retry {
                after_seconds,
                reason: String::new(),
            };
            asked.after()
        };
        assert_eq!(after(None), None);
        assert_eq!(after(Some(60.0)), Some(Duration::from_secs(60)));
        assert_eq!(after(Some(1e300)), Some(MAX_AFTER));
        assert_eq!(after(Some(f64::NAN)), Some(Duration::ZERO));
    }
}
