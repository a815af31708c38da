//! The HTTP API, and its description as OpenAPI 3.1, which is made from the handlers themselves.

use std::sync::Arc;

use axum::Router;
use codehook_api_types::ProblemDetails;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use super::{events, health, hooks, idempotency, runs, secrets, sources, sse, tenants};
use crate::problem::Problem;
use crate::service::Service;

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
        .routes(routes!(sse::all))
        .routes(routes!(sse::log))
        .routes(routes!(runs::show))
        .routes(routes!(runs::replay))
        .routes(routes!(runs::replay_many))
        .routes(routes!(runs::cancel))
        .routes(routes!(health::key))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(health::metrics))
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
