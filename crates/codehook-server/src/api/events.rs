//! Events: sent through the API or a source's URL, and read back.

use axum::Json;
use axum::extract::State;
use codehook_api_types::{EventPage, EventReceipt, EventView, ListEventsQuery};
use codehook_template::Event as Parsed;
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::Shared;
use super::extract::{Authorized, Ingest, Path, Query, Read, TenantPath, Whole};
use super::fields::{id, page, time};
use super::idempotency::{IDEMPOTENCY_KEY, MAX_KEY_BYTES};
use super::responses::ClientErrors;
use crate::delivery;
use crate::ingest;
use crate::problem::Problem;

/// The event of a path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct EventPath {
    /// The event's identifier.
    event: String,
}

/// The source of a delivery's path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct DeliveryPath {
    /// The source's identifier.
    source: String,
}

fn view(event: codehook_store::Event) -> EventView {
    let parsed = Parsed::from_json(event.body.as_bytes());
    EventView {
        id: event.id.to_string(),
        source: event.source.map(|id| id.to_string()),
        received_at: time(event.received_at),
        event: parsed
            .map(|parsed| parsed.as_json().clone())
            .unwrap_or_default(),
    }
}

/// Send an event
///
/// The response is sent once the event and its runs are on disk. Events with the same `Idempotency-Key`, or without
/// one the same `EventId`, are duplicates.
#[utoipa::path(
    post,
    path = "/v1/tenants/{tenant}/events",
    tag = "events",
    security(("key" = [])),
    params(TenantPath, ("Idempotency-Key" = Option<String>, Header, max_length = 200)),
    request_body(content = Object, description = "The event: a JSON object."),
    responses(
        (status = 202, description = "The event is stored", body = EventReceipt),
        ClientErrors,
    )
)]
pub(crate) async fn send(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Ingest>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<(StatusCode, Json<EventReceipt>), Problem> {
    let mut delivered = delivery::read(&HeaderMap::new(), &body)?;
    let mut delivered = delivered
        .pop()
        .ok_or_else(|| Problem::malformed("there is no event"))?;
    // An empty header is none: it would make a duplicate of every event.
    if let Some(key) = headers.get(IDEMPOTENCY_KEY).filter(|key| !key.is_empty()) {
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

/// Deliver events to a source
///
/// The URL to configure in the product that sends events. Needs no API key: the source's `auth` says how deliveries are
/// authenticated. Accepts JSON, forms, and CloudEvents 1.0 in all modes.
#[utoipa::path(
    post,
    path = "/v1/sources/{source}",
    tag = "events",
    params(DeliveryPath),
    request_body(content = Object, description = "The body as the product sends it."),
    responses(
        (status = 202, description = "The events are stored; one receipt for each", body = [EventReceipt]),
        ClientErrors,
    )
)]
pub(crate) async fn deliver(
    State(service): Shared,
    Path(DeliveryPath { source }): Path<DeliveryPath>,
    headers: HeaderMap,
    Whole(body): Whole,
) -> Result<(StatusCode, Json<Vec<EventReceipt>>), Problem> {
    let source = service.registry.source(id(&source, "source")?);
    let source = source.ok_or_else(|| Problem::not_found("source"))?;
    source.verify(&headers, &body)?;
    let mut receipts = Vec::new();
    let headers = source.trusted_headers(&headers, &body);
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
    params(TenantPath, ListEventsQuery),
    responses(
        (status = 200, body = EventPage),
        ClientErrors,
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
    Query(query): Query<ListEventsQuery>,
) -> Result<Json<EventPage>, Problem> {
    let (cursor, limit) = page(query.cursor.as_deref(), query.limit)?;
    let page = service.store.events(&tenant, cursor, limit).await?;
    Ok(Json(EventPage {
        items: page.items.into_iter().map(view).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

/// Get an event
#[utoipa::path(
    get,
    path = "/v1/tenants/{tenant}/events/{event}",
    tag = "events",
    security(("key" = [])),
    params(TenantPath, EventPath),
    responses(
        (status = 200, body = EventView),
        ClientErrors,
    )
)]
pub(crate) async fn show(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
    Path(EventPath { event }): Path<EventPath>,
) -> Result<Json<EventView>, Problem> {
    let event = service.store.event(&tenant, id(&event, "event")?).await?;
    Ok(Json(view(event)))
}
