//! Events: sent through the API or a source's URL, and read back.

use axum::Json;
use axum::extract::State;
use codehook_store::Scope;
use codehook_template::Event as Parsed;
use http::{HeaderMap, StatusCode};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Caller, Paging, Path, Query, Shared, Whole, id, time};
use crate::delivery;
use crate::ingest::{self, Receipt};
use crate::problem::Problem;

/// The longest `Idempotency-Key`.
pub(crate) const MAX_KEY_BYTES: usize = 200;
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// An event as it was kept.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    id: String,
    /// The source that it came through; none for the API.
    source: Option<String>,
    received_at: String,
    #[schema(value_type = Object)]
    event: Value,
}

/// Some events, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    items: Vec<EventView>,
    next: Option<String>,
}

impl From<codehook_store::Event> for EventView {
    fn from(event: codehook_store::Event) -> Self {
        let parsed = Parsed::from_json(event.body.as_bytes());
        Self {
            id: event.id.to_string(),
            source: event.source.map(|id| id.to_string()),
            received_at: time(event.received_at),
            event: parsed
                .map(|parsed| parsed.as_json().clone())
                .unwrap_or_default(),
        }
    }
}

/// Send an event
///
/// Answered once the event and its runs are on disk. The same `Idempotency-Key`, or without one the same `EventId`, is the same event.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/events",
    tag = "events",
    security(("key" = [])),
    params(("tenant" = String, Path), ("Idempotency-Key" = Option<String>, Header, max_length = 200)),
    request_body(content = Object, description = "The event: a JSON object."),
    responses(
        (status = 202, description = "Kept", body = Receipt),
        (status = "4XX", description = "Not taken", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn send(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<(StatusCode, Json<Receipt>), Problem> {
    caller.may(&service, &tenant, Scope::Ingest)?;
    let mut delivered = delivery::read(&HeaderMap::new(), &body)?;
    let mut delivered = delivered
        .pop()
        .ok_or_else(|| Problem::malformed("there is no event"))?;
    if let Some(key) = headers.get(IDEMPOTENCY_KEY) {
        if key.len() > MAX_KEY_BYTES {
            return Err(Problem::malformed(
                "an `Idempotency-Key` has at most 200 characters",
            ));
        }
        delivered.key = Some(format!(
            "key:{}",
            delivery::whole(&String::from_utf8_lossy(key.as_bytes()))
        ));
    }
    let receipt = ingest::accept(&service, &tenant, None, delivered).await?;
    Ok((StatusCode::ACCEPTED, Json(receipt)))
}

/// Deliver to a source
///
/// The URL that an administrator gives to the product. No API key: the source says how a delivery shows that it is honest. Takes JSON,
/// forms, and CloudEvents 1.0 in all modes.
#[utoipa::path(
    post,
    path = "/v1/sources/{source}",
    tag = "events",
    params(("source" = String, Path)),
    request_body(content = Object, description = "What the product sends."),
    responses(
        (status = 202, description = "Kept; one receipt for each event", body = [Receipt]),
        (status = "4XX", description = "Not taken", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn deliver(
    State(service): Shared,
    Path(source): Path<String>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<(StatusCode, Json<Vec<Receipt>>), Problem> {
    let source = service.registry.source(id(&source, "source")?);
    let source = source.ok_or_else(|| Problem::not_found("source"))?;
    source.verify(&headers, &body)?;
    let mut receipts = Vec::new();
    for mut delivered in delivery::read(&headers, &body)? {
        // A product that repeats a delivery repeats it to the byte.
        let key = delivered
            .key
            .take()
            .unwrap_or_else(|| delivery::whole(&delivered.body));
        delivered.key = Some(key);
        let origin = Some((source.id, source.mapping.as_ref()));
        receipts.push(ingest::accept(&service, &source.tenant, origin, delivered).await?);
    }
    Ok((StatusCode::ACCEPTED, Json(receipts)))
}

/// List events
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/events",
    tag = "events",
    security(("key" = [])),
    params(("tenant" = String, Path), Paging),
    responses(
        (status = 200, body = EventPage),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
    Query(paging): Query<Paging>,
) -> Result<Json<EventPage>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let (cursor, limit) = paging.read()?;
    let page = service.store.events(&tenant, cursor, limit).await?;
    Ok(Json(EventPage {
        items: page.items.into_iter().map(EventView::from).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

/// Show an event
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/events/{event}",
    tag = "events",
    security(("key" = [])),
    params(("tenant" = String, Path), ("event" = String, Path)),
    responses(
        (status = 200, body = EventView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(service): Shared,
    caller: Caller,
    Path((tenant, event)): Path<(String, String)>,
) -> Result<Json<EventView>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let event = service.store.event(&tenant, id(&event, "event")?).await?;
    Ok(Json(event.into()))
}
