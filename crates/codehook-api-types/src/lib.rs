//! The types of the HTTP API: requests, responses, streamed events, problems, and the names of outcomes, states and
//! errors.
//!
//! Each is stated once, here, for the service, the sandbox, the command line and the OpenAPI description. This crate
//! owns no behaviour beyond conversions between a value and its name: checks belong to the service. The feature
//! `openapi` derives the schemas.

mod directive;
mod events;
mod hooks;
mod keys;
mod names;
mod outcome;
mod problem;
mod runs;
mod secrets;
mod sources;
mod stream;
mod tenants;
mod transcript;

pub use directive::RetryDirective;
pub use events::{EventPage, EventReceipt, EventView, ListEventsQuery};
pub use hooks::{
    CompareQuery, DiffQuery, HookDefinition, HookLimits, HookVersionView, HookView, NewHook,
    RUNTIME, RetryPolicy, RollbackRequest, Severity, Trigger,
};
pub use keys::{ApiKeyView, CreatedApiKey, CurrentApiKey, NewApiKey, Scope};
pub use names::UnknownName;
pub use outcome::{AttemptOutcome, Outcome};
pub use problem::{ProblemDetails, ProblemKind};
pub use runs::{
    AttemptReport, AttemptView, ListRunsQuery, ReplayRequest, RunDetail, RunPage, RunState, RunView,
};
pub use secrets::{SecretValue, SecretView};
pub use sources::{MappingResult, MappingTrial, PutSource, SourceAuth, SourceView};
pub use stream::{
    AttemptEnded, AttemptStarted, MissedEvents, OutputChunk, OutputStream, RunEnded, RunEvent,
    RunLogEvent, RunTransition, TenantRunEvent,
};
pub use tenants::{NewTenant, Quotas, TenantDetail, TenantView};
pub use transcript::{EgressErrorKind, TranscriptEntry};
