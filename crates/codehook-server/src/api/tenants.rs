//! Tenants and their API keys.

use axum::Json;
use axum::extract::State;
use codehook_store::{ApiKey, KeyHolder, Millis, NewKey, Quotas, Scope, Tenant};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Caller, Document, Path, Shared, id, name, time};
use crate::auth;
use crate::problem::Problem;

/// The largest quota.
const MAX_QUOTA: u32 = 1_000_000_000;

/// What a tenant may use.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuotasView {
    /// Events a second, on average.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    events_per_second: u32,
    /// Runs under way at the same time.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    concurrent_runs: u32,
    /// Runs that wait; beyond that events are refused with 429.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    queued_runs: u32,
    /// Seconds on a processor in a day (UTC); when they are used up runs wait for the next day.
    #[serde(default = "cpu_seconds_per_day")]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    cpu_seconds_per_day: u32,
    /// MiB of events and reports that are kept; what has ended goes, oldest first, to make room.
    #[serde(default = "stored_mib")]
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    stored_mib: u32,
}

fn cpu_seconds_per_day() -> u32 {
    Quotas::default().cpu_seconds_per_day
}

fn stored_mib() -> u32 {
    Quotas::default().stored_mib
}

impl From<Quotas> for QuotasView {
    fn from(quotas: Quotas) -> Self {
        Self {
            events_per_second: quotas.events_per_second,
            concurrent_runs: quotas.concurrent_runs,
            queued_runs: quotas.queued_runs,
            cpu_seconds_per_day: quotas.cpu_seconds_per_day,
            stored_mib: quotas.stored_mib,
        }
    }
}

impl QuotasView {
    fn read(self) -> Result<Quotas, Problem> {
        let Self {
            events_per_second,
            concurrent_runs,
            queued_runs,
            cpu_seconds_per_day,
            stored_mib,
        } = self;
        if [
            events_per_second,
            concurrent_runs,
            queued_runs,
            cpu_seconds_per_day,
            stored_mib,
        ]
        .iter()
        .any(|quota| !(1..=MAX_QUOTA).contains(quota))
        {
            return Err(Problem::invalid(
                "a quota is 1 to 1000000000: disable the hooks of a tenant that may do nothing",
            ));
        }
        Ok(Quotas {
            events_per_second,
            concurrent_runs,
            queued_runs,
            cpu_seconds_per_day,
            stored_mib,
        })
    }
}

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantView {
    id: String,
    created_at: String,
    quotas: QuotasView,
}

impl From<Tenant> for TenantView {
    fn from(tenant: Tenant) -> Self {
        Self {
            id: tenant.id,
            created_at: time(tenant.created_at),
            quotas: tenant.quotas.into(),
        }
    }
}

/// A tenant, with what it uses.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantDetail {
    #[serde(flatten)]
    tenant: TenantView,
    /// Bytes of events and reports.
    held_bytes: u64,
    /// Seconds on a processor since midnight in UTC.
    cpu_seconds_today: f64,
    /// Runs that wait for their turn.
    waiting_runs: usize,
}

/// A tenant to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewTenant {
    /// Its name, which stands in URLs.
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$")]
    id: String,
    #[serde(default)]
    quotas: Option<QuotasView>,
}

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKeyView {
    /// What it is for.
    #[schema(max_length = 200)]
    name: String,
    /// `ingest`, `read`, `manage`.
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    /// Days after which it is none any more.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 3650)]
    expires_in_days: Option<u32>,
}

/// A key as it is listed: never the key itself.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct KeyView {
    id: String,
    name: String,
    #[schema(value_type = Vec<String>)]
    scopes: Vec<Scope>,
    created_at: String,
    expires_at: Option<String>,
}

/// A key that was made. It is shown here and never again.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeKey {
    key: String,
    #[serde(flatten)]
    view: KeyView,
}

impl From<ApiKey> for KeyView {
    fn from(key: ApiKey) -> Self {
        Self {
            id: key.id.to_string(),
            name: key.name,
            scopes: key.scopes,
            created_at: time(key.created_at),
            expires_at: key.expires_at.map(time),
        }
    }
}

