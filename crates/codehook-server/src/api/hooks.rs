//! Hooks: drafts that are edited, versions that are published and never change.

use axum::Json;
use axum::extract::State;
use codehook_store::{Hook, HookChange, HookVersion, Scope};
use http::header::{ETAG, IF_MATCH};
use http::{HeaderMap, HeaderName, StatusCode};
use serde::{Deserialize, Serialize};
use similar::TextDiff;
use utoipa::{IntoParams, ToSchema};

use super::{Caller, Document, Path, Query, Shared, name, time};
use crate::definition::HookDefinition;
use crate::problem::Problem;
use crate::service::Service;
use crate::syntax;

/// A hook with its draft.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct HookView {
    id: String,
    name: String,
    enabled: bool,
    /// Goes up with every change; the `ETag` is made of it.
    revision: u32,
    /// The version that runs; none before the first publication.
    published: Option<u32>,
    draft: HookDefinition,
    created_at: String,
    updated_at: String,
}

/// A hook to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewHook {
    #[schema(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$")]
    name: String,
    draft: HookDefinition,
}

/// A published version.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionView {
    version: u32,
    definition: HookDefinition,
    created_at: String,
}

/// A version to go back to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Earlier {
    #[schema(minimum = 1)]
    version: u32,
}

/// Two versions; the draft for one that is left out.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Between {
    /// The older one; the published one when it is left out.
    from: Option<u32>,
    /// The newer one; the draft when it is left out.
    to: Option<u32>,
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
    let ready = draft.clone().ready(name)?;
    syntax::check(&service.sandbox, &ready.template).await?;
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

/// Make a hook
///
/// With a draft, which runs once it is published. The interpreter compiles the template: a fault is answered with line and column.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path)),
    request_body = NewHook,
    responses(
        (status = 201, body = HookView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn create(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
    Document(new): Document<NewHook>,
) -> Result<(StatusCode, Tagged<HookView>), Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    name(&new.name)?;
    let draft = checked(&service, &new.name, &new.draft).await?;
    let hook = service.store.create_hook(&tenant, &new.name, draft).await?;
    Ok((StatusCode::CREATED, tagged(hook)?))
}

/// List hooks
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/hooks", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path)),
    responses(
        (status = 200, body = [HookView]),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<Vec<HookView>>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let hooks = service.store.hooks(Some(&tenant)).await?;
    let views = hooks
        .into_iter()
        .map(|hook| tagged(hook).map(|(_, Json(view))| view));
    views.collect::<Result<_, _>>().map(Json)
}

/// Show a hook
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/hooks/{hook}", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path), ("hook" = String, Path)),
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
) -> Result<Tagged<HookView>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    tagged(service.store.hook(&tenant, &hook).await?)
}

/// Edit a hook's draft
///
/// With `If-Match` only if nobody has changed the hook since it was read.
#[utoipa::path(
    put, path = "/v1/tenants/{tenant}/hooks/{hook}", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path), ("hook" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = HookDefinition,
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn edit(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
    headers: HeaderMap,
    Document(draft): Document<HookDefinition>,
) -> Result<Tagged<HookView>, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
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
/// Its runs stay in the journal; those that wait fail.
#[utoipa::path(
    delete, path = "/v1/tenants/{tenant}/hooks/{hook}", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path), ("hook" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    service.store.delete_hook(&tenant, &hook).await?;
    service.registry.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Publish the draft
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/publish", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path), ("hook" = String, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn publish(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Tagged<HookView>, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    change(&service, (&tenant, &hook), &headers, HookChange::Publish).await
}

/// Run an earlier version again
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/rollback", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path), ("hook" = String, Path), ("If-Match" = Option<String>, Header)),
    request_body = Earlier,
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn roll_back(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
    headers: HeaderMap,
    Document(earlier): Document<Earlier>,
) -> Result<Tagged<HookView>, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    let to = HookChange::RollBack(earlier.version);
    change(&service, (&tenant, &hook), &headers, to).await
}

/// Let events start a hook
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/enable", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path), ("hook" = String, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn enable(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Tagged<HookView>, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    change(
        &service,
        (&tenant, &hook),
        &headers,
        HookChange::Enable(true),
    )
    .await
}

/// Let no event start a hook
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/disable", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path), ("hook" = String, Path), ("If-Match" = Option<String>, Header)),
    responses(
        (status = 200, body = HookView, headers(("ETag" = String))),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn disable(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
    headers: HeaderMap,
) -> Result<Tagged<HookView>, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
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
    params(("tenant" = String, Path), ("hook" = String, Path)),
    responses(
        (status = 200, body = [VersionView]),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn versions(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
) -> Result<Json<Vec<VersionView>>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let hook = service.store.hook(&tenant, &hook).await?;
    let versions = service.store.hook_versions(hook.id).await?;
    let view = |version: HookVersion| {
        Ok(VersionView {
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

/// What differs between two versions, or between one and the draft
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/hooks/{hook}/diff", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path), ("hook" = String, Path), Between),
    responses(
        (status = 200, description = "A unified diff of template and settings", body = String, content_type = "text/plain"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn diff(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
    Query(between): Query<Between>,
) -> Result<String, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let hook = service.store.hook(&tenant, &hook).await?;
    let (older, from) = match between.from.or(hook.published) {
        Some(version) => published(&service, &hook, version).await?,
        None => (String::new(), "nothing".to_owned()),
    };
    let (newer, to) = match between.to {
        Some(version) => published(&service, &hook, version).await?,
        None => draft(&hook)?,
    };
    Ok(unified((&older, &from), (&newer, &to)))
}

/// What a definition would change
///
/// In the draft, or in the version `from`. Nothing is saved.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/hooks/{hook}/diff", tag = "hooks", security(("key" = [])),
    params(("tenant" = String, Path), ("hook" = String, Path), ("from" = Option<u32>, Query)),
    request_body = HookDefinition,
    responses(
        (status = 200, description = "A unified diff of template and settings; empty when nothing differs", body = String, content_type = "text/plain"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn compare(
    State(service): Shared,
    caller: Caller,
    Path((tenant, hook)): Path<(String, String)>,
    Query(between): Query<Between>,
    Document(definition): Document<HookDefinition>,
) -> Result<String, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let hook = service.store.hook(&tenant, &hook).await?;
    let (older, from) = match between.from {
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
