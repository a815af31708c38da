//! Low-priority threads for runs that compute for long, so that short runs do not wait behind them. The runs take turns
//! there, an epoch at a time. Runs of a tenant that has used its share of the executor's threads go there as well.

use std::future::{Future, poll_fn};
use std::io;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use super::cpu_time::{Metered, Spent};
use super::token_buckets::TokenBuckets;

/// CPU time after which a run moves to the low-priority threads.
const LONG_RUN: Duration = Duration::from_millis(20);
/// Nice value of the threads; see nice(2).
const NICE: i32 = 10;

/// Low-priority threads, with the token buckets that decide whose runs go there.
pub(crate) struct LowPriority {
    threads: Handle,
    /// `Some` until `drop`.
    runtime: Option<Runtime>,
    buckets: TokenBuckets,
}

impl LowPriority {
    /// Starts the threads.
    pub(crate) fn new(threads: NonZeroUsize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.get())
            .thread_name("codehook-long")
            .enable_all()
            .on_thread_start(|| {
                // Where the system refuses, these threads have the usual priority.
                let _ = rustix::process::nice(NICE);
            })
            .build()?;
        Ok(Self {
            threads: runtime.handle().clone(),
            runtime: Some(runtime),
            buckets: TokenBuckets::new(std::thread::available_parallelism().unwrap_or(threads)),
        })
    }

    /// Polls `run` on the caller's thread, and on the low-priority threads once it has used its time or its tenant's
    /// share.
    pub(crate) async fn run<F>(
        &self,
        mut run: Metered<F>,
        tenant: Option<&Arc<str>>,
    ) -> Spent<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let share = tenant.map(|tenant| self.buckets.share_of(tenant));
        let mut charged = Duration::ZERO;
        let ended = poll_fn(|cx| {
            // Other runs may have emptied the tenant's bucket since the last poll.
            if share
                .as_ref()
                .is_some_and(|share| !share.take(Duration::ZERO))
            {
                return Poll::Ready(None);
            }
            let polled = Pin::new(&mut run).poll(cx);
            let used = match &polled {
                Poll::Ready(ended) => ended.cpu,
                Poll::Pending => run.used(),
            };
            let left = share
                .as_ref()
                .is_none_or(|share| share.take(used.saturating_sub(charged)));
            charged = used;
            match polled {
                Poll::Ready(ended) => Poll::Ready(Some(ended)),
                Poll::Pending if used >= LONG_RUN || !left => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        if let Some(ended) = ended {
            return ended;
        }
        let mut task = AbortOnDrop(self.threads.spawn(run));
        match (&mut task.0).await {
            Ok(ended) => ended,
            // A panic propagates to the caller, as it does without the other threads.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Only `AbortOnDrop` and the end of the process cancel it, and then nothing awaits this future.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Drop for LowPriority {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Aborts the task when dropped.
struct AbortOnDrop<T>(JoinHandle<T>);

impl<T> Drop for AbortOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
