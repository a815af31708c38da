//! API keys.

use serde::{Deserialize, Serialize};

use crate::names::named_enum;

named_enum! {
    /// What an API key permits.
    pub enum Scope {
        /// Sending events.
        Ingest,
        /// Reading everything but secrets.
        Read,
        /// Changing hooks, sources, secrets and keys; replaying and cancelling runs.
        Manage,
    }
}

/// The API key that a request came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CurrentApiKey {
    /// The key's tenant; none for the operator's key.
    pub tenant: Option<String>,
    /// What the key is for.
    pub name: String,
    /// What the key permits.
    pub scopes: Vec<Scope>,
    /// The time at which the key expires (RFC 3339).
    pub expires_at: Option<String>,
}

/// An API key to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewApiKey {
    /// What the key is for.
    #[cfg_attr(feature = "openapi", schema(max_length = 200))]
    pub name: String,
    /// What the key permits.
    pub scopes: Vec<Scope>,
    /// Days until the key expires; none: the key does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 3650))]
    pub expires_in_days: Option<u32>,
}

/// An API key as it is listed: never the key itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKeyView {
    /// The identifier.
    pub id: String,
    /// What the key is for.
    pub name: String,
    /// What the key permits.
    pub scopes: Vec<Scope>,
    /// The time of creation (RFC 3339).
    pub created_at: String,
    /// The time at which the key expires (RFC 3339).
    pub expires_at: Option<String>,
}

/// An API key that was created. The response to its creation is the only place that shows the key.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreatedApiKey {
    /// The key itself.
    pub key: String,
    /// The key as it is listed.
    #[serde(flatten)]
    pub view: ApiKeyView,
}
