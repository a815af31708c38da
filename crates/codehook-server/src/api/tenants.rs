//! Tenants and their API keys.

use axum::Json;
use axum::extract::State;
use codehook_api_types::{
    ApiKeyView, CreatedApiKey, NewApiKey, NewTenant, Quotas, TenantDetail, TenantView,
};
use codehook_store::{ApiKey, KeyHolder, Millis, NewKey, Tenant};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::Shared;
use super::extract::{Authorized, Document, Manage, Operator, Path, Read, TenantPath};
use super::fields::{id, name, time};
use super::responses::ClientErrors;
use crate::problem::Problem;

/// The API key of a path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct KeyPath {
    /// The key's identifier.
    key: String,
}

fn check(quotas: Quotas) -> Result<Quotas, Problem> {
    if !quotas.are_in_range() {
        return Err(Problem::invalid(format!(
            "a quota is 1 to {}: disable the hooks of a tenant that may do nothing",
            Quotas::MAX
        )));
    }
    Ok(quotas)
}

fn view(tenant: Tenant) -> TenantView {
    TenantView {
        id: tenant.id,
        created_at: time(tenant.created_at),
        quotas: tenant.quotas,
    }
}

fn key_view(key: ApiKey) -> ApiKeyView {
    ApiKeyView {
        id: key.id.to_string(),
        name: key.name,
        scopes: key.scopes,
        created_at: time(key.created_at),
        expires_at: key.expires_at.map(time),
    }
}

/// Create a tenant
#[utoipa::path(
    post, path = "/v1/tenants", tag = "tenants", security(("key" = [])),
    request_body = NewTenant,
    responses(
        (status = 201, body = TenantView),
        ClientErrors,
    )
)]
pub(crate) async fn create(
    State(service): Shared,
    _: Operator,
    Document(new): Document<NewTenant>,
) -> Result<(StatusCode, Json<TenantView>), Problem> {
    name(&new.id)?;
    let tenant = Tenant {
        id: new.id,
        created_at: Millis::now(),
        quotas: check(new.quotas.unwrap_or_default())?,
    };
    service.store.create_tenant(tenant.clone()).await?;
    service.registry.reload().await?;
    Ok((StatusCode::CREATED, Json(view(tenant))))
}

/// List tenants
#[utoipa::path(
    get, path = "/v1/tenants", tag = "tenants", security(("key" = [])),
    responses(
        (status = 200, body = [TenantView]),
        ClientErrors,
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    _: Operator,
) -> Result<Json<Vec<TenantView>>, Problem> {
    let tenants = service.store.tenants().await?;
    Ok(Json(tenants.into_iter().map(view).collect()))
}

/// Get a tenant with its quotas and its usage
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}", tag = "tenants", security(("key" = [])),
    params(TenantPath),
    responses(
        (status = 200, body = TenantDetail),
        ClientErrors,
    )
)]
pub(crate) async fn show(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
) -> Result<Json<TenantDetail>, Problem> {
    let tenants = service.store.tenants().await?;
    let found = tenants.into_iter().find(|found| found.id == tenant);
    let found = found.ok_or_else(|| Problem::not_found("tenant"))?;
    let used = service.dispatcher.meter.of(&tenant);
    Ok(Json(TenantDetail {
        tenant: view(found),
        held_bytes: used.held_bytes,
        cpu_seconds_today: used.cpu_ms_today as f64 / 1000.0,
        waiting_runs: service.dispatcher.waiting_for(&tenant),
    }))
}

/// Set a tenant's quotas
#[utoipa::path(
    put, path = "/v1/tenants/{tenant}/quotas", tag = "tenants", security(("key" = [])),
    params(TenantPath),
    request_body = Quotas,
    responses(
        (status = 200, body = Quotas),
        ClientErrors,
    )
)]
pub(crate) async fn set_quotas(
    State(service): Shared,
    _: Operator,
    Path(tenant): Path<String>,
    Document(quotas): Document<Quotas>,
) -> Result<Json<Quotas>, Problem> {
    service.store.set_quotas(&tenant, check(quotas)?).await?;
    service.registry.reload().await?;
    service.dispatcher.wake();
    Ok(Json(quotas))
}

/// Create an API key
///
/// Only this response shows the key. To rotate a key, create a second one, change the senders, and delete the first.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/keys", tag = "tenants", security(("key" = [])),
    params(TenantPath),
    request_body = NewApiKey,
    responses(
        (status = 201, body = CreatedApiKey),
        ClientErrors,
    )
)]
pub(crate) async fn create_key(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Document(new): Document<NewApiKey>,
) -> Result<(StatusCode, Json<CreatedApiKey>), Problem> {
    if new.scopes.is_empty() || new.name.chars().count() > 200 {
        return Err(Problem::invalid(
            "a key has a name of at most 200 characters and at least one scope",
        ));
    }
    let day = std::time::Duration::from_secs(24 * 3600);
    let expires_at = match new.expires_in_days {
        None => None,
        Some(days @ 1..=3650) => Some(Millis::now().after(day * days)),
        Some(_) => return Err(Problem::invalid("`expires_in_days` is 1 to 3650")),
    };
    let new = NewKey {
        holder: KeyHolder::Tenant(tenant),
        name: new.name,
        scopes: new.scopes,
        expires_at,
    };
    let (key, text) = service.store.create_key(new).await?;
    let made = CreatedApiKey {
        key: text.to_string(),
        view: key_view(key),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// List API keys
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/keys", tag = "tenants", security(("key" = [])),
    params(TenantPath),
    responses(
        (status = 200, body = [ApiKeyView]),
        ClientErrors,
    )
)]
pub(crate) async fn list_keys(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
) -> Result<Json<Vec<ApiKeyView>>, Problem> {
    let keys = service.store.keys(KeyHolder::Tenant(tenant)).await?;
    Ok(Json(keys.into_iter().map(key_view).collect()))
}

/// Delete an API key
#[utoipa::path(
    delete, path = "/v1/tenants/{tenant}/keys/{key}", tag = "tenants", security(("key" = [])),
    params(TenantPath, KeyPath),
    responses(
        (status = 204),
        ClientErrors,
    )
)]
pub(crate) async fn delete_key(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(KeyPath { key }): Path<KeyPath>,
) -> Result<StatusCode, Problem> {
    let key = id(&key, "key")?;
    service
        .store
        .delete_key(KeyHolder::Tenant(tenant), key)
        .await?;
    service.keys.forget();
    Ok(StatusCode::NO_CONTENT)
}
