//! The service: takes events over HTTP, keeps them, and runs the hooks that they start, for many tenants.
//!
//! An event goes one way: verified ([`source`]), read ([`delivery`]), kept and only then acknowledged ([`ingest`]), run in turn
//! ([`queue`], [`dispatch`]), each attempt in a sandbox of its own ([`attempt`]). The API beside it ([`api`]) changes what is in force
//! ([`registry`]). This crate owns no storage, no interpreter and no network policy: those are the store's, the sandbox's and egress's.

mod api;
mod attempt;
mod auth;
mod definition;
mod delivery;
mod dispatch;
mod ingest;
mod live;
mod problem;
mod queue;
mod registry;
mod serve;
mod service;
mod source;
mod syntax;
mod traces;
mod usage;

pub use serve::{Server, ServiceConfig, ServiceError};
pub use traces::TracesError;

/// Returns the OpenAPI description of the HTTP API, JSON.
///
/// # Errors
///
/// When the description cannot be written as JSON.
pub fn openapi_json() -> serde_json::Result<String> {
    api::description().to_pretty_json()
}
