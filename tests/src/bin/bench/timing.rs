//! Series of measured times.

use std::time::Duration;

use serde::Serialize;

/// Times of the same thing done again and again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Series(Vec<Duration>);

/// What is said of a series.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Summary {
    /// Milliseconds.
    pub(crate) p50: f64,
    /// Milliseconds.
    pub(crate) p99: f64,
    /// How often a second, one after the other.
    pub(crate) per_second: f64,
}

impl Series {
    pub(crate) fn push(&mut self, time: Duration) {
        self.0.push(time);
    }

    pub(crate) fn summary(&self) -> Summary {
        let mut times = self.0.clone();
        times.sort_unstable();
        let at = |share: usize| match times.len() {
            0 => 0.0,
            count => times[(count - 1) * share / 100].as_secs_f64() * 1e3,
        };
        let total: Duration = times.iter().sum();
        Summary {
            p50: at(50),
            p99: at(99),
            per_second: times.len() as f64 / total.as_secs_f64(),
        }
    }
}
