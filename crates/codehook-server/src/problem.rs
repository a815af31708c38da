//! Problems as responses: problem details (RFC 9457) with the headers that belong to them.

use axum::Json;
use axum::response::{IntoResponse, Response};
use codehook_api_types::{ProblemDetails, ProblemKind};
use codehook_store::StoreError;
use http::{HeaderValue, StatusCode, header};

/// A request that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) details: ProblemDetails,
    /// Seconds after which the same request may succeed.
    retry_after: Option<u64>,
}

impl Problem {
    fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            details: ProblemDetails::new(kind, detail),
            retry_after: None,
        }
    }

    pub(crate) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Unauthorized, detail)
    }

    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Forbidden, detail)
    }

    pub(crate) fn not_found(what: &str) -> Self {
        let detail = format!("there is no such {what}, or it is not yours");
        Self::new(ProblemKind::NotFound, detail)
    }

    pub(crate) fn method_not_allowed() -> Self {
        let detail = "this route has no such method: see /openapi.json";
        Self::new(ProblemKind::MethodNotAllowed, detail)
    }

    pub(crate) fn malformed(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Malformed, detail)
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Invalid, detail)
    }

    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(ProblemKind::Conflict, detail)
    }

    pub(crate) fn too_large(limit: usize) -> Self {
        let detail = format!("the body has more than {limit} bytes");
        Self::new(ProblemKind::TooLarge, detail)
    }

    pub(crate) fn too_many(detail: impl Into<String>, retry_after_seconds: u64) -> Self {
        Self::new(ProblemKind::TooMany, detail).after(retry_after_seconds)
    }

    /// Adds the position in a template.
    pub(crate) fn at(mut self, line: usize, column: Option<usize>) -> Self {
        self.details.line = Some(line);
        self.details.column = column;
        self
    }

    fn after(self, seconds: u64) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        let detail = error.to_string();
        match error {
            StoreError::NotFound { what } => Self::not_found(what),
            StoreError::Exists { .. } | StoreError::State(_) => Self::conflict(detail),
            StoreError::Changed => Self::new(ProblemKind::Changed, detail),
            StoreError::NoSpace(_) => {
                tracing::error!(%detail, "the journal takes nothing");
                let detail = "the service cannot store anything at the moment: try again later";
                Self::new(ProblemKind::NoSpace, detail).after(10)
            }
            StoreError::Closed => Self::new(ProblemKind::Closing, detail).after(1),
            _ => {
                tracing::error!(%detail, "the store failed");
                let detail = "the service failed: see its log for the cause";
                Self::new(ProblemKind::Internal, detail)
            }
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status =
            StatusCode::from_u16(self.details.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(&self.details)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
