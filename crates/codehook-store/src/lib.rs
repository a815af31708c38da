//! What the service keeps: tenants, their keys, secrets, sources and hooks, and the journal of events, runs and attempts.
//!
//! SQLite in one directory, in WAL mode with full synchronisation: what a method has answered is on disk. Writes go through one thread,
//! which commits those that wait together (group commit), so that a thousand writers wait for one synchronisation and not for a thousand.
//! Reads have connections of their own and wait for no writer.
//!
//! Refuses to know what a hook, a source or a report is made of: those are JSON of the layers above.

mod answers;
mod by_name;
mod cipher;
mod error;
mod events;
mod hooks;
mod id;
mod journal;
mod keys;
mod model;
mod reader;
mod recovery;
mod retention;
mod rotation;
mod runs;
mod secrets;
mod sources;
mod tenants;
mod time;
mod usage;
mod writer;

pub use answers::Answered;
pub use cipher::{MasterKey, MasterKeyError};
pub use error::StoreError;
pub use events::{Accepted, NewEvent, NewRun};
pub use hooks::{Hook, HookChange, HookVersion};
pub use id::Id;
pub use journal::{Store, backup};
pub use keys::{ApiKey, KeyHolder, NewKey};
pub use model::{Attempt, Event, Page, Run};
pub use recovery::Recovered;
pub use rotation::rotate;
pub use runs::{AttemptEnd, Next, QueuedRun, RunFilter};
pub use sources::Source;
pub use tenants::Tenant;
pub use time::Millis;
pub use usage::Usage;
