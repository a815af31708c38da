//! Sources of events, and trials of mappings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use zeroize::Zeroizing;

use crate::names::named_enum;

named_enum! {
    /// How deliveries are authenticated.
    pub enum SourceAuth {
        /// `x-hub-signature: sha256=<hex>` with HMAC-SHA256 of the body.
        HubHmac,
        /// The same header with SHA256(secret ‖ body), as the product documents it. Weaker: lengths can be extended.
        HubLegacy,
        /// `Authorization: Basic` with `user:password`.
        Basic,
        /// Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, `webhook-signature`, at most five minutes old.
        StandardWebhooks,
        /// Only the URL, which must be kept secret.
        UrlOnly,
    }
}

/// A source to create or replace.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutSource {
    /// How deliveries are authenticated.
    pub auth: SourceAuth,
    /// The secret that signs or authenticates deliveries; none for `url_only`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub secret: Option<Zeroizing<String>>,
    /// The mapping of this source's events, for hooks without a mapping of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub mapping: Option<Value>,
}

/// A source as it is listed: never its secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceView {
    /// The identifier.
    pub id: String,
    /// The name.
    pub name: String,
    /// The path of the URL to give to the product.
    pub path: String,
    /// How deliveries are authenticated.
    pub auth: SourceAuth,
    /// The mapping of this source's events.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub mapping: Option<Value>,
    /// The time of creation (RFC 3339).
    pub created_at: String,
}

/// A mapping to try on an event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MappingTrial {
    /// The mapping; without it each token is the field of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub mapping: Option<Value>,
    /// The event.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub event: Value,
}

/// The result of a mapping for an event.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct MappingResult {
    /// The values by token.
    pub values: BTreeMap<String, String>,
    /// The reasons why other tokens have no value.
    pub missing: BTreeMap<String, String>,
}
