//! Events, runs and attempts as they are read.

use serde::{Deserialize, Serialize};

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

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunState {
    /// Waits for its turn, or for its next attempt.
    Queued,
    /// An attempt is under way.
    Running,
    /// Ended well.
    Succeeded,
    /// Ended in a way that another attempt would not mend, or gave up by itself.
    Failed,
    /// Its last attempt has failed. It can be replayed.
    DeadLetter,
    /// Somebody cancelled it.
    Cancelled,
}

impl RunState {
    /// Every state, by the name that it is stored under.
    pub const ALL: [(Self, &'static str); 6] = [
        (Self::Queued, "queued"),
        (Self::Running, "running"),
        (Self::Succeeded, "succeeded"),
        (Self::Failed, "failed"),
        (Self::DeadLetter, "dead_letter"),
        (Self::Cancelled, "cancelled"),
    ];

    /// Its name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let named = Self::ALL.iter().find(|(state, _)| *state == self);
        named.map_or("queued", |(_, name)| name)
    }

    /// Whether nothing more will happen to it.
    #[must_use]
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running)
    }
}

impl rusqlite::ToSql for RunState {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        self.as_str().to_sql()
    }
}

impl rusqlite::types::FromSql for RunState {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        let text = value.as_str()?;
        let named = Self::ALL.iter().find(|(_, name)| *name == text);
        named
            .map(|(state, _)| *state)
            .ok_or(rusqlite::types::FromSqlError::InvalidType)
    }
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
    /// How: an outcome of the sandbox, `rejected`, or `interrupted` when the service itself ended.
    pub outcome: Option<String>,
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
