//! What handlers take from requests: the caller and its permission, the body, the path, the query.

use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;

use axum::body::HttpBody;
use axum::extract::{FromRequest, FromRequestParts, Request};
use bytes::{Bytes, BytesMut};
use codehook_api_types::Scope;
use codehook_store::ApiKey;
use http::request::Parts;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use utoipa::IntoParams;

use crate::auth;
use crate::delivery::MAX_DELIVERY_BYTES;
use crate::problem::Problem;
use crate::service::Service;

/// The service, which every handler is given.
pub(super) type Shared = axum::extract::State<Arc<Service>>;

/// The most bytes that are read of a body that is too large: most clients read no response before they have sent the
/// body.
const MAX_DISCARDED_BYTES: usize = 4 * MAX_DELIVERY_BYTES;

/// The API key of the caller.
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

/// The operator, as the caller.
pub(crate) struct Operator;

impl FromRequestParts<Arc<Service>> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Problem> {
        let Caller(key) = Caller::from_request_parts(parts, service).await?;
        auth::operator(&key)?;
        Ok(Self)
    }
}

/// A scope that [`Authorized`] requires.
pub(crate) trait RequiredScope {
    const SCOPE: Scope;
}

/// Requires [`Scope::Ingest`].
pub(crate) struct Ingest;

impl RequiredScope for Ingest {
    const SCOPE: Scope = Scope::Ingest;
}

/// Requires [`Scope::Read`].
pub(crate) struct Read;

impl RequiredScope for Read {
    const SCOPE: Scope = Scope::Read;
}

/// Requires [`Scope::Manage`].
pub(crate) struct Manage;

impl RequiredScope for Manage {
    const SCOPE: Scope = Scope::Manage;
}

/// The tenant of a path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct TenantPath {
    /// The tenant's name.
    tenant: String,
}

/// A caller with the scope `S` for the tenant in the path, which exists.
pub(crate) struct Authorized<S> {
    pub(crate) tenant: String,
    pub(crate) key: ApiKey,
    scope: PhantomData<S>,
}

impl<S: RequiredScope> FromRequestParts<Arc<Service>> for Authorized<S> {
    type Rejection = Problem;

    async fn from_request_parts(
        parts: &mut Parts,
        service: &Arc<Service>,
    ) -> Result<Self, Problem> {
        let Caller(key) = Caller::from_request_parts(parts, service).await?;
        let Path(TenantPath { tenant }) = Path::from_request_parts(parts, service).await?;
        auth::allow(&key, &tenant, S::SCOPE)?;
        if service.registry.tenant(&tenant).is_none() {
            return Err(Problem::not_found("tenant"));
        }
        Ok(Self {
            tenant,
            key,
            scope: PhantomData,
        })
    }
}

/// A whole body, up to the limit.
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

/// The query's parameters.
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

/// The path's parameters.
pub(crate) struct Path<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(path)| Self(path))
            .map_err(|error| Problem::malformed(error.body_text()))
    }
}
