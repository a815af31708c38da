//! Each tenant's share of the executor's threads: a token bucket of CPU time that fills as time passes.
//!
//! A tenant that starts many runs, or runs that compute, empties its bucket; its runs then go on on the low-priority
//! threads until there is something in it again. Together the buckets fill with half of the executor's CPU time, shared
//! by the tenants that use it, so that a tenant that uses little finds the other half free.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Capacity of a bucket.
const CAPACITY: Duration = Duration::from_millis(100);
/// Fraction of the executor's CPU time that fills the buckets.
const FILL_FRACTION: f64 = 0.5;
/// Interval at which buckets that are full again are removed.
const SWEEP_INTERVAL: Duration = Duration::from_millis(100);

/// The token buckets of all tenants.
pub(super) struct TokenBuckets {
    /// Processors of the executor.
    processors: f64,
    tenants: Mutex<Tenants>,
}

struct Tenants {
    buckets: HashMap<Arc<str>, Arc<Mutex<Bucket>>>,
    swept: Instant,
    /// Seconds of CPU time that flow into each bucket in a second.
    rate: f64,
}

/// Seconds of CPU time; below zero when a run used more than there was.
struct Bucket {
    level: f64,
    at: Instant,
}

/// A tenant's bucket, and the rate at which it fills.
pub(super) struct Share {
    bucket: Arc<Mutex<Bucket>>,
    rate: f64,
}

impl TokenBuckets {
    /// Returns no buckets yet, for an executor with this many processors.
    pub(super) fn new(processors: NonZeroUsize) -> Self {
        let processors = processors.get() as f64;
        Self {
            processors,
            tenants: Mutex::new(Tenants {
                buckets: HashMap::new(),
                swept: Instant::now(),
                rate: processors * FILL_FRACTION,
            }),
        }
    }

    /// Returns the share of `tenant`.
    pub(super) fn share_of(&self, tenant: &Arc<str>) -> Share {
        self.at(tenant, Instant::now())
    }

    fn at(&self, tenant: &Arc<str>, now: Instant) -> Share {
        let mut tenants = lock(&self.tenants);
        if now.saturating_duration_since(tenants.swept) >= SWEEP_INTERVAL {
            tenants.sweep(now, self.processors);
        }
        let full = || {
            Arc::new(Mutex::new(Bucket {
                level: CAPACITY.as_secs_f64(),
                at: now,
            }))
        };
        let bucket = tenants
            .buckets
            .entry(Arc::clone(tenant))
            .or_insert_with(full);
        Share {
            bucket: Arc::clone(bucket),
            rate: tenants.rate,
        }
    }
}

impl Tenants {
    /// Removes buckets that are full and that no run uses, and divides the flow among the others.
    fn sweep(&mut self, now: Instant, processors: f64) {
        let rate = self.rate;
        self.buckets.retain(|_, bucket| {
            Arc::strong_count(bucket) > 1 || lock(bucket).fill(now, rate) < CAPACITY.as_secs_f64()
        });
        self.rate = processors * FILL_FRACTION / self.buckets.len().max(1) as f64;
        self.swept = now;
    }
}

impl Bucket {
    fn fill(&mut self, now: Instant, rate: f64) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * rate).min(CAPACITY.as_secs_f64());
        self.at = now;
        self.level
    }
}

impl Share {
    /// Takes the CPU time that was used, and returns whether any is left.
    pub(super) fn take(&self, used: Duration) -> bool {
        self.take_at(used, Instant::now())
    }

    fn take_at(&self, used: Duration, now: Instant) -> bool {
        let mut bucket = lock(&self.bucket);
        bucket.fill(now, self.rate);
        bucket.level -= used.as_secs_f64();
        bucket.level > 0.0
    }
}

/// Locks a mutex. A poisoned one is usable: no code that holds it leaves the value inconsistent.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn buckets(processors: usize) -> TokenBuckets {
        TokenBuckets::new(NonZeroUsize::new(processors).unwrap())
    }

    #[test]
    fn a_tenant_that_has_used_its_share_waits_for_more() {
        let (buckets, now) = (buckets(2), Instant::now());
        let share = buckets.at(&"busy".into(), now);
        assert!(share.take_at(60 * MS, now));
        assert!(!share.take_at(60 * MS, now));
        // It fills with one of the two processors: 20 ms are missing.
        assert!(!share.take_at(Duration::ZERO, now + 15 * MS));
        assert!(share.take_at(Duration::ZERO, now + 25 * MS));
    }

    #[test]
    fn other_tenants_do_not_feel_it() {
        let (buckets, now) = (buckets(2), Instant::now());
        assert!(!buckets.at(&"busy".into(), now).take_at(500 * MS, now));
        assert!(buckets.at(&"other".into(), now).take_at(MS, now));
    }

    #[test]
    fn ten_busy_tenants_share_what_one_had() {
        let (buckets, now) = (buckets(2), Instant::now());
        let names: Vec<Arc<str>> = (0..10).map(|n| Arc::from(format!("t{n}"))).collect();
        for name in &names {
            buckets.at(name, now).take_at(5 * CAPACITY, now);
        }
        // Each has 400 ms to make up for. Until the others were known a whole processor flowed into this one, from here
        // on a tenth.
        let later = now + SWEEP_INTERVAL;
        let share = buckets.at(&names[0], later);
        assert!(!share.take_at(Duration::ZERO, later));
        assert!(!share.take_at(Duration::ZERO, later + 2500 * MS));
        assert!(share.take_at(Duration::ZERO, later + 3500 * MS));
    }

    #[test]
    fn tenants_that_have_become_quiet_are_forgotten() {
        let (buckets, now) = (buckets(1), Instant::now());
        for n in 0..1000 {
            buckets
                .at(&Arc::from(format!("t{n}")), now)
                .take_at(MS, now);
        }
        buckets.at(&"last".into(), now + 10 * SWEEP_INTERVAL);
        buckets.at(&"last".into(), now + 20 * SWEEP_INTERVAL);
        assert_eq!(lock(&buckets.tenants).buckets.len(), 1);
    }
}
