//! What a script asked for when it ended itself: another attempt, or none.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The longest delay that a script can ask for.
const MAX_DELAY: Duration = Duration::from_secs(7 * 24 * 3600);

/// What a script asked for by `codehook.retry()` or `codehook.abort()`. Counts where the script failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, strum::IntoStaticStr)]
#[serde(tag = "what", rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RetryDirective {
    /// Another attempt.
    Retry {
        /// The delay in seconds; none leaves it to the hook's settings.
        after_seconds: Option<f64>,
        /// The script's reason, secrets replaced; may be empty.
        reason: String,
    },
    /// No further attempt.
    Abort {
        /// The script's reason, secrets replaced; may be empty.
        reason: String,
    },
}

impl RetryDirective {
    /// Returns the name: `retry` or `abort`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Returns the delay before the attempt that was asked for, at most a week.
    #[must_use]
    pub fn after(&self) -> Option<Duration> {
        match self {
            Self::Retry { after_seconds, .. } => {
                after_seconds.map(|seconds| MAX_DELAY.mul_f64(fraction(seconds)))
            }
            Self::Abort { .. } => None,
        }
    }

    /// Returns the script's reason; may be empty.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Self::Retry { reason, .. } | Self::Abort { reason } => reason,
        }
    }

    /// Replaces the reason by what `change` makes of it.
    #[must_use]
    pub fn map_reason(mut self, change: impl FnOnce(&str) -> String) -> Self {
        let (Self::Retry { reason, .. } | Self::Abort { reason }) = &mut self;
        *reason = change(reason);
        self
    }
}

/// Returns `seconds` as a fraction of the longest delay.
fn fraction(seconds: f64) -> f64 {
    let part = seconds / MAX_DELAY.as_secs_f64();
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
    fn a_delay_that_was_asked_for_is_a_week_at_most_and_never_negative() {
        let after = |after_seconds| {
            let directive = RetryDirective::Retry {
                after_seconds,
                reason: String::new(),
            };
            directive.after()
        };
        assert_eq!(after(None), None);
        assert_eq!(after(Some(60.0)), Some(Duration::from_secs(60)));
        assert_eq!(after(Some(-1.0)), Some(Duration::ZERO));
        assert_eq!(after(Some(1e300)), Some(MAX_DELAY));
        assert_eq!(after(Some(f64::NAN)), Some(Duration::ZERO));
    }

    #[test]
    fn the_reason_alone_is_changed() {
        let retry = RetryDirective::Retry {
            after_seconds: Some(1.0),
            reason: "key".to_owned(),
        };
        let changed = retry.map_reason(str::to_uppercase);
        assert_eq!(
            (changed.reason(), changed.after()),
            ("KEY", Some(Duration::from_secs(1)))
        );
        let abort = RetryDirective::Abort {
            reason: String::new(),
        };
        assert_eq!(abort.after(), None);
        assert_eq!(serde_json::to_value(&abort).unwrap()["what"], abort.name());
    }
}
