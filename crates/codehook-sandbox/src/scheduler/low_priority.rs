//! Where runs go that compute for long: threads that the system lets run when nobody else wants to, so that short runs do not wait
//! behind them. Each still gets its turn there, a tick of the clock at a time. Runs of a tenant that has used its share go there as well.

mod shares;

use std::future::{Future, poll_fn};
use std::io;
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use self::shares::Shares;
use crate::cpu_time::{Metered, Spent};

/// CPU time after which a run is one that computes for long.
const LONG: Duration = Duration::from_millis(20);
/// How much the threads give way to others; see nice(2).
const NICE: i32 = 10;

/// Threads for long computations.
pub(crate) struct Background {
    threads: Handle,
    /// There until it is dropped.
    runtime: Option<Runtime>,
    shares: Shares,
}

impl Background {
    /// So many threads.
    pub(crate) fn new(threads: NonZeroUsize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(threads.get())
            .thread_name("codehook-long")
            .enable_all()
            .on_thread_start(|| {
                // Where the system refuses, these threads are as eager as others.
                let _ = rustix::process::nice(NICE);
            })
            .build()?;
        Ok(Self {
            threads: runtime.handle().clone(),
            runtime: Some(runtime),
            shares: Shares::new(std::thread::available_parallelism().unwrap_or(threads)),
        })
    }

    /// Polls `run` where it is, and here once it has used its time or its tenant's share.
    pub(crate) async fn run<F>(
        &self,
        mut run: Metered<F>,
        tenant: Option<&Arc<str>>,
    ) -> Spent<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let share = tenant.map(|tenant| self.shares.of(tenant));
        let mut charged = Duration::ZERO;
        let ended = poll_fn(|cx| {
            // What others have used may have changed since the last time.
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
                Poll::Pending if used >= LONG || !left => Poll::Ready(None),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        if let Some(ended) = ended {
            return ended;
        }
        let mut task = Abandoned(self.threads.spawn(run));
        match (&mut task.0).await {
            Ok(ended) => ended,
            // A panic goes to whoever waits for the run, as it would have without the other threads.
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Nobody but `Abandoned` and the end of the process cancels it, and then nobody waits.
                Err(_) => std::future::pending().await,
            },
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// Stops the task when nobody waits for it any more.
struct Abandoned<T>(JoinHandle<T>);

impl<T> Drop for Abandoned<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
