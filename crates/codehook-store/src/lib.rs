//! The state of the service: tenants, their keys, secrets, sources and hooks, and the journal of events, runs and
//! attempts.
//!
//! SQLite in one directory, in WAL mode with full synchronisation: when a method has returned, its change is on disk.
//! One thread writes and commits queued writes together (group commit), so that a thousand writers wait for one
//! synchronisation and not for a thousand. Reads have connections of their own and do not wait for writers.
//!
//! The store does not interpret hooks, sources and reports: they are JSON of the layers above.

mod by_name;
mod cipher;
mod clock;
mod error;
mod id;
mod page;
mod reader;
mod recovery;
mod retention;
mod rotation;
mod store;
mod tables;
mod time;
mod writer;

pub use cipher::{MasterKey, MasterKeyError};
pub use clock::Clock;
pub use error::StoreError;
pub use id::Id;
pub use page::Page;
pub use recovery::Recovered;
pub use rotation::rotate;
pub use store::{Store, backup};
pub use tables::api_keys::{ApiKey, KeyHolder, NewKey};
pub use tables::attempts::{Attempt, AttemptEnd, Next};
pub use tables::events::{Accepted, Event, NewEvent, NewRun};
pub use tables::hooks::{Hook, HookChange, HookVersion};
pub use tables::idempotency_keys::IdempotencyKey;
pub use tables::runs::{QueuedRun, Run, RunFilter};
pub use tables::sources::Source;
pub use tables::tenants::Tenant;
pub use tables::usage::Usage;
pub use time::Millis;
