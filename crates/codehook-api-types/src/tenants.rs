//! Tenants and their quotas.

use serde::{Deserialize, Serialize};

/// The quotas of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Quotas {
    /// Events a second, on average over some seconds.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    pub events_per_second: u32,
    /// Runs in progress at the same time.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    pub concurrent_runs: u32,
    /// Queued runs; beyond that events are refused with 429.
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    pub queued_runs: u32,
    /// Seconds of CPU time in a day (UTC); when they are used up runs wait for the next day.
    #[serde(default = "cpu_seconds_per_day")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    pub cpu_seconds_per_day: u32,
    /// MiB of stored events and reports. The oldest that have ended are deleted to make room; where none has, events
    /// are refused.
    #[serde(default = "stored_mib")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 1_000_000_000))]
    pub stored_mib: u32,
}

impl Quotas {
    /// The largest value of each quota.
    pub const MAX: u32 = 1_000_000_000;

    /// Returns whether every quota is in its range.
    #[must_use]
    pub fn are_in_range(&self) -> bool {
        let Self {
            events_per_second,
            concurrent_runs,
            queued_runs,
            cpu_seconds_per_day,
            stored_mib,
        } = *self;
        [
            events_per_second,
            concurrent_runs,
            queued_runs,
            cpu_seconds_per_day,
            stored_mib,
        ]
        .iter()
        .all(|quota| (1..=Self::MAX).contains(quota))
    }
}

impl Default for Quotas {
    fn default() -> Self {
        Self {
            events_per_second: 2000,
            concurrent_runs: 64,
            queued_runs: 100_000,
            cpu_seconds_per_day: cpu_seconds_per_day(),
            stored_mib: stored_mib(),
        }
    }
}

fn cpu_seconds_per_day() -> u32 {
    86_400
}

fn stored_mib() -> u32 {
    10_240
}

/// A tenant to create.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct NewTenant {
    /// The name, which stands in URLs.
    #[cfg_attr(feature = "openapi", schema(pattern = "^[a-z0-9][a-z0-9_-]{0,62}$"))]
    pub id: String,
    /// The quotas; the default ones where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quotas: Option<Quotas>,
}

/// A tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantView {
    /// The name.
    pub id: String,
    /// The time of creation (RFC 3339).
    pub created_at: String,
    /// The quotas.
    pub quotas: Quotas,
}

/// A tenant with its usage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantDetail {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: TenantView,
    /// Bytes of stored events and reports.
    pub held_bytes: u64,
    /// Seconds of CPU time since midnight in UTC.
    pub cpu_seconds_today: f64,
    /// The number of queued runs.
    pub waiting_runs: usize,
}
