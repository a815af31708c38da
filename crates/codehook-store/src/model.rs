//! Events, runs and attempts as they are read.

use codehook_api_types::{AttemptOutcome, RunState};

use crate::id::Id;
use crate::time::Millis;

/// One event, as it was received and mapped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its identifier.
    pub id: Id,
    /// The source that it came through; none for the API.
    pub source: Option<Id>,
    /// The event itself, JSON.
    pub body: String,
    /// When it was received.
    pub received_at: Millis,
}

/// A hook's answer to an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its identifier.
    pub id: Id,
    /// The event that it is for.
    pub event: Id,
    /// The hook.
    pub hook: Id,
    /// The hook's version, which stays the same for all attempts.
    pub version: u32,
    /// Where it stands.
    pub state: RunState,
    /// Attempts begun.
    pub attempts: u32,
    /// When its next attempt is due, while it is queued.
    pub due_at: Millis,
    /// When it was made.
    pub created_at: Millis,
    /// When it ended for good.
    pub ended_at: Option<Millis>,
    /// The run that it repeats.
    pub replay_of: Option<Id>,
}

/// One execution of a run's script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// From 1.
    pub number: u32,
    /// When it began.
    pub started_at: Millis,
    /// When it ended; none while it is under way.
    pub ended_at: Option<Millis>,
    /// How it ended.
    pub outcome: Option<AttemptOutcome>,
    /// The report, JSON.
    pub report: Option<String>,
}

/// Some of a list, newest first, and where the next ones begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Give this as the cursor for more; none at the end.
    pub next: Option<Id>,
}

impl<T> Page<T> {
    /// Cuts a list that was read with one item more than was asked for.
    pub(crate) fn cut(mut items: Vec<T>, limit: usize, id: impl Fn(&T) -> Id) -> Self {
        let next = if items.len() > limit {
            items.truncate(limit);
            items.last().map(id)
        } else {
            None
        };
        Self { items, next }
    }
}
