//! Secrets of tenants.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// The value of a secret.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretValue {
    /// The value.
    #[cfg_attr(feature = "openapi", schema(value_type = String, max_length = 65536))]
    pub value: Zeroizing<String>,
}

/// A secret as it is listed: never its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SecretView {
    /// The name.
    pub name: String,
    /// The time of the last change (RFC 3339).
    pub updated_at: String,
}
