//! Runs as they happen, by server-sent events (WHATWG HTML, section 9.2).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use codehook_api_types::{
    AttemptEnded, AttemptReport, AttemptStarted, MissedEvents, OutputChunk, OutputStream, RunEnded,
    RunEvent, RunLogEvent, TenantRunEvent,
};
use codehook_store::{ApiKey, Id};
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;

use super::extract::Shared;
use super::extract::{Authorized, Path, Read, TenantPath};
use super::fields::id;
use super::responses::ClientErrors;
use super::runs::RunPath;
use crate::problem::Problem;
use crate::run_events::Change;
use crate::service::Service;

/// Events that wait for a slow reader.
const SSE_BUFFER: usize = 64;
/// How often a stream that has nothing to say says so, which keeps proxies from closing it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a run is looked at though nothing was told of it.
const POLL_INTERVAL: Duration = Duration::from_secs(10);

type Stream = Sse<axum::response::sse::KeepAliveStream<ReceiverStream<Result<Event, Infallible>>>>;

/// Sends events until nobody reads them any more.
struct SseSender {
    events: mpsc::Sender<Result<Event, Infallible>>,
    _place: OwnedSemaphorePermit,
}

impl SseSender {
    async fn send(&self, name: &str, data: impl Serialize) -> Option<()> {
        let event = Event::default().event(name).json_data(data).ok()?;
        self.events.send(Ok(event)).await.ok()
    }

    async fn tell(&self, event: RunLogEvent) -> Option<()> {
        self.send(event.name(), &event).await
    }
}

/// Starts a stream, if the tenant may have another one; it ends with the service, and with the key of whoever asked
/// for it.
fn stream<F: Future<Output = Option<()>> + Send + 'static>(
    service: &Arc<Service>,
    key: ApiKey,
    tenant: &str,
    tell: impl FnOnce(SseSender) -> F,
) -> Result<Stream, Problem> {
    let live = service.registry.tenant(tenant);
    let live = live.ok_or_else(|| Problem::not_found("tenant"))?;
    let permit = Arc::clone(&live.streams)
        .try_acquire_owned()
        .map_err(|_| Problem::too_many("the tenant has as many streams open as it may have", 5))?;
    let (events, receiver) = mpsc::channel(SSE_BUFFER);
    let telling = tell(SseSender {
        events,
        _place: permit,
    });
    let service = Arc::clone(service);
    tokio::spawn(async move {
        tokio::select! {
            () = service.ending.cancelled() => {}
            () = service.keys.revoked(&service.store, &key) => {}
            _ = telling => {}
        }
    });
    let stream = Sse::new(ReceiverStream::new(receiver));
    Ok(stream.keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Watch all runs
///
/// Streams server-sent events: `run` for each attempt that begins or ends from now on, and `behind` when the client
/// was too slow and has missed some.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/runs/live", tag = "runs", security(("key" = [])),
    params(TenantPath),
    responses(
        (status = 200, body = TenantRunEvent, content_type = "text/event-stream"),
        ClientErrors,
    )
)]
pub(crate) async fn all(
    State(service): Shared,
    Authorized { tenant, key, .. }: Authorized<Read>,
) -> Result<Stream, Problem> {
    let changes = service.dispatcher.changes.watch();
    let watched = tenant.clone();
    stream(&service, key, &tenant, |teller| async move {
        tell_changes(&teller, changes, &watched).await
    })
}

async fn tell_changes(
    teller: &SseSender,
    mut changes: broadcast::Receiver<Change>,
    tenant: &str,
) -> Option<()> {
    loop {
        let event = match changes.recv().await {
            Ok(change) if change.tenant == tenant => TenantRunEvent::Run(view(change)),
            Ok(_) => continue,
            Err(RecvError::Lagged(missing)) => TenantRunEvent::Behind(MissedEvents { missing }),
            Err(RecvError::Closed) => return None,
        };
        teller.send(event.name(), &event).await?;
    }
}

fn view(change: Change) -> RunEvent {
    RunEvent {
        run: change.run.to_string(),
        event: change.event.to_string(),
        hook: change.hook.to_string(),
        attempt: change.attempt,
        transition: change.transition,
    }
}

