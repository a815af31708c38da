//! The HTTP API, and its description as OpenAPI 3.1, which is made from the handlers themselves.

mod events;
mod extract;
mod fields;
mod health;
mod hooks;
mod idempotency;
mod responses;
mod router;
mod runs;
mod secrets;
mod sources;
mod sse;
mod tenants;

pub(crate) use router::{description, router};
