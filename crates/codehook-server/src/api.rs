//! The HTTP API, and its description as OpenAPI 3.1, which is made from the handlers themselves.

mod events;
mod hooks;
mod idempotency;
mod live;
mod meta;
mod runs;
mod secrets;
mod sources;
mod tenants;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::body::HttpBody;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::IntoResponse;
use bytes::{Bytes, BytesMut};
use codehook_store::{ApiKey, Id, Millis, Scope};
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::{IntoParams, Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use utoipa_swagger_ui::SwaggerUi;

use crate::auth;
use crate::delivery::MAX_DELIVERY_BYTES;
use crate::problem::Problem;
use crate::service::Service;

/// Items on a page when nobody says how many.
const PAGE: usize = 50;
const MAX_PAGE: usize = 500;
/// So much of a body that is too large is still read, since most clients read no answer before they have sent it.
const MAX_DISCARDED_BYTES: usize = 4 * MAX_DELIVERY_BYTES;
/// The longest name of a tenant, a hook or a source, in characters.
const MAX_NAME: usize = 63;

pub(crate) type Shared = axum::extract::State<Arc<Service>>;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "codehook",
        description = "Takes events and runs the hooks that listen to them. Errors are RFC 9457 problem details. Lists are newest first and \
            are read page by page: give `next` of one page as `cursor` for the following one. Every POST takes an `Idempotency-Key`: \
            the same key with the same request is done once, and answered in the same way for a day."
    ),
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

/// Every route.
pub(crate) fn router(service: Arc<Service>) -> Router {
    let (router, description) = OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(events::send, events::list))
        .routes(routes!(events::show))
        .routes(routes!(events::deliver))
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
        .split_for_parts();
    router
        .merge(SwaggerUi::new("/docs").url("/openapi.json", description))
        .layer(axum::middleware::from_fn_with_state(
            Arc::clone(&service),
            idempotency::once,
        ))
        .fallback(|| async { Problem::not_found("route") })
        .method_not_allowed_fallback(|| async {
            (
                http::StatusCode::METHOD_NOT_ALLOWED,
                Problem::malformed("this route has no such method"),
            )
                .into_response()
        })
        .with_state(service)
}

/// The key of whoever calls.
pub(crate) struct Caller(pub(crate) ApiKey);

impl FromRequestParts<Arc<Service>> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Problem> {
        service
            .keys
            .caller(&service.store, &parts.headers)
            .await
            .map(Self)
    }
}

impl Caller {
    /// Whether it may do this for `tenant`, which is there.
    pub(crate) fn may(&self, service: &Service, tenant: &str, scope: Scope) -> Result<(), Problem> {
        auth::allow(&self.0, tenant, scope)?;
        match service.registry.tenant(tenant) {
            Some(_) => Ok(()),
            None => Err(Problem::not_found("tenant")),
        }
    }
}

/// A body, whatever it is, up to the limit.
pub(crate) struct Whole(pub(crate) Bytes);

impl<S: Send + Sync> FromRequest<S> for Whole {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let mut body = request.into_body();
        let (mut whole, mut received) = (BytesMut::new(), 0);
        while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            let frame = frame.map_err(|_| Problem::malformed("the body has broken off"))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            received += data.len();
            if received <= MAX_DELIVERY_BYTES {
                whole.extend_from_slice(&data);
            } else if received > MAX_DISCARDED_BYTES {
                break;
            }
        }
        if received > MAX_DELIVERY_BYTES {
            return Err(Problem::too_large(MAX_DELIVERY_BYTES));
        }
        Ok(Self(whole.freeze()))
    }
}

/// A JSON body.
pub(crate) struct Document<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Document<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let Whole(body) = Whole::from_request(request, state).await?;
        serde_json::from_slice(&body)
            .map(Self)
            .map_err(|error| match error.classify() {
                serde_json::error::Category::Data => Problem::invalid(error.to_string()),
                _ => Problem::malformed(format!("the body is no JSON: {error}")),
            })
    }
}

/// Query parameters.
pub(crate) struct Query<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|error| Problem::malformed(error.body_text()))
    }
}

/// Parts of the path.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(path)| Self(path))
            .map_err(|error| Problem::malformed(error.body_text()))
    }
}

/// Which part of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// `next` of the page before.
    #[param(value_type = Option<String>, pattern = "^[0-7][0-9A-HJKMNP-TV-Z]{25}$")]
    cursor: Option<String>,
    /// Items on a page, 1 to 500; 50 when nobody says.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

impl Paging {
    pub(crate) fn read(&self) -> Result<(Option<Id>, usize), Problem> {
        let limit = self.limit.unwrap_or(PAGE);
        if !(1..=MAX_PAGE).contains(&limit) {
            return Err(Problem::malformed(format!("`limit` is 1 to {MAX_PAGE}")));
        }
        let cursor = self.cursor.as_deref().map(|text| {
            text.parse()
                .map_err(|_| Problem::malformed("`cursor` is `next` of the page before"))
        });
        Ok((cursor.transpose()?, limit))
    }
}

/// An identifier in a path: what is none names nothing.
pub(crate) fn id(text: &str, what: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}

/// A name that can stand in a URL.
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

/// RFC 3339, in UTC.
pub(crate) fn time(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .unwrap_or_default()
        .to_string()
}
