//! About the service itself.

use axum::Json;
use axum::extract::State;
use codehook_api_types::{CurrentApiKey, ProblemDetails};
use codehook_store::KeyHolder;

use super::extract::Shared;
use super::extract::{Caller, Operator};
use super::fields::time;
use super::responses::ClientErrors;
use crate::problem::Problem;

/// Get the current API key
#[utoipa::path(
    get, path = "/v1/key", tag = "service", security(("key" = [])),
    responses(
        (status = 200, body = CurrentApiKey),
        ClientErrors,
    )
)]
pub(crate) async fn key(Caller(key): Caller) -> Json<CurrentApiKey> {
    Json(CurrentApiKey {
        tenant: match key.holder {
            KeyHolder::Operator => None,
            KeyHolder::Tenant(tenant) => Some(tenant),
        },
        name: key.name,
        scopes: key.scopes,
        expires_at: key.expires_at.map(time),
    })
}

/// Liveness probe
#[utoipa::path(
    get, path = "/healthz", tag = "service",
    responses((status = 200, description = "The process is alive", body = String, content_type = "text/plain")),
)]
pub(crate) async fn health() -> &'static str {
    "alive\n"
}

/// Readiness probe
#[utoipa::path(
    get, path = "/readyz", tag = "service",
    responses(
        (status = 200, description = "The service accepts events", body = String, content_type = "text/plain"),
        (
            status = "5XX", description = "The service does not accept events", body = ProblemDetails,
            content_type = "application/problem+json",
        ),
    )
)]
pub(crate) async fn ready(State(service): Shared) -> Result<&'static str, Problem> {
    service.store.tenants().await?;
    Ok("ready\n")
}

/// Get metrics for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "service", security(("key" = [])),
    responses(
        (status = 200, description = "Metrics in Prometheus text format", body = String, content_type = "text/plain"),
        ClientErrors,
    )
)]
pub(crate) async fn metrics(State(service): Shared, _: Operator) -> String {
    service.metrics.render()
}
