//! Hooks: drafts that are edited, versions that are published and never change.

use axum::Json;
use axum::extract::State;
use codehook_api_types::{
    CompareQuery, DiffQuery, HookDefinition, HookVersionView, HookView, NewHook, RollbackRequest,
};
use codehook_store::{Hook, HookChange, HookVersion};
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderName, StatusCode};
use serde::Deserialize;
use similar::TextDiff;
use utoipa::IntoParams;

use super::extract::Shared;
use super::extract::{Authorized, Document, Manage, Path, Query, Read, TenantPath};
use super::fields::{name, time};
use super::responses::ClientErrors;
use crate::compile_check;
use crate::hook_definition::PreparedHook;
use crate::problem::Problem;
use crate::service::Service;

/// The hook of a path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct HookPath {
    /// The hook's name.
    hook: String,
}

type Tagged<T> = ([(HeaderName, String); 1], Json<T>);

fn tagged(hook: Hook) -> Result<Tagged<HookView>, Problem> {
    let tag = format!("\"{}\"", hook.revision);
    let view = HookView {
        id: hook.id.to_string(),
        name: hook.name,
        enabled: hook.enabled,
        revision: hook.revision,
        published: hook.published,
        draft: read(&hook.draft)?,
        created_at: time(hook.created_at),
        updated_at: time(hook.updated_at),
    };
    Ok(([(ETAG, tag)], Json(view)))
}

fn read(definition: &str) -> Result<HookDefinition, Problem> {
    serde_json::from_str(definition).map_err(|error| Problem::invalid(error.to_string()))
}

/// The revision that `If-Match` names.
fn revision(headers: &HeaderMap) -> Result<Option<u32>, Problem> {
    let Some(value) = headers.get(IF_MATCH) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim();
    if text == "*" {
        return Ok(None);
    }
    let number = text.trim_matches('"').parse();
    number
        .map(Some)
        .map_err(|_| Problem::malformed("`If-Match` is the `ETag` of the hook as it was read"))
}

/// The definition as text, once the interpreter has compiled its template.
async fn checked(service: &Service, name: &str, draft: &HookDefinition) -> Result<String, Problem> {
    let ready = PreparedHook::new(draft.clone(), name)?;
    compile_check::check(&service.sandbox, &ready.template).await?;
    serde_json::to_string(draft).map_err(|error| Problem::invalid(error.to_string()))
}

async fn change(
    service: &Service,
    (tenant, hook): (&str, &str),
    headers: &HeaderMap,
    change: HookChange,
) -> Result<Tagged<HookView>, Problem> {
    let revision = revision(headers)?;
    let hook = service
        .store
        .change_hook(tenant, hook, revision, change)
        .await?;
    service.registry.reload().await?;
    service.dispatcher.wake();
    tagged(hook)
}

/// Create a hook
///
/// The hook starts with a draft, which runs once it is published. The interpreter compiles the template: the response
/// to a template with a syntax error names its line and column.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks", tag = "hooks", security(("key" = [])),
    params(TenantPath),
    request_body = NewHook,
    responses(
        (status = 201, body = HookView),
        ClientErrors,
    )
)]
pub(crate) async fn create(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Document(new): Document<NewHook>,
) -> Result<(StatusCode, Tagged<HookView>), Problem> {
    name(&new.name)?;
    let draft = checked(&service, &new.name, &new.draft).await?;
    let hook = service.store.create_hook(&tenant, &new.name, draft).await?;
    Ok((StatusCode::CREATED, tagged(hook)?))
}

/// List hooks
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/hooks", tag = "hooks", security(("key" = [])),
    params(TenantPath),
    responses(
        (status = 200, body = [HookView]),
        ClientErrors,
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
) -> Result<Json<Vec<HookView>>, Problem> {
    let hooks = service.store.hooks(Some(&tenant)).await?;
    let views = hooks
        .into_iter()
        .map(|hook| tagged(hook).map(|(_, Json(view))| view));
    views.collect::<Result<_, _>>().map(Json)
}

/// Get a hook
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/hooks/{hook}", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath),
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        ClientErrors,
    )
)]
pub(crate) async fn show(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
    Path(HookPath { hook }): Path<HookPath>,
) -> Result<Tagged<HookView>, Problem> {
    tagged(service.store.hook(&tenant, &hook).await?)
}

/// Replace a hook's draft
///
/// With `If-Match`, the draft is replaced only if the hook has not changed since it was read.
#[utoipa::path(
    put, path = "/v1/tenants/{tenant}/hooks/{hook}", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath, ("If-Match" = Option<String>, Header)),
    request_body = HookDefinition,
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        ClientErrors,
    )
)]
pub(crate) async fn edit(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(HookPath { hook }): Path<HookPath>,
    headers: HeaderMap,
    Document(draft): Document<HookDefinition>,
) -> Result<Tagged<HookView>, Problem> {
    let draft = checked(&service, &hook, &draft).await?;
    change(
        &service,
        (&tenant, &hook),
        &headers,
        HookChange::Draft(draft),
    )
    .await
}

