//! Attempts of a run, and a script's request for another one, or for none.

use std::time::Duration;

use serde::Serialize;

use crate::redaction::Secrets;

/// The longest time in which another attempt can be asked for.
const MAX_AFTER: Duration = Duration::from_secs(7 * 24 * 3600);

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
