//! Sources, and the console in which a mapping is tried.

use axum::Json;
use axum::extract::State;
use codehook_api_types::{MappingResult, MappingTrial, PutSource, SourceView};
use codehook_store::{Id, Millis, Source};
use codehook_template::Event;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::Shared;
use super::extract::{Authorized, Document, Manage, Path, Read, TenantPath};
use super::fields::{name, time};
use super::responses::ClientErrors;
use crate::hook_definition;
use crate::problem::Problem;
use crate::webhook_source::SourceDefinition;

/// The source of a path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct SourcePath {
    /// The source's name.
    source: String,
}

fn view(source: &Source) -> Result<SourceView, Problem> {
    let definition: SourceDefinition = serde_json::from_str(&source.definition)
        .map_err(|error| Problem::invalid(error.to_string()))?;
    Ok(SourceView {
        id: source.id.to_string(),
        name: source.name.clone(),
        path: format!("/v1/sources/{}", source.id),
        auth: definition.auth,
        mapping: definition.mapping,
        created_at: time(source.created_at),
    })
}

/// Create or replace a source
#[utoipa::path(
    put, path = "/v1/tenants/{tenant}/sources/{source}", tag = "sources", security(("key" = [])),
    params(TenantPath, SourcePath),
    request_body = PutSource,
    responses(
        (status = 200, body = SourceView),
        ClientErrors,
    )
)]
pub(crate) async fn put(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(SourcePath { source }): Path<SourcePath>,
    Document(new): Document<PutSource>,
) -> Result<Json<SourceView>, Problem> {
    name(&source)?;
    let definition = SourceDefinition {
        auth: new.auth,
        mapping: new.mapping,
    };
    definition.check(new.secret.as_deref().map_or("", String::as_str))?;
    let stored = Source {
        // Whoever knows it may deliver, where the source has no other authentication.
        id: Id::random()?,
        tenant,
        name: source,
        definition: serde_json::to_string(&definition)
            .map_err(|error| Problem::invalid(error.to_string()))?,
        secret: new.secret,
        created_at: Millis::now(),
    };
    let stored = service.store.put_source(stored).await?;
    service.registry.reload().await?;
    view(&stored).map(Json)
}

/// List sources
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/sources", tag = "sources", security(("key" = [])),
    params(TenantPath),
    responses(
        (status = 200, body = [SourceView]),
        ClientErrors,
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
) -> Result<Json<Vec<SourceView>>, Problem> {
    // Whoever knows a source's URL may be able to send events.
    let sources = service.store.sources(Some(&tenant)).await?;
    sources.iter().map(view).collect::<Result<_, _>>().map(Json)
}

/// Delete a source
#[utoipa::path(
    delete, path = "/v1/tenants/{tenant}/sources/{source}", tag = "sources", security(("key" = [])),
    params(TenantPath, SourcePath),
    responses(
        (status = 204),
        ClientErrors,
    )
)]
pub(crate) async fn delete(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(SourcePath { source }): Path<SourcePath>,
) -> Result<StatusCode, Problem> {
    service.store.delete_source(&tenant, &source).await?;
    service.registry.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Try a mapping
///
/// Nothing is saved.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/mappings/try", tag = "sources", security(("key" = [])),
    params(TenantPath),
    request_body = MappingTrial,
    responses(
        (status = 200, body = MappingResult),
        ClientErrors,
    )
)]
pub(crate) async fn try_mapping(
    _: Authorized<Read>,
    Document(trial): Document<MappingTrial>,
) -> Result<Json<MappingResult>, Problem> {
    let mapping = trial
        .mapping
        .as_ref()
        .map(hook_definition::mapping)
        .transpose()?
        .unwrap_or_default();
    let event = Event::from_json(trial.event.to_string().as_bytes())
        .map_err(|error| Problem::invalid(error.to_string()))?;
    let values = mapping.resolve(&event, None);
    let mut tokens = MappingResult::default();
    for name in mapping.names() {
        match values.get(&name) {
            Ok(value) => tokens.values.insert(name.to_string(), value.to_owned()),
            Err(problem) => tokens.missing.insert(name.to_string(), problem.to_string()),
        };
    }
    Ok(Json(tokens))
}
