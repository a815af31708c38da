//! The streams of server-sent events: all runs of a tenant, and the log of one run.
//!
//! Each event has a name, which server-sent events send beside the data. [`TenantRunEvent`] and [`RunLogEvent`]
//! serialize as the data alone.

use serde::{Deserialize, Serialize};

use crate::names::named_enum;
use crate::outcome::AttemptOutcome;
use crate::runs::RunState;

/// A transition of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunTransition {
    /// An attempt has begun.
    Started,
    /// An attempt has ended.
    Ended {
        /// The outcome of the attempt.
        outcome: AttemptOutcome,
        /// The state of the run; `queued` when another attempt follows.
        state: RunState,
    },
}

/// A run's transition, as the stream of all runs sends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunEvent {
    /// The run's identifier.
    pub run: String,
    /// The event's identifier.
    pub event: String,
    /// The hook's identifier.
    pub hook: String,
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// The transition.
    #[serde(flatten)]
    pub transition: RunTransition,
}

/// A gap in a stream whose reader was too slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MissedEvents {
    /// The number of events that are missing.
    pub missing: u64,
}

/// An event in the stream of all runs of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum TenantRunEvent {
    /// `run`: a transition of a run.
    Run(RunEvent),
    /// `behind`: the reader was too slow.
    Behind(MissedEvents),
}

impl TenantRunEvent {
    /// Returns the event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Run(_) => "run",
            Self::Behind(_) => "behind",
        }
    }

    /// Parses an event from its name and its data; none for a name that this version does not know.
    ///
    /// # Errors
    ///
    /// When the data are not those of an event with this name.
    pub fn parse(name: &str, data: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match name {
            "run" => Self::Run(serde_json::from_str(data)?),
            "behind" => Self::Behind(serde_json::from_str(data)?),
            _ => return Ok(None),
        }))
    }
}

named_enum! {
    /// One of a script's two output streams.
    pub enum OutputStream {
        /// Standard output.
        Stdout,
        /// Standard error.
        Stderr,
    }
}

/// The beginning of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptStarted {
    /// The attempt's number, from 1.
    pub attempt: u32,
}

/// A piece of a script's output, secrets replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OutputChunk {
    /// The stream.
    pub stream: OutputStream,
    /// The text.
    pub text: String,
}

/// The end of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AttemptEnded {
    /// The attempt's number, from 1.
    pub attempt: u32,
    /// The outcome.
    pub outcome: AttemptOutcome,
    /// Why there was no script to run.
    pub error: Option<String>,
}

/// The end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunEnded {
    /// The final state.
    pub state: RunState,
}

/// An event in the log of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum RunLogEvent {
    /// `attempt`: an attempt has begun.
    Attempt(AttemptStarted),
    /// `output`: the script has printed.
    Output(OutputChunk),
    /// `attempt_ended`: an attempt has ended.
    AttemptEnded(AttemptEnded),
    /// `end`: the run has reached its final state.
    End(RunEnded),
}

impl RunLogEvent {
    /// Returns the event's name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Attempt(_) => "attempt",
            Self::Output(_) => "output",
            Self::AttemptEnded(_) => "attempt_ended",
            Self::End(_) => "end",
        }
    }

    /// Parses an event from its name and its data; none for a name that this version does not know.
    ///
    /// # Errors
    ///
    /// When the data are not those of an event with this name.
    pub fn parse(name: &str, data: &str) -> serde_json::Result<Option<Self>> {
        Ok(Some(match name {
            "attempt" => Self::Attempt(serde_json::from_str(data)?),
            "output" => Self::Output(serde_json::from_str(data)?),
            "attempt_ended" => Self::AttemptEnded(serde_json::from_str(data)?),
            "end" => Self::End(serde_json::from_str(data)?),
            _ => return Ok(None),
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::outcome::Outcome;

    #[test]
    fn an_event_is_read_as_it_was_sent() {
        let log = [
            RunLogEvent::Attempt(AttemptStarted { attempt: 1 }),
            RunLogEvent::Output(OutputChunk {
                stream: OutputStream::Stderr,
                text: "a: b\n".to_owned(),
            }),
            RunLogEvent::AttemptEnded(AttemptEnded {
                attempt: 1,
                outcome: AttemptOutcome::Rejected,
                error: Some("no".to_owned()),
            }),
            RunLogEvent::End(RunEnded {
                state: RunState::DeadLetter,
            }),
        ];
        for event in log {
            let data = serde_json::to_string(&event).unwrap();
            assert_eq!(
                RunLogEvent::parse(event.name(), &data).unwrap(),
                Some(event)
            );
        }
        assert_eq!(RunLogEvent::parse("later", "1").unwrap(), None);
        assert!(RunLogEvent::parse("end", "{}").is_err());
        let behind = TenantRunEvent::Behind(MissedEvents { missing: 3 });
        let data = serde_json::to_string(&behind).unwrap();
        assert_eq!(
            TenantRunEvent::parse(behind.name(), &data).unwrap(),
            Some(behind)
        );
    }

    #[test]
    fn a_transition_stands_beside_its_run() {
        let ended = TenantRunEvent::Run(RunEvent {
            run: "r".to_owned(),
            event: "e".to_owned(),
            hook: "h".to_owned(),
            attempt: 2,
            transition: RunTransition::Ended {
                outcome: Outcome::TimedOut.into(),
                state: RunState::Queued,
            },
        });
        let data = json!({
            "run": "r", "event": "e", "hook": "h", "attempt": 2, "what": "ended", "outcome": "timed_out",
            "state": "queued",
        });
        assert_eq!(serde_json::to_value(&ended).unwrap(), data);
        assert_eq!(
            TenantRunEvent::parse("run", &data.to_string()).unwrap(),
            Some(ended)
        );
    }
}
