//! Sources, and the console in which a mapping is tried.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use codehook_store::{Id, Millis, Scope, Source};
use codehook_template::Event;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use super::{Caller, Document, Path, Shared, name, time};
use crate::definition;
use crate::problem::Problem;
use crate::source::{SourceAuth, SourceDefinition};

/// A source to be made or changed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewSource {
    auth: SourceAuth,
    /// What signs or authenticates deliveries; nothing for `url_only`.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    secret: Option<Zeroizing<String>>,
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    mapping: Option<Value>,
}

/// A source as it is listed: never its secret.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SourceView {
    id: String,
    name: String,
    /// The path of the URL to give to the product.
    path: String,
    auth: SourceAuth,
    #[schema(value_type = Option<Object>)]
    mapping: Option<Value>,
    created_at: String,
}

impl SourceView {
    fn new(source: &Source) -> Result<Self, Problem> {
        let definition: SourceDefinition = serde_json::from_str(&source.definition)
            .map_err(|error| Problem::invalid(error.to_string()))?;
        Ok(Self {
            id: source.id.to_string(),
            name: source.name.clone(),
            path: format!("/v1/sources/{}", source.id),
            auth: definition.auth,
            mapping: definition.mapping,
            created_at: time(source.created_at),
        })
    }
}

/// Make or change a source
#[utoipa::path(
    put, path = "/v1/tenants/{tenant}/sources/{source}", tag = "sources", security(("key" = [])),
    params(("tenant" = String, Path), ("source" = String, Path)),
    request_body = NewSource,
    responses(
        (status = 200, body = SourceView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn put(
    State(service): Shared,
    caller: Caller,
    Path((tenant, source)): Path<(String, String)>,
    Document(new): Document<NewSource>,
) -> Result<Json<SourceView>, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    name(&source)?;
    let definition = SourceDefinition {
        auth: new.auth,
        mapping: new.mapping,
    };
    definition.check(new.secret.as_deref().map_or("", String::as_str))?;
    let stored = Source {
        id: Id::new(),
        tenant,
        name: source,
        definition: serde_json::to_string(&definition)
            .map_err(|error| Problem::invalid(error.to_string()))?,
        secret: new.secret,
        created_at: Millis::now(),
    };
    let stored = service.store.put_source(stored).await?;
    service.registry.reload().await?;
    SourceView::new(&stored).map(Json)
}

/// List sources
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/sources", tag = "sources", security(("key" = [])),
    params(("tenant" = String, Path)),
    responses(
        (status = 200, body = [SourceView]),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Json<Vec<SourceView>>, Problem> {
    // Whoever knows a source's URL may be able to send events.
    caller.may(&service, &tenant, Scope::Manage)?;
    let sources = service.store.sources(Some(&tenant)).await?;
    sources
        .iter()
        .map(SourceView::new)
        .collect::<Result<_, _>>()
        .map(Json)
}

/// Delete a source
#[utoipa::path(
    delete, path = "/v1/tenants/{tenant}/sources/{source}", tag = "sources", security(("key" = [])),
    params(("tenant" = String, Path), ("source" = String, Path)),
    responses(
        (status = 204),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn delete(
    State(service): Shared,
    caller: Caller,
    Path((tenant, source)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    service.store.delete_source(&tenant, &source).await?;
    service.registry.reload().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A mapping and an event to try it on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Trial {
    #[serde(default)]
    #[schema(value_type = Option<Object>)]
    mapping: Option<Value>,
    #[schema(value_type = Object)]
    event: Value,
}

/// What each token would be.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Tokens {
    /// Values by token.
    values: BTreeMap<String, String>,
    /// Why other tokens have none.
    missing: BTreeMap<String, String>,
}

/// Try a mapping
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/mappings/try", tag = "sources", security(("key" = [])),
    params(("tenant" = String, Path)),
    request_body = Trial,
    responses(
        (status = 200, body = Tokens),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn try_mapping(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
    Document(trial): Document<Trial>,
) -> Result<Json<Tokens>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let mapping = trial
        .mapping
        .as_ref()
        .map(definition::mapping)
        .transpose()?
        .unwrap_or_default();
    let event = Event::from_json(trial.event.to_string().as_bytes())
        .map_err(|error| Problem::invalid(error.to_string()))?;
    let values = mapping.resolve(&event, None);
    let mut tokens = Tokens {
        values: BTreeMap::new(),
        missing: BTreeMap::new(),
    };
    for name in mapping.names() {
        match values.get(&name) {
            Ok(value) => tokens.values.insert(name.to_string(), value.to_owned()),
            Err(problem) => tokens.missing.insert(name.to_string(), problem.to_string()),
        };
    }
    Ok(Json(tokens))
}
