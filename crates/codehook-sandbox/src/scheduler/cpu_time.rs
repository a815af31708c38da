//! CPU time of a run: the thread's CPU clock, read around every poll of the run.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A future that counts the CPU time of its polls, on whichever threads they are. Other runs on the same thread are not
/// counted, since they are polled by futures of their own.
pub(crate) struct Metered<F> {
    inner: Pin<Box<F>>,
    used: Duration,
}

/// Output of a future, and its CPU time.
pub(crate) struct Spent<T> {
    pub(crate) output: T,
    pub(crate) cpu: Duration,
}

impl<F: Future> Metered<F> {
    /// Returns the future with a counter.
    pub(crate) fn new(inner: F) -> Self {
        Self {
            inner: Box::pin(inner),
            used: Duration::ZERO,
        }
    }

    /// Returns the CPU time so far.
    pub(crate) fn used(&self) -> Duration {
        self.used
    }
}

fn thread_cpu_time() -> Duration {
    let now = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or(0),
        u32::try_from(now.tv_nsec).unwrap_or(0),
    )
}

impl<F: Future> Future for Metered<F> {
    type Output = Spent<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let before = thread_cpu_time();
        let polled = self.inner.as_mut().poll(cx);
        let spent = thread_cpu_time().saturating_sub(before);
        self.used += spent;
        let cpu = self.used;
        polled.map(|output| Spent { output, cpu })
    }
}
