//! The clock from which the store takes its timestamps.

use std::fmt;
use std::sync::Arc;

use crate::time::Millis;

/// The source of the store's timestamps. Cheap to clone.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Millis + Send + Sync>);

impl Clock {
    /// Makes a clock that reads the time from `now`, for tests that decide when time passes.
    pub fn new(now: impl Fn() -> Millis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    pub(crate) fn now(&self) -> Millis {
        (self.0)()
    }
}

impl Default for Clock {
    /// Makes a clock that reads the system's time.
    fn default() -> Self {
        Self::new(Millis::now)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