/// Make a tenant
#[utoipa::path(
    post, path = "/v1/tenants", tag = "tenants", security(("key" = [])),
    request_body = NewTenant,
    responses(
        (status = 201, body = TenantView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    State(service): Shared,
    caller: Caller,
    Document(new): Document<NewTenant>,
) -> Result<(StatusCode, Json<TenantView>), Problem> {
    auth::operator(&caller.0)?;
    name(&new.id)?;
    let tenant = Tenant {
        id: new.id,
        created_at: Millis::now(),
        quotas: new
            .quotas
            .map(QuotasView::read)
            .transpose()?
            .unwrap_or_default(),
    };
    service.store.create_tenant(tenant.clone()).await?;
    service.registry.reload().await?;
    Ok((StatusCode::CREATED, Json(tenant.into())))
}

/// List tenants
#[utoipa::path(
    get, path = "/v1/tenants", tag = "tenants", security(("key" = [])),
    responses(
        (status = 200, body = [TenantView]),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    caller: Caller,
) -> Result<Json<Vec<TenantView>>, Problem> {
    auth::operator(&caller.0)?;
    let tenants = service.store.tenants().await?;
    Ok(Json(tenants.into_iter().map(TenantView::from).collect()))
}

/// Show a tenant, its quotas and what it uses
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}", tag = "tenants", security(("key" = [])),
    params(("tenant" = String, Path)),
    responses(
        (status = 200, body = TenantDetail),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<TenantDetail>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let tenants = service.store.tenants().await?;
    let found = tenants.into_iter().find(|found| found.id == tenant);
    let found = found.ok_or_else(|| Problem::not_found("tenant"))?;
    let used = service.dispatcher.meter.of(&tenant);
    Ok(Json(TenantDetail {
        tenant: found.into(),
        held_bytes: used.held_bytes,
        cpu_seconds_today: used.cpu_ms_today as f64 / 1000.0,
        waiting_runs: service.dispatcher.waiting_of(&tenant),
    }))
}

/// Set a tenant's quotas
#[utoipa::path(
    put, path = "/v1/tenants/{tenant}/quotas", tag = "tenants", security(("key" = [])),
    params(("tenant" = String, Path)),
    request_body = QuotasView,
    responses(
        (status = 200, body = QuotasView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn set_quotas(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
    Document(quotas): Document<QuotasView>,
) -> Result<Json<QuotasView>, Problem> {
    auth::operator(&caller.0)?;
    service.store.set_quotas(&tenant, quotas.read()?).await?;
    service.registry.reload().await?;
    service.dispatcher.wake();
    Ok(Json(quotas))
}

/// Make an API key
///
/// The key is shown in the answer and never again. For rotation make a second one, change the senders, and delete the first.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/keys", tag = "tenants", security(("key" = [])),
    params(("tenant" = String, Path)),
    request_body = NewKeyView,
    responses(
        (status = 201, body = MadeKey),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create_key(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
    Document(new): Document<NewKeyView>,
) -> Result<(StatusCode, Json<MadeKey>), Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
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
    let made = MadeKey {
        key: text.to_string(),
        view: key.into(),
    };
    Ok((StatusCode::CREATED, Json(made)))
}

/// List API keys
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/keys", tag = "tenants", security(("key" = [])),
    params(("tenant" = String, Path)),
    responses(
        (status = 200, body = [KeyView]),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list_keys(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<Vec<KeyView>>, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    let keys = service.store.keys(KeyHolder::Tenant(tenant)).await?;
    Ok(Json(keys.into_iter().map(KeyView::from).collect()))
}

/// Delete an API key
#[utoipa::path(
    delete, path = "/v1/tenants/{tenant}/keys/{key}", tag = "tenants", security(("key" = [])),
    params(("tenant" = String, Path), ("key" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete_key(
    State(service): Shared,
    caller: Caller,
    Path((tenant, key)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    let key = id(&key, "key")?;
    service
        .store
        .delete_key(KeyHolder::Tenant(tenant), key)
        .await?;
    service.keys.forget();
    Ok(StatusCode::NO_CONTENT)
}
