//! Errors of the API: problem details (RFC 9457), each of a kind that a program can tell apart.

use serde::{Deserialize, Serialize};

/// The kinds of problems, by the URI in `type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, strum::VariantArray)]
pub enum ProblemKind {
    /// The request is not well-formed.
    #[serde(rename = "urn:codehook:problem:malformed")]
    Malformed,
    /// The request has no valid credentials.
    #[serde(rename = "urn:codehook:problem:unauthorized")]
    Unauthorized,
    /// The credentials do not permit the request.
    #[serde(rename = "urn:codehook:problem:forbidden")]
    Forbidden,
    /// The resource does not exist, or belongs to another tenant.
    #[serde(rename = "urn:codehook:problem:not-found")]
    NotFound,
    /// The resource does not support the method.
    #[serde(rename = "urn:codehook:problem:method-not-allowed")]
    MethodNotAllowed,
    /// The request conflicts with the state of the resource.
    #[serde(rename = "urn:codehook:problem:conflict")]
    Conflict,
    /// The resource has changed since the revision in `If-Match`.
    #[serde(rename = "urn:codehook:problem:changed")]
    Changed,
    /// The body is too large.
    #[serde(rename = "urn:codehook:problem:too-large")]
    TooLarge,
    /// The request is well-formed, and a value in it is not valid.
    #[serde(rename = "urn:codehook:problem:invalid")]
    Invalid,
    /// A quota or a limit is exceeded.
    #[serde(rename = "urn:codehook:problem:too-many")]
    TooMany,
    /// The service failed.
    #[serde(rename = "urn:codehook:problem:internal")]
    Internal,
    /// The service is shutting down.
    #[serde(rename = "urn:codehook:problem:closing")]
    Closing,
    /// The service's disk is full.
    #[serde(rename = "urn:codehook:problem:no-space")]
    NoSpace,
    /// A kind that this version does not know.
    #[serde(other, skip_serializing)]
    Unknown,
}

impl ProblemKind {
    /// Returns the status code that a response with this kind has; none for an unknown kind.
    #[must_use]
    pub const fn status(self) -> Option<u16> {
        Some(match self {
            Self::Malformed => 400,
            Self::Unauthorized => 401,
            Self::Forbidden => 403,
            Self::NotFound => 404,
            Self::MethodNotAllowed => 405,
            Self::Conflict => 409,
            Self::Changed => 412,
            Self::TooLarge => 413,
            Self::Invalid => 422,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::Closing => 503,
            Self::NoSpace => 507,
            Self::Unknown => return None,
        })
    }

    /// Returns the title, a summary for people.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "Malformed request",
            Self::Unauthorized => "Authentication required",
            Self::Forbidden => "Forbidden",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::Conflict => "Conflict",
            Self::Changed => "Precondition failed",
            Self::TooLarge => "Content too large",
            Self::Invalid => "Validation failed",
            Self::TooMany => "Too many requests",
            Self::Internal => "Internal server error",
            Self::Closing => "Service unavailable",
            Self::NoSpace => "Insufficient storage",
            Self::Unknown => "Unknown problem",
        }
    }
}

/// Problem details (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProblemDetails {
    /// The kind of the problem.
    #[serde(rename = "type")]
    pub kind: ProblemKind,
    /// A summary of the kind.
    pub title: String,
    /// The status code of the response.
    pub status: u16,
    /// What is wrong with this request, and what to do.
    pub detail: String,
    /// The line in the template, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<usize>,
    /// The column in the template, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub column: Option<usize>,
}

impl ProblemDetails {
    /// Makes problem details with the kind's own title and status.
    #[must_use]
    pub fn new(kind: ProblemKind, detail: impl Into<String>) -> Self {
        Self {
            kind,
            title: kind.title().to_owned(),
            status: kind.status().unwrap_or(500),
            detail: detail.into(),
            line: None,
            column: None,
        }
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use std::borrow::Cow;

    use strum::VariantArray;
    use utoipa::openapi::RefOr;
    use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
    use utoipa::{PartialSchema, ToSchema};

    use super::ProblemKind;

    impl PartialSchema for ProblemKind {
        fn schema() -> RefOr<Schema> {
            let known = Self::VARIANTS.iter().filter(|kind| kind.status().is_some());
            ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some("The kind of a problem, a URI."))
                .enum_values(Some(
                    known.filter_map(|kind| serde_json::to_value(kind).ok()),
                ))
                .into()
        }
    }

    impl ToSchema for ProblemKind {
        fn name() -> Cow<'static, str> {
            Cow::Borrowed("ProblemKind")
        }
    }
}

#[cfg(test)]
mod tests {
    use strum::VariantArray;

    use super::*;

    #[test]
    fn every_kind_has_a_status_a_title_and_a_uri_of_its_own() {
        let known = || {
            ProblemKind::VARIANTS
                .iter()
                .filter(|kind| kind.status().is_some())
        };
        assert_eq!(known().count(), ProblemKind::VARIANTS.len() - 1);
        let mut titles = Vec::new();
        for kind in known() {
            let details = ProblemDetails::new(*kind, "why");
            let json = serde_json::to_value(&details).unwrap();
            assert!(
                json["type"]
                    .as_str()
                    .unwrap()
                    .starts_with("urn:codehook:problem:"),
                "{json}"
            );
            assert_eq!(
                serde_json::from_value::<ProblemDetails>(json).unwrap(),
                details
            );
            assert!(!titles.contains(&details.title), "{}", details.title);
            titles.push(details.title);
        }
    }

    #[test]
    fn a_kind_of_a_later_version_is_read_with_its_detail() {
        let json = serde_json::json!({
            "type": "urn:codehook:problem:later", "title": "Later", "status": 499, "detail": "why", "more": 1,
        });
        let details: ProblemDetails = serde_json::from_value(json).unwrap();
        assert_eq!(
            (details.kind, details.detail.as_str()),
            (ProblemKind::Unknown, "why")
        );
    }
}
