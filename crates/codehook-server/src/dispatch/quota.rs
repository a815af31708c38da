//! What tenants use, against their quotas. The store counts it for good; this is its copy in memory, since every
//! delivery and every run asks.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use codehook_api_types::Quotas;
use codehook_store::{Millis, Store, StoreError, Usage};

/// A day in UTC.
const DAY: Duration = Duration::from_secs(24 * 3600);
const MIB: u64 = 1024 * 1024;

#[derive(Default)]
struct Counts {
    /// Days since 1970.
    day: u64,
    tenants: HashMap<String, Usage>,
}

/// What each tenant uses.
#[derive(Default)]
pub(crate) struct Meter(Mutex<Counts>);

fn today() -> u64 {
    Millis::now().since(Millis(0)).as_secs() / DAY.as_secs()
}

impl Meter {
    /// As the store has it.
    pub(crate) async fn read(&self, store: &Store) -> Result<(), StoreError> {
        let tenants = store.usage().await?.into_iter().collect();
        *self.counts() = Counts {
            day: today(),
            tenants,
        };
        Ok(())
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let today = today();
        if counts.day != today {
            counts.day = today;
            for usage in counts.tenants.values_mut() {
                usage.cpu_ms_today = 0;
            }
        }
        counts
    }

    /// Adds what has been stored and computed for a tenant.
    pub(crate) fn add(&self, tenant: &str, bytes: usize, cpu: Duration) {
        let mut counts = self.counts();
        if !counts.tenants.contains_key(tenant) {
            counts.tenants.insert(tenant.to_owned(), Usage::default());
        }
        if let Some(usage) = counts.tenants.get_mut(tenant) {
            usage.held_bytes += bytes as u64;
            usage.cpu_ms_today += u64::try_from(cpu.as_millis()).unwrap_or(u64::MAX);
        }
    }

    /// What a tenant uses.
    pub(crate) fn of(&self, tenant: &str) -> Usage {
        let counts = self.counts();
        counts.tenants.get(tenant).copied().unwrap_or_default()
    }
}

/// Whether a tenant's runs have used up their day's time on a processor.
pub(crate) fn cpu_quota_exhausted(usage: Usage, quotas: Quotas) -> bool {
    usage.cpu_ms_today >= u64::from(quotas.cpu_seconds_per_day) * 1000
}

/// The most bytes that a tenant may hold.
pub(crate) fn byte_quota(quotas: Quotas) -> u64 {
    u64::from(quotas.stored_mib) * MIB
}
