//! Hooks: definitions, drafts and published versions.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::names::named_enum;

/// The runtime that a hook has unless its definition names one.
pub const RUNTIME: &str = "python2.7";

/// The definition of a hook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HookDefinition {
    /// The interpreter.
    #[serde(default = "runtime")]
    pub runtime: String,
    /// The script template, with tokens such as `@UserEmail@`.
    pub template: String,
    /// The mapping from an event to the tokens' values: `{"tokens": {"UserName": {"path": "$.user.name", "default":
    /// ""}}}`. Without it the source's mapping counts, and without that each token is the field of its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Object>))]
    pub mapping: Option<Value>,
    /// The events that start the hook.
    #[serde(default)]
    pub trigger: Trigger,
    /// The hosts that the script may reach: `api.example.com`, `*.example.com`, `https://api.example.com:8443`.
    #[serde(default)]
    pub allow: Vec<String>,
    /// The value of `@Hostname@`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// The secrets that the template may use, as `@secret.NAME@`.
    #[serde(default)]
    pub secrets: Vec<String>,
    /// The limits of a run.
    #[serde(default)]
    pub limits: HookLimits,
    /// The retry policy.
    #[serde(default)]
    pub retry: RetryPolicy,
}

fn runtime() -> String {
    RUNTIME.to_owned()
}

/// The events that start a hook.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Trigger {
    /// The severity, by the token `Severity`.
    pub on: Severity,
    /// A CEL expression over `event` that must be true as well, such as `event.RiskScore > 80`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
}

named_enum! {
    /// The severity of an event.
    #[derive(Default)]
    pub enum Severity {
        /// Every event.
        #[default]
        Any,
        /// Alerts only.
        Alert,
        /// Warnings only.
        Warning,
    }
}

/// The limits of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HookLimits {
    /// Seconds from the start of an attempt to its end, at most 30.
    pub timeout_seconds: u32,
    /// Memory in MiB.
    pub memory_mib: u32,
    /// Runs of this hook in progress at the same time; none: as many as the tenant may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub concurrent_runs: Option<u32>,
}

impl Default for HookLimits {
    fn default() -> Self {
        Self {
            timeout_seconds: 30,
            memory_mib: 256,
            concurrent_runs: None,
        }
    }
}

/// The retry policy: a run is tried again after a time-out, a crash, or a failure with a server that could not be
/// reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RetryPolicy {
    /// Attempts in all, the first one included.
    pub attempts: u32,
    /// Seconds before the second attempt; doubled before each further one, up to an hour, with jitter.
    pub first_delay_seconds: u32,
    /// Whether a script that fails by itself is tried again as well.
    pub failures: bool,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_delay_seconds: 10,
            failures: false,
        }
    }
}

/// A hook with its draft.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HookView {
    /// The identifier.
    pub id: String,
    /// The name.
    pub name: String,
    /// Whether events start the hook.
    pub enabled: bool,
    /// The number of changes; the `ETag` is made of it.
    pub revision: u32,
    /// The version that runs; none before the first publication.
    pub published: Option<u32>,
    /// The draft.
    pub draft: HookDefinition,
    /// The time of creation (RFC 3339).
    pub created_at: String,
    /// The time of the last change (RFC 3339).
    pub updated_at: String,
}

/// A hook to create.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewHook {
    /// The name, which stands in URLs.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$"))]
    pub name: String,
    /// The first draft.
    pub draft: HookDefinition,
}

/// A published version of a hook.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct HookVersionView {
    /// The version's number, from 1.
    pub version: u32,
    /// The definition, which never changes.
    pub definition: HookDefinition,
    /// The time of publication (RFC 3339).
    pub created_at: String,
}

/// A version to roll back to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RollbackRequest {
    /// The version's number.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub version: u32,
}

/// The two sides of a diff of a hook.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct DiffQuery {
    /// The older version; the published one by default.
    pub from: Option<u32>,
    /// The newer version; the draft by default.
    pub to: Option<u32>,
}

/// The version with which a definition is compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::IntoParams), into_params(parameter_in = Query))]
pub struct CompareQuery {
    /// The version; the draft by default.
    pub from: Option<u32>,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_template_alone_is_a_definition() {
        let definition: HookDefinition =
            serde_json::from_value(json!({"template": "pass"})).unwrap();
        let all = json!({
            "runtime": "python2.7", "template": "pass", "trigger": {"on": "any"}, "allow": [], "secrets": [],
            "limits": {"timeout_seconds": 30, "memory_mib": 256},
            "retry": {"attempts": 5, "first_delay_seconds": 10, "failures": false},
        });
        assert_eq!(serde_json::to_value(&definition).unwrap(), all);
        assert!(
            serde_json::from_value::<HookDefinition>(json!({"template": "pass", "limit": {}}))
                .is_err()
        );
    }
}
