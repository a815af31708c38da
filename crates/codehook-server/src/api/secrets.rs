//! A tenant's secrets: set and deleted, never read.

use axum::Json;
use axum::extract::State;
use codehook_api_types::{SecretValue, SecretView};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::Shared;
use super::extract::{Authorized, Document, Manage, Path, Read, TenantPath};
use super::fields::time;
use super::responses::ClientErrors;
use crate::problem::Problem;

/// The largest secret in bytes.
const MAX_SECRET_BYTES: usize = 64 * 1024;

/// The secret of a path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SecretPath {
    /// The secret's name.
    secret: String,
}

/// Set a secret
///
/// The value is encrypted on disk, and available to the hooks that name the secret in `secrets`. The API never returns
/// it.
#[utoipa::path(
    put, path = "/v1/tenants/{tenant}/secrets/{secret}", tag = "secrets", security(("key" = [])),
    params(TenantPath, SecretPath),
    request_body = SecretValue,
    responses(
        (status = 204),
        ClientErrors,
    )
)]
pub(crate) async fn put(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(SecretPath { secret }): Path<SecretPath>,
    Document(new): Document<SecretValue>,
) -> Result<StatusCode, Problem> {
    if format!("secret.{secret}")
        .parse::<codehook_template::TokenName>()
        .is_err()
    {
        return Err(Problem::invalid(
            "a secret's name has letters, digits and underscores: it stands in templates as @secret.NAME@",
        ));
    }
    if new.value.len() > MAX_SECRET_BYTES {
        return Err(Problem::too_large(MAX_SECRET_BYTES));
    }
    service
        .store
        .set_secret(&tenant, &secret, &new.value)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List secrets
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/secrets", tag = "secrets", security(("key" = [])),
    params(TenantPath),
    responses(
        (status = 200, body = [SecretView]),
        ClientErrors,
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
) -> Result<Json<Vec<SecretView>>, Problem> {
    let names = service.store.secret_names(&tenant).await?;
    let view = |(name, updated_at)| SecretView {
        name,
        updated_at: time(updated_at),
    };
    Ok(Json(names.into_iter().map(view).collect()))
}

/// Delete a secret
#[utoipa::path(
    delete, path = "/v1/tenants/{tenant}/secrets/{secret}", tag = "secrets", security(("key" = [])),
    params(TenantPath, SecretPath),
    responses(
        (status = 204),
        ClientErrors,
    )
)]
pub(crate) async fn delete(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(SecretPath { secret }): Path<SecretPath>,
) -> Result<StatusCode, Problem> {
    service.store.delete_secret(&tenant, &secret).await?;
    Ok(StatusCode::NO_CONTENT)
}
