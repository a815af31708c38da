//! The service: takes events over HTTP, keeps them, and runs the hooks that they start, for many tenants.
//!
//! An event goes one way: its sender is authenticated ([`webhook_source`]), it is parsed ([`delivery`]), stored and
//! only then acknowledged ([`ingest`]), and its runs are dispatched in fair order, attempt by attempt ([`dispatch`]).
//! The API ([`api`]) changes tenants, hooks and sources; [`registry`] has those in force. The crate owns no storage,
//! no interpreter and no network policy: those are the store's, the sandbox's and egress's. How a script is made of
//! an event and run is the runner's.

mod api;
mod attempt_result;
mod auth;
mod compile_check;
mod condition;
mod delivery;
mod dispatch;
mod hook_definition;
mod ingest;
mod otel;
mod problem;
mod registry;
mod run_events;
mod serve;
mod service;
mod webhook_source;

pub use otel::TracesError;
pub use serve::{Server, ServiceConfig, ServiceError};

/// Returns the OpenAPI description of the HTTP API, JSON.
///
/// # Errors
///
/// When the description cannot be written as JSON.
pub fn openapi_json() -> serde_json::Result<String> {
    api::description().to_pretty_json()
}
