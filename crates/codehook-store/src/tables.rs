//! The tables of the database: for each, the rows as types and the queries as methods of [`Store`](crate::Store).

pub(crate) mod api_keys;
pub(crate) mod attempts;
pub(crate) mod events;
pub(crate) mod hooks;
pub(crate) mod idempotency_keys;
pub(crate) mod runs;
pub(crate) mod secrets;
pub(crate) mod sources;
pub(crate) mod tenants;
pub(crate) mod usage;
