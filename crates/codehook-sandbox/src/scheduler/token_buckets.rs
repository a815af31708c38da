//! How much of the eager threads each tenant may use: a bucket of processor time for each, which fills as time passes.
//!
//! A tenant that starts many runs, or runs that compute, empties its bucket; its runs then go on with those that compute for long until
//! there is something in it again. Buckets fill together with half of what the eager threads have, shared by the tenants that use
//! them, so that whoever uses little finds the other half free.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a full bucket holds.
const FULL: Duration = Duration::from_millis(100);
/// The part of the eager threads' time that buckets fill with.
const FILLED: f64 = 0.5;
/// How often buckets that are full again are forgotten.
const SWEEP: Duration = Duration::from_millis(100);

/// The buckets of all tenants.
pub(super) struct Shares {
    /// Processors that the eager threads have.
    processors: f64,
    tenants: Mutex<Tenants>,
}

struct Tenants {
    buckets: HashMap<Arc<str>, Arc<Mutex<Bucket>>>,
    swept: Instant,
    /// Seconds of processor time that flow into each bucket in a second.
    rate: f64,
}

/// Seconds of processor time; below zero when more was used than there was.
struct Bucket {
    level: f64,
    at: Instant,
}

/// A tenant's bucket, and how fast it fills.
pub(super) struct Share {
    bucket: Arc<Mutex<Bucket>>,
    rate: f64,
}

impl Shares {
    pub(super) fn new(processors: NonZeroUsize) -> Self {
        let processors = processors.get() as f64;
        Self {
            processors,
            tenants: Mutex::new(Tenants {
                buckets: HashMap::new(),
                swept: Instant::now(),
                rate: processors * FILLED,
            }),
        }
    }

    /// The share of `tenant`.
    pub(super) fn of(&self, tenant: &Arc<str>) -> Share {
        self.at(tenant, Instant::now())
    }

    fn at(&self, tenant: &Arc<str>, now: Instant) -> Share {
        let mut tenants = lock(&self.tenants);
        if now.saturating_duration_since(tenants.swept) >= SWEEP {
            tenants.sweep(now, self.processors);
        }
        let full = || {
            Arc::new(Mutex::new(Bucket {
                level: FULL.as_secs_f64(),
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
    /// Forgets buckets that are full and that no run uses, and shares the flow among the others.
    fn sweep(&mut self, now: Instant, processors: f64) {
        let rate = self.rate;
        self.buckets.retain(|_, bucket| {
            Arc::strong_count(bucket) > 1 || lock(bucket).fill(now, rate) < FULL.as_secs_f64()
        });
        self.rate = processors * FILLED / self.buckets.len().max(1) as f64;
        self.swept = now;
    }
}

impl Bucket {
    fn fill(&mut self, now: Instant, rate: f64) -> f64 {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.level = (self.level + passed * rate).min(FULL.as_secs_f64());
        self.at = now;
        self.level
    }
}

impl Share {
    /// Takes what was used, and answers whether there is anything left.
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

/// Nothing that holds one of these locks can panic half-way.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn shares(processors: usize) -> Shares {
        Shares::new(NonZeroUsize::new(processors).unwrap())
    }

    #[test]
    fn a_tenant_that_has_used_its_share_waits_for_more() {
        let (shares, now) = (shares(2), Instant::now());
        let share = shares.at(&"busy".into(), now);
        assert!(share.take_at(60 * MS, now));
        assert!(!share.take_at(60 * MS, now));
        // It fills with one of the two processors: 20 ms are missing.
        assert!(!share.take_at(Duration::ZERO, now + 15 * MS));
        assert!(share.take_at(Duration::ZERO, now + 25 * MS));
    }

    #[test]
    fn other_tenants_do_not_feel_it() {
        let (shares, now) = (shares(2), Instant::now());
        assert!(!shares.at(&"busy".into(), now).take_at(500 * MS, now));
        assert!(shares.at(&"other".into(), now).take_at(MS, now));
    }

    #[test]
    fn ten_busy_tenants_share_what_one_had() {
        let (shares, now) = (shares(2), Instant::now());
        let names: Vec<Arc<str>> = (0..10).map(|n| Arc::from(format!("t{n}"))).collect();
        for name in &names {
            shares.at(name, now).take_at(5 * FULL, now);
        }
        // Each has 400 ms to make up for. Until the others were known a whole processor flowed into this one, from here on a tenth.
        let later = now + SWEEP;
        let share = shares.at(&names[0], later);
        assert!(!share.take_at(Duration::ZERO, later));
        assert!(!share.take_at(Duration::ZERO, later + 2500 * MS));
        assert!(share.take_at(Duration::ZERO, later + 3500 * MS));
    }

    #[test]
    fn tenants_that_have_become_quiet_are_forgotten() {
        let (shares, now) = (shares(1), Instant::now());
        for n in 0..1000 {
            shares.at(&Arc::from(format!("t{n}")), now).take_at(MS, now);
        }
        shares.at(&"last".into(), now + 10 * SWEEP);
        shares.at(&"last".into(), now + 20 * SWEEP);
        assert_eq!(lock(&shares.tenants).buckets.len(), 1);
    }
}
