//! From the journal to the sandbox: takes runs in turn, as many at a time as there are permits, and writes down how
//! each attempt ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use codehook_api_types::{AttemptOutcome, RunState, RunTransition};
use codehook_runner::Runner;
use codehook_store::{Id, Millis, Next, QueuedRun, Store, StoreError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::time::DelayQueue;

use crate::attempt_result::AttemptResult;
use crate::dispatch::attempt::{self, AttemptRequest};
use crate::dispatch::fair_queue::Limits;
use crate::dispatch::quota::{Meter, cpu_quota_exhausted};
use crate::otel::Traces;
use crate::problem::Problem;
use crate::registry::Registry;
use crate::run_events::{AttemptLog, Change, RunEvents};

/// Events that are handed to their runs without being read from the store again, as long as there are not more of them.
const EVENT_CACHE_CAPACITY: usize = 1000;
/// The longest time that a run can wait for its next attempt: a week, by `codehook.retry()`.
const LONGEST_DELAY: Duration = Duration::from_secs(7 * 24 * 3600);
/// How long an attempt's end is tried to be written when the disk takes nothing.
const PATIENCE: Duration = Duration::from_secs(600);

/// Runs that wait, with what is at hand of their events.
#[derive(Default)]
struct Waiting {
    queue: crate::dispatch::fair_queue::FairQueue,
    events: HashMap<Id, (Arc<str>, usize)>,
}

/// An attempt that is under way.
struct ActiveAttempt {
    token: CancellationToken,
    log: Option<Arc<AttemptLog>>,
}

/// Runs runs.
pub(crate) struct Dispatcher {
    pub(crate) store: Store,
    pub(crate) registry: Arc<Registry>,
    runner: Runner,
    waiting: Mutex<Waiting>,
    more: Notify,
    later: tokio::sync::mpsc::UnboundedSender<QueuedRun>,
    active: Mutex<HashMap<Id, ActiveAttempt>>,
    pub(crate) changes: RunEvents,
    pub(crate) meter: Meter,
    pub(crate) traces: Traces,
    permits: Arc<Semaphore>,
    /// Cancelled when no more runs are to be started.
    closing: CancellationToken,
    /// Cancelled when those under way are to end now.
    abort: CancellationToken,
    attempts: TaskTracker,
}

impl Dispatcher {
    /// With so many permits. Runs start once [`Dispatcher::work`] is polled.
    pub(crate) fn new(
        store: Store,
        registry: Arc<Registry>,
        runner: Runner,
        traces: Traces,
        permits: usize,
    ) -> (Arc<Self>, tokio::sync::mpsc::UnboundedReceiver<QueuedRun>) {
        let (later, delayed) = tokio::sync::mpsc::unbounded_channel();
        let dispatcher = Arc::new(Self {
            store,
            registry,
            runner,
            waiting: Mutex::default(),
            more: Notify::new(),
            later,
            active: Mutex::default(),
            changes: RunEvents::default(),
            meter: Meter::default(),
            traces,
            permits: Arc::new(Semaphore::new(permits)),
            closing: CancellationToken::new(),
            abort: CancellationToken::new(),
            attempts: TaskTracker::new(),
        });
        (dispatcher, delayed)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn active(&self) -> MutexGuard<'_, HashMap<Id, ActiveAttempt>> {
        self.active.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds runs of one event, which are on disk.
    pub(crate) fn enqueue(&self, runs: Vec<QueuedRun>, event: Option<Arc<str>>) {
        let mut waiting = self.waiting();
        if let (Some(body), Some(first)) = (event, runs.first())
            && waiting.events.len() < EVENT_CACHE_CAPACITY
        {
            waiting.events.insert(first.event, (body, runs.len()));
        }
        for run in runs {
            if run.due_at > Millis::now() {
                // The receiver lives as long as the service.
                let _ = self.later.send(run);
            } else {
                waiting.queue.push(run);
            }
        }
        waiting.measure();
        drop(waiting);
        self.more.notify_one();
    }

    /// How many of this tenant's runs wait.
    pub(crate) fn waiting_for(&self, tenant: &str) -> usize {
        self.waiting().queue.waiting_for(tenant)
    }

    /// Takes out a run that was cancelled while it waited.
    pub(crate) fn forget(&self, tenant: &str, id: Id) {
        let mut waiting = self.waiting();
        waiting.queue.remove(tenant, id);
        waiting.measure();
    }

    /// Stops an attempt that is under way. Whether there was one.
    pub(crate) fn stop(&self, id: Id) -> bool {
        let active = self.active();
        let found = active.get(&id);
        found.inspect(|found| found.token.cancel()).is_some()
    }

    /// The output of an attempt that is under way.
    pub(crate) fn log(&self, id: Id) -> Option<Arc<AttemptLog>> {
        self.active().get(&id)?.log.clone()
    }

    /// Looks again at what can start: quotas may have changed, or a day has begun.
    pub(crate) fn wake(&self) {
        self.waiting().queue.wake_all();
        self.more.notify_one();
    }

    /// Takes runs and starts them, until [`Dispatcher::close`].
    pub(crate) async fn work(
        self: Arc<Self>,
        mut delayed: tokio::sync::mpsc::UnboundedReceiver<QueuedRun>,
    ) {
        let mut later: DelayQueue<QueuedRun> = DelayQueue::new();
        loop {
            self.start_runnable();
            tokio::select! {
                () = self.closing.cancelled() => return,
                () = self.more.notified() => {}
                Some(run) = delayed.recv() => {
                    // Not longer, whatever the clock says: the clock may have gone back meanwhile.
                    let delay = run.due_at.since(Millis::now()).min(LONGEST_DELAY);
                    later.insert(run, delay);
                }
                Some(due) = std::future::poll_fn(|cx| later.poll_expired(cx)), if !later.is_empty() => {
                    let mut waiting = self.waiting();
                    waiting.queue.push(due.into_inner());
                    waiting.measure();
                }
            }
        }
    }

    fn start_runnable(self: &Arc<Self>) {
        while let Ok(permit) = Arc::clone(&self.permits).try_acquire_owned() {
            let mut waiting = self.waiting();
            let Some(run) = waiting.queue.next(self.as_ref()) else {
                return;
            };
            waiting.measure();
            let event = waiting.take_event(run.event);
            drop(waiting);
            let dispatcher = Arc::clone(self);
            self.attempts
                .spawn(async move { dispatcher.execute(run, event, permit).await });
        }
    }

    async fn execute(
        self: Arc<Self>,
        run: QueuedRun,
        event: Option<Arc<str>>,
        permit: OwnedSemaphorePermit,
    ) {
        let (id, tenant, hook) = (run.id, run.tenant.clone(), run.hook);
        let token = self.abort.child_token();
        self.active().insert(
            id,
            ActiveAttempt {
                token: token.clone(),
                log: None,
            },
        );
        let again = self.attempt(run, event, &token).await;
        self.active().remove(&id);
        self.waiting().queue.ended(&tenant, hook);
        drop(permit);
        match again {
            Some(run) => self.enqueue(vec![run], None),
            None => self.more.notify_one(),
        }
    }

    /// One attempt. The run, where there is to be another one.
    async fn attempt(
        &self,
        run: QueuedRun,
        event: Option<Arc<str>>,
        token: &CancellationToken,
    ) -> Option<QueuedRun> {
        let number = match self.store.begin_attempt(run.id).await {
            Ok(number) => number,
            // Cancelled while it waited.
            Err(StoreError::State(_)) => return None,
            Err(error) => {
                tracing::error!(run = %run.id, %error, "an attempt could not begin");
                return Some(QueuedRun {
                    due_at: Millis::now().after(Duration::from_secs(1)),
                    ..run
                });
            }
        };
        let (began, began_at) = (Instant::now(), SystemTime::now());
        let log = self.begin_log(&run, number);
        let done = tokio::select! {
            biased;
            done = self.load_and_run(&run, event, &log) => done.unwrap_or_else(|problem| {
                AttemptResult::rejected(serde_json::to_string(&problem.details).unwrap_or_default())
            }),
            () = token.cancelled() => self.stopped(),
        };
        let outcome = done.outcome.as_str();
        tracing::info!(run = %run.id, tenant = %run.tenant, attempt = number, outcome, "attempt ended");
        metrics::counter!("codehook_attempts_total", "outcome" => outcome).increment(1);
        metrics::histogram!("codehook_attempt_seconds").record(began.elapsed());
        log.end();
        let name = || self.registry.known_name(run.hook, run.version);
        self.traces.attempt(&run, number, began_at, name, &done);
        self.write_end(&run, number, &done).await;
        self.changes
            .tell(|| change(&run, number, done.transition()));
        match done.next {
            Next::Retry(due_at) if !self.closing.is_cancelled() => {
                Some(QueuedRun { due_at, ..run })
            }
            _ => None,
        }
    }

    /// The end of an attempt that was stopped: by a person, or because the service ends.
    fn stopped(&self) -> AttemptResult {
        if self.abort.is_cancelled() {
            return AttemptResult::stopped(AttemptOutcome::Interrupted, Next::Retry(Millis::now()));
        }
        AttemptResult::stopped(AttemptOutcome::Cancelled, Next::End(RunState::Cancelled))
    }

    fn begin_log(&self, run: &QueuedRun, number: u32) -> Arc<AttemptLog> {
        let log = Arc::new(AttemptLog::new(number));
        if let Some(active) = self.active().get_mut(&run.id) {
            active.log = Some(Arc::clone(&log));
        }
        self.changes
            .tell(|| change(run, number, RunTransition::Started));
        log
    }

    async fn load_and_run(
        &self,
        run: &QueuedRun,
        event: Option<Arc<str>>,
        log: &Arc<AttemptLog>,
    ) -> Result<AttemptResult, Problem> {
        let hook = self.registry.version(run.hook, run.version).await?;
        let (event, source) = match event {
            Some(event) => (event, None),
            None => {
                let stored = self.store.event(&run.tenant, run.event).await?;
                (stored.body.into(), stored.source)
            }
        };
        let source = source.and_then(|id| self.registry.source(id));
        let secrets = self
            .store
            .secrets(&run.tenant, &hook.definition.secrets)
            .await?;
        let task = AttemptRequest {
            tenant: &run.tenant,
            hook: &hook,
            source: source.as_ref().and_then(|source| source.mapping.as_ref()),
            event: &event,
            secrets,
            run: run.id,
            number: log.number,
            sink: {
                let log = Arc::clone(log);
                Arc::new(move |stream, bytes| log.write(stream, bytes))
            },
        };
        Ok(attempt::attempt(&self.runner, task).await)
    }

    /// Writes it down, again and again when the disk takes nothing: an attempt that has ended must not be forgotten.
    async fn write_end(&self, run: &QueuedRun, number: u32, done: &AttemptResult) {
        let began = Instant::now();
        loop {
            let end = done.end();
            let bytes = end.report.len();
            match self.store.end_attempt(run.id, number, end, done.next).await {
                Ok(()) => {
                    self.meter.add(&run.tenant, bytes, done.cpu);
                    return;
                }
                Err(error @ StoreError::NoSpace(_)) if began.elapsed() < PATIENCE => {
                    tracing::error!(run = %run.id, %error, "the end of an attempt cannot be written; trying again");
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
                Err(error) => {
                    tracing::error!(run = %run.id, %error, "the end of an attempt cannot be written");
                    return;
                }
            }
        }
    }

    /// Starts no more runs, waits for those under way, and gives those that take longer than `grace` back to the
    /// journal.
    pub(crate) async fn close(&self, grace: Duration) {
        self.closing.cancel();
        self.attempts.close();
        if tokio::time::timeout(grace, self.attempts.wait())
            .await
            .is_err()
        {
            self.abort.cancel();
            self.attempts.wait().await;
        }
    }
}

impl Limits for Dispatcher {
    fn of_tenant(&self, tenant: &str) -> usize {
        match self.registry.tenant(tenant) {
            Some(live) if cpu_quota_exhausted(self.meter.of(tenant), live.quotas) => 0,
            Some(live) => live.quotas.concurrent_runs as usize,
            None => 1,
        }
    }

    fn of_hook(&self, tenant: &str, hook: Id) -> usize {
        let live = self.registry.tenant(tenant);
        let limit = live.and_then(|live| {
            let hook = live.hooks.iter().find(|live| live.id == hook)?;
            hook.ready.definition.limits.concurrent_runs
        });
        limit.map_or(usize::MAX, |limit| limit as usize)
    }
}

fn change(run: &QueuedRun, attempt: u32, transition: RunTransition) -> Change {
    Change {
        tenant: run.tenant.clone(),
        run: run.id,
        event: run.event,
        hook: run.hook,
        attempt,
        transition,
    }
}

impl Waiting {
    /// Tells the metrics how many runs wait. To be called after every change of their number.
    fn measure(&self) {
        metrics::gauge!("codehook_runs_waiting").set(self.queue.waiting() as f64);
    }

    /// The event of a run, as long as one of its runs still needs it.
    fn take_event(&mut self, id: Id) -> Option<Arc<str>> {
        let (body, left) = self.events.get_mut(&id)?;
        let body = Arc::clone(body);
        *left -= 1;
        if *left == 0 {
            self.events.remove(&id);
        }
        Some(body)
    }
}