/// Follow the log of a run
///
/// Streams server-sent events: `attempt` when an attempt begins, `output` with what the script prints, secrets
/// replaced, `attempt_ended`, and `end` when the run reaches its final state. The stream begins with the first
/// attempt.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/runs/{run}/log", tag = "runs", security(("key" = [])),
    params(TenantPath, RunPath),
    responses(
        (status = 200, body = RunLogEvent, content_type = "text/event-stream"),
        ClientErrors,
    )
)]
pub(crate) async fn log(
    State(service): Shared,
    Authorized { tenant, key, .. }: Authorized<Read>,
    Path(RunPath { run }): Path<RunPath>,
) -> Result<Stream, Problem> {
    let run = service.store.run(&tenant, id(&run, "run")?).await?.id;
    let followed = Followed {
        service: Arc::clone(&service),
        tenant: tenant.clone(),
        run,
        told: 0,
        shown: 0,
    };
    stream(&service, key, &tenant, |teller| followed.tell(teller))
}

/// Pieces of one stream that follow each other, as one.
fn joined(pieces: Vec<OutputChunk>) -> Vec<OutputChunk> {
    let mut all: Vec<OutputChunk> = Vec::new();
    for piece in pieces {
        match all.last_mut() {
            Some(last) if last.stream == piece.stream => last.text.push_str(&piece.text),
            _ => all.push(piece),
        }
    }
    all
}

/// A run that somebody follows.
struct Followed {
    service: Arc<Service>,
    tenant: String,
    run: Id,
    /// The last attempt whose end was told.
    told: u32,
    /// The last attempt whose output was told.
    shown: u32,
}

impl Followed {
    async fn tell(mut self, teller: SseSender) -> Option<()> {
        // From before the first look, so that nothing happens unseen.
        let mut changes = self.service.dispatcher.changes.watch();
        loop {
            self.tell_output(&teller).await?;
            let run = self.service.store.run(&self.tenant, self.run).await.ok()?;
            self.tell_ends(&teller).await?;
            if run.state.is_final() {
                let end = RunEnded { state: run.state };
                return teller.tell(RunLogEvent::End(end)).await;
            }
            self.wait(&mut changes).await?;
        }
    }

    /// Of the attempt that is under way, up to its end.
    async fn tell_output(&mut self, teller: &SseSender) -> Option<()> {
        let Some(log) = self.service.dispatcher.log(self.run) else {
            return Some(());
        };
        if log.number <= self.shown {
            return Some(());
        }
        self.shown = log.number;
        let attempt = log.number;
        teller
            .tell(RunLogEvent::Attempt(AttemptStarted { attempt }))
            .await?;
        let mut read = 0;
        loop {
            let pieces = log.read(read).await;
            if pieces.is_empty() {
                return Some(());
            }
            read += pieces.len();
            for piece in joined(pieces) {
                teller.tell(RunLogEvent::Output(piece)).await?;
            }
        }
    }

    /// Of attempts that have ended, with their output if it has not been told.
    async fn tell_ends(&mut self, teller: &SseSender) -> Option<()> {
        for attempt in self.service.store.attempts(self.run).await.ok()? {
            let Some(outcome) = attempt.outcome.filter(|_| attempt.number > self.told) else {
                continue;
            };
            let report = attempt.report.as_deref().unwrap_or("{}");
            let report: AttemptReport = serde_json::from_str(report).unwrap_or_default();
            if attempt.number > self.shown {
                self.shown = attempt.number;
                let started = AttemptStarted {
                    attempt: attempt.number,
                };
                teller.tell(RunLogEvent::Attempt(started)).await?;
                for (stream, text) in [
                    (OutputStream::Stdout, report.stdout),
                    (OutputStream::Stderr, report.stderr),
                ] {
                    if !text.is_empty() {
                        let output = OutputChunk { stream, text };
                        teller.tell(RunLogEvent::Output(output)).await?;
                    }
                }
            }
            self.told = attempt.number;
            let ended = AttemptEnded {
                attempt: attempt.number,
                outcome,
                error: report.error,
            };
            teller.tell(RunLogEvent::AttemptEnded(ended)).await?;
        }
        Some(())
    }

    async fn wait(&self, changes: &mut broadcast::Receiver<Change>) -> Option<()> {
        let told = async {
            loop {
                match changes.recv().await {
                    Ok(change) if change.run == self.run => return Some(()),
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) => return Some(()),
                    Err(RecvError::Closed) => return None,
                }
            }
        };
        tokio::time::timeout(POLL_INTERVAL, told)
            .await
            .unwrap_or(Some(()))
    }
}
