//! A tenant's secrets: set and deleted, never read.

use axum::Json;
use axum::extract::State;
use codehook_store::Scope;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{Caller, Document, Path, Shared, time};
use crate::problem::Problem;

/// The largest secret in bytes.
const MAX_SECRET_BYTES: usize = 64 * 1024;

/// A secret's value.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SecretValue {
    #[schema(value_type = String, max_length = 65536)]
    value: Zeroizing<String>,
}

/// A secret as it is listed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SecretView {
    name: String,
    updated_at: String,
}

/// Set a secret
///
/// It is sealed on disk, and used by the hooks that name it in `secrets`. Nothing reads it back.
#[utoipa::path(
    put, path = "/v1/tenants/{tenant}/secrets/{secret}", tag = "secrets", security(("key" = [])),
    params(("tenant" = String, Path), ("secret" = String, Path)),
    request_body = SecretValue,
    responses(
        (status = 204),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put(
    State(service): Shared,
    caller: Caller,
    Path((tenant, secret)): Path<(String, String)>,
    Document(new): Document<SecretValue>,
) -> Result<StatusCode, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
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
    params(("tenant" = String, Path)),
    responses(
        (status = 200, body = [SecretView]),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<Vec<SecretView>>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
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
    params(("tenant" = String, Path), ("secret" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(
    State(service): Shared,
    caller: Caller,
    Path((tenant, secret)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    service.store.delete_secret(&tenant, &secret).await?;
    Ok(StatusCode::NO_CONTENT)
}
