//! About the service itself.

use axum::extract::State;
use http::StatusCode;

use super::{Caller, Shared};
use crate::auth;
use crate::problem::Problem;

/// Whether the process lives
#[utoipa::path(get, path = "/healthz", tag = "service", responses((status = 200, description = "It does", body = String, content_type = "text/plain")))]
pub(crate) async fn health() -> &'static str {
    "alive\n"
}

/// Whether it can take events
#[utoipa::path(
    get, path = "/readyz", tag = "service",
    responses(
        (status = 200, description = "It can", body = String, content_type = "text/plain"),
        (status = "5XX", description = "It cannot", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn ready(State(service): Shared) -> Result<&'static str, Problem> {
    service.store.tenants().await?;
    Ok("ready\n")
}

/// Metrics for Prometheus
#[utoipa::path(
    get, path = "/metrics", tag = "service", security(("key" = [])),
    responses(
        (status = 200, description = "Prometheus' text format", body = String, content_type = "text/plain"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn metrics(
    State(service): Shared,
    caller: Caller,
) -> Result<(StatusCode, String), Problem> {
    auth::operator(&caller.0)?;
    Ok((StatusCode::OK, service.metrics.render()))
}
