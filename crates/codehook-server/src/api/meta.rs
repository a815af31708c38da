//! About the service itself.

use axum::Json;
use axum::extract::State;
use codehook_store::{KeyHolder, Scope};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Caller, Shared, time};
use crate::auth;
use crate::problem::Problem;

/// The key that a request came with.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OwnKey {
    /// Its tenant; none for the operator's.
    tenant: Option<String>,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    expires_at: Option<String>,
}

/// Which key this is
#[utoipa::path(
    get, path = "/v1/key", tag = "service", security(("key" = [])),
    responses(
        (status = 200, body = OwnKey),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn key(Caller(key): Caller) -> Json<OwnKey> {
    Json(OwnKey {
        tenant: match key.holder {
            KeyHolder::Operator => None,
            KeyHolder::Tenant(tenant) => Some(tenant),
        },
        name: key.name,
        scopes: key.scopes,
        expires_at: key.expires_at.map(time),
    })
}

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
