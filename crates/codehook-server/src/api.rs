//! The HTTP API, and its description as OpenAPI 3.1, which is made from the handlers themselves.

mod events;
mod extract;
mod hooks;
mod idempotency;
mod live;
mod meta;
mod runs;
mod secrets;
mod sources;
mod tenants;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Router;
use codehook_api_types::ProblemDetails;
use codehook_store::{Id, Millis};
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::problem::Problem;
use crate::service::Service;

/// The number of items on a page unless the request says another.
const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 500;
/// The longest name of a tenant, a hook or a source, in characters.
const MAX_NAME: usize = 63;

pub(crate) type Shared = axum::extract::State<Arc<Service>>;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "codehook",
        description = "Receives events and runs the hooks that they start. Errors are problem details (RFC 9457). \
            Lists are newest first and paginated: send `next` of one page as `cursor` to get the following page. Every \
            POST accepts an `Idempotency-Key`: for a day, the same key with the same request is processed once and \
            gets the same response."
    ),
    components(schemas(ProblemDetails)),
    modifiers(&Bearer)
)]
struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        let components = openapi.components.get_or_insert_default();
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        components.add_security_scheme("key", scheme);
    }
}

/// The responses that every operation may have besides its own: problems that the client can solve.
struct ClientErrors;

impl IntoResponses for ClientErrors {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let problem = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("ProblemDetails")))
            .build();
        let response = ResponseBuilder::new()
            .description("The request was refused")
            .content("application/problem+json", problem)
            .build();
        BTreeMap::from([("4XX".to_owned(), response.into())])
    }
}

/// Routes that receive events, which have deduplication of their own: it remembers deliveries for longer than
/// responses are kept.
fn event_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(events::send, events::list))
        .routes(routes!(events::deliver))
}

/// All other routes. What they answer to a POST is repeated for the same `Idempotency-Key`.
fn other_routes() -> OpenApiRouter<Arc<Service>> {
    OpenApiRouter::new()
        .routes(routes!(events::show))
        .routes(routes!(tenants::create, tenants::list))
        .routes(routes!(tenants::show))
        .routes(routes!(tenants::set_quotas))
        .routes(routes!(tenants::create_key, tenants::list_keys))
        .routes(routes!(tenants::delete_key))
        .routes(routes!(hooks::create, hooks::list))
        .routes(routes!(hooks::show, hooks::edit, hooks::delete))
        .routes(routes!(hooks::publish))
        .routes(routes!(hooks::roll_back))
        .routes(routes!(hooks::enable))
        .routes(routes!(hooks::disable))
        .routes(routes!(hooks::versions))
        .routes(routes!(hooks::diff, hooks::compare))
        .routes(routes!(sources::put, sources::delete))
        .routes(routes!(sources::list))
        .routes(routes!(sources::try_mapping))
        .routes(routes!(secrets::put, secrets::delete))
        .routes(routes!(secrets::list))
        .routes(routes!(runs::list))
        .routes(routes!(live::all))
        .routes(routes!(live::log))
        .routes(routes!(runs::show))
        .routes(routes!(runs::replay))
        .routes(routes!(runs::replay_many))
        .routes(routes!(runs::cancel))
        .routes(routes!(meta::key))
        .routes(routes!(meta::health))
        .routes(routes!(meta::ready))
        .routes(routes!(meta::metrics))
}

/// Returns the OpenAPI description.
pub(crate) fn description() -> utoipa::openapi::OpenApi {
    let mut description = Description::openapi();
    description.merge(event_routes().into_openapi());
    description.merge(other_routes().into_openapi());
    description
}

/// Returns a router with every route.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let idempotent = axum::middleware::from_fn_with_state(Arc::clone(&service), idempotency::once);
    let (events, _) = event_routes().split_for_parts();
    let (others, _) = other_routes().split_for_parts();
    others
        .layer(idempotent)
        .merge(events)
        .merge(SwaggerUi::new("/docs").url("/openapi.json", description()))
        .fallback(|| async { Problem::not_found("route") })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
        .with_state(service)
}

/// Reads which part of a list a query asks for.
pub(crate) fn page(
    cursor: Option<&str>,
    limit: Option<usize>,
) -> Result<(Option<Id>, usize), Problem> {
    let limit = limit.unwrap_or(DEFAULT_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Problem::malformed(format!("`limit` is 1 to {MAX_PAGE}")));
    }
    let cursor = cursor.map(|text| {
        text.parse()
            .map_err(|_| Problem::malformed("`cursor` is `next` of the page before"))
    });
    Ok((cursor.transpose()?, limit))
}

/// Parses an identifier in a path; a text that is none is that of nothing that exists.
pub(crate) fn id(text: &str, what: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}

/// Checks a name that is to stand in URLs.
pub(crate) fn name(text: &str) -> Result<(), Problem> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if text.is_empty()
        || text.len() > MAX_NAME
        || !text.chars().all(plain)
        || text.starts_with(['-', '_'])
    {
        return Err(Problem::invalid(format!(
            "a name has 1 to {MAX_NAME} lower-case letters, digits, `-` and `_`, and starts with a letter or a digit"
        )));
    }
    Ok(())
}

/// Formats a time as RFC 3339, in UTC.
pub(crate) fn time(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .unwrap_or_default()
        .to_string()
}
