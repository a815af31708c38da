//! `Idempotency-Key` on whatever makes something (draft-ietf-httpapi-idempotency-key-header): the same request with
//! the same key is done once, and answered in the same way for a day. Events have a way of their own, which remembers
//! longer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequest, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use codehook_store::{IdempotencyKey, StoreError};
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::extract::Whole;
use crate::problem::Problem;
use crate::service::Service;

/// The longest `Idempotency-Key`.
pub(crate) const MAX_KEY_BYTES: usize = 200;
pub(crate) const IDEMPOTENCY_KEY: &str = "idempotency-key";
/// Says that the answer is that of an earlier request.
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
/// The longest body of an answer that is kept; a longer one is made again for a repeated request.
const MAX_KEPT_BYTES: usize = 64 * 1024;
/// Headers of an answer that are kept.
const KEPT: [HeaderName; 2] = [header::CONTENT_TYPE, header::ETAG];

/// An answer as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

/// Goes around every route but those that receive events.
pub(crate) async fn once(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let key = request.headers().get(IDEMPOTENCY_KEY);
    let key = key.filter(|key| !key.is_empty()).cloned();
    match key {
        Some(key) if request.method() == Method::POST => answer(service, &key, request, next)
            .await
            .unwrap_or_else(IntoResponse::into_response),
        _ => next.run(request).await,
    }
}

async fn answer(
    service: Arc<Service>,
    key: &HeaderValue,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    if key.len() > MAX_KEY_BYTES {
        return Err(Problem::malformed(
            "an `Idempotency-Key` has at most 200 characters",
        ));
    }
    // Whoever is not known is refused here as the route itself would.
    let caller = service
        .keys
        .caller(&service.store, request.headers())
        .await?;
    let holder = caller.id.to_string();
    let key = String::from_utf8_lossy(key.as_bytes()).into_owned();
    let (head, body) = request.into_parts();
    let Whole(body) = Whole::from_request(Request::new(body), &()).await?;
    let mut hash = Sha256::new();
    for part in [
        head.uri.to_string().as_bytes(),
        &if_match(&head.headers),
        &body,
    ] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let hash = hash.finalize().into();
    match service.store.begin_request(&holder, &key, hash).await? {
        IdempotencyKey::New => {}
        IdempotencyKey::Completed(kept) => return Ok(again(&kept)),
        IdempotencyKey::InProgress => {
            return Err(Problem::conflict(
                "the request with this `Idempotency-Key` is still being worked on: send it again in a moment",
            ));
        }
        IdempotencyKey::TooMany => {
            return Err(Problem::too_many(
                "this API key has sent as many `Idempotency-Key`s today as are remembered: send the request without \
                 one, or later",
                3600,
            ));
        }
        IdempotencyKey::OtherRequest => {
            return Err(Problem::invalid(
                "this `Idempotency-Key` came with another request before: take a new one for each request",
            ));
        }
    }
    let request = Request::from_parts(head, Body::from(body));
    // To its end, even if the client goes away meanwhile.
    let done = tokio::spawn(async move {
        let response = next.run(request).await;
        keep(&service, &holder, &key, response).await
    });
    done.await
        .unwrap_or_else(|_| Err(StoreError::Closed))
        .map_err(Problem::from)
}

fn if_match(headers: &HeaderMap) -> Vec<u8> {
    let value = headers.get(header::IF_MATCH);
    value.map_or_else(Vec::new, |value| value.as_bytes().to_vec())
}

/// Keeps an answer, unless the next one may be another.
async fn keep(
    service: &Service,
    holder: &str,
    key: &str,
    response: Response,
) -> Result<Response, StoreError> {
    let (head, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes)
        .unwrap_or_default();
    let text = |name: &HeaderName| {
        Some((
            name.to_string(),
            head.headers.get(name)?.to_str().ok()?.to_owned(),
        ))
    };
    let passes = head.status.is_server_error() || head.status == StatusCode::TOO_MANY_REQUESTS;
    let keeps = !passes && body.len() <= MAX_KEPT_BYTES;
    let kept = keeps.then(|| Kept {
        status: head.status.as_u16(),
        headers: KEPT.iter().filter_map(text).collect(),
        body: String::from_utf8_lossy(&body).into_owned(),
    });
    let kept = kept.map(|kept| serde_json::to_string(&kept)).transpose()?;
    service
        .store
        .end_request(holder, key, kept.as_deref())
        .await?;
    Ok(Response::from_parts(head, Body::from(body)))
}

fn again(kept: &str) -> Response {
    let Ok(kept) = serde_json::from_str::<Kept>(kept) else {
        return Problem::conflict("the answer of this request is damaged: take another key")
            .into_response();
    };
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    let mut response = (status, kept.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in kept.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse()) {
            headers.insert(name, value);
        }
    }
    headers.insert(REPLAYED, HeaderValue::from_static("true"));
    response
}