/// Delete a hook
///
/// The hook's runs stay in the journal. Queued runs fail.
#[utoipa::path(
    delete, path = "/v1/tenants/{tenant}/hooks/{hook}", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath),
    responses(
        (status = 204),
        ClientErrors,
    )
)]
pub(crate) async fn delete(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(HookPath { hook }): Path<HookPath>,
) -> Result<StatusCode, Problem> {
    service.store.delete_hook(&tenant, &hook).await?;
    service.registry.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Publish a hook's draft
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/publish", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath, ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        ClientErrors,
    )
)]
pub(crate) async fn publish(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(HookPath { hook }): Path<HookPath>,
    headers: HeaderMap,
) -> Result<Tagged<HookView>, Problem> {
    change(&service, (&tenant, &hook), &headers, HookChange::Publish).await
}

/// Roll a hook back to an earlier version
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/rollback", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath, ("If-Match" = Option<String>, Header)),
    request_body = RollbackRequest,
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        ClientErrors,
    )
)]
pub(crate) async fn roll_back(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(HookPath { hook }): Path<HookPath>,
    headers: HeaderMap,
    Document(request): Document<RollbackRequest>,
) -> Result<Tagged<HookView>, Problem> {
    let to = HookChange::RollBack(request.version);
    change(&service, (&tenant, &hook), &headers, to).await
}

/// Enable a hook
///
/// Events start the hook from now on.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/enable", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath, ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        ClientErrors,
    )
)]
pub(crate) async fn enable(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(HookPath { hook }): Path<HookPath>,
    headers: HeaderMap,
) -> Result<Tagged<HookView>, Problem> {
    change(
        &service,
        (&tenant, &hook),
        &headers,
        HookChange::Enable(true),
    )
    .await
}

/// Disable a hook
///
/// Events no longer start the hook. Queued runs still run.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/disable", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath, ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        ClientErrors,
    )
)]
pub(crate) async fn disable(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(HookPath { hook }): Path<HookPath>,
    headers: HeaderMap,
) -> Result<Tagged<HookView>, Problem> {
    change(
        &service,
        (&tenant, &hook),
        &headers,
        HookChange::Enable(false),
    )
    .await
}

/// List a hook's published versions
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/hooks/{hook}/versions", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath),
    responses(
        (status = 200, body = [HookVersionView]),
        ClientErrors,
    )
)]
pub(crate) async fn versions(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
    Path(HookPath { hook }): Path<HookPath>,
) -> Result<Json<Vec<HookVersionView>>, Problem> {
    let hook = service.store.hook(&tenant, &hook).await?;
    let versions = service.store.hook_versions(hook.id).await?;
    let view = |version: HookVersion| {
        Ok(HookVersionView {
            version: version.version,
            definition: read(&version.definition)?,
            created_at: time(version.created_at),
        })
    };
    versions
        .into_iter()
        .map(view)
        .collect::<Result<_, Problem>>()
        .map(Json)
}

/// Compare two versions of a hook, or a version and the draft
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/hooks/{hook}/diff", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath, DiffQuery),
    responses(
        (
            status = 200, description = "A unified diff, empty for equal versions", body = String,
            content_type = "text/plain",
        ),
        ClientErrors,
    )
)]
pub(crate) async fn diff(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
    Path(HookPath { hook }): Path<HookPath>,
    Query(query): Query<DiffQuery>,
) -> Result<String, Problem> {
    let hook = service.store.hook(&tenant, &hook).await?;
    let (older, from) = match query.from.or(hook.published) {
        Some(version) => published(&service, &hook, version).await?,
        None => (String::new(), "nothing".to_owned()),
    };
    let (newer, to) = match query.to {
        Some(version) => published(&service, &hook, version).await?,
        None => draft(&hook)?,
    };
    Ok(unified((&older, &from), (&newer, &to)))
}

/// Compare a definition with a hook
///
/// The definition is compared with the draft, or with the version `from`. Nothing is saved.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/diff", tag = "hooks", security(("key" = [])),
    params(TenantPath, HookPath, CompareQuery),
    request_body = HookDefinition,
    responses(
        (
            status = 200, description = "A unified diff, empty for equal definitions", body = String,
            content_type = "text/plain",
        ),
        ClientErrors,
    )
)]
pub(crate) async fn compare(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
    Path(HookPath { hook }): Path<HookPath>,
    Query(query): Query<CompareQuery>,
    Document(definition): Document<HookDefinition>,
) -> Result<String, Problem> {
    let hook = service.store.hook(&tenant, &hook).await?;
    let (older, from) = match query.from {
        Some(version) => published(&service, &hook, version).await?,
        None => draft(&hook)?,
    };
    Ok(unified((&older, &from), (&lines(definition), "yours")))
}

/// A published version's lines, and what a diff calls them.
async fn published(
    service: &Service,
    hook: &Hook,
    version: u32,
) -> Result<(String, String), Problem> {
    let stored = service.store.hook_version(hook.id, version).await?;
    Ok((
        lines(read(&stored.definition)?),
        format!("version {version}"),
    ))
}

/// The draft's lines, and what a diff calls them.
fn draft(hook: &Hook) -> Result<(String, String), Problem> {
    Ok((lines(read(&hook.draft)?), "draft".to_owned()))
}

fn unified((older, from): (&str, &str), (newer, to): (&str, &str)) -> String {
    let diff = TextDiff::from_lines(older, newer);
    diff.unified_diff().header(from, to).to_string()
}

/// Settings and then the template, a line each.
fn lines(mut definition: HookDefinition) -> String {
    let template = std::mem::take(&mut definition.template);
    let settings = serde_json::to_string_pretty(&definition).unwrap_or_default();
    format!("{settings}\n\n{}\n", template.trim_end())
}
