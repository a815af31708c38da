//! Runs as they happen, by server-sent events (WHATWG HTML, section 9.2).

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use codehook_store::{Id, Scope};
use serde::Serialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, broadcast, mpsc};
use tokio_stream::wrappers::ReceiverStream;
use utoipa::ToSchema;

use super::{Caller, Path, Shared, id};
use crate::attempt::AttemptReport;
use crate::live::{Became, Change, Piece};
use crate::problem::Problem;
use crate::service::Service;

/// Events that wait for a slow reader.
const AHEAD: usize = 64;
/// How often a stream that has nothing to say says so, which keeps proxies from closing it.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often a run is looked at though nothing was told of it.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

type Stream = Sse<axum::response::sse::KeepAliveStream<ReceiverStream<Result<Event, Infallible>>>>;

/// A change of a run.
#[derive(Serialize, ToSchema)]
pub(crate) struct ChangeView {
    run: String,
    event: String,
    hook: String,
    attempt: u32,
    #[serde(flatten)]
    became: Became,
}

/// Sends events until nobody reads them any more.
struct Teller {
    events: mpsc::Sender<Result<Event, Infallible>>,
    _place: OwnedSemaphorePermit,
}

impl Teller {
    async fn tell(&self, name: &str, data: impl Serialize) -> Option<()> {
        let event = Event::default().event(name).json_data(data).ok()?;
        self.events.send(Ok(event)).await.ok()
    }
}

/// Starts a stream, if the tenant may have another one; it ends with the service, and with the key of whoever asked for it.
fn stream<F: Future<Output = Option<()>> + Send + 'static>(
    service: &Arc<Service>,
    Caller(key): Caller,
    tenant: &str,
    tell: impl FnOnce(Teller) -> F,
) -> Result<Stream, Problem> {
    let live = service.registry.tenant(tenant);
    let live = live.ok_or_else(|| Problem::not_found("tenant"))?;
    let place = Arc::clone(&live.streams)
        .try_acquire_owned()
        .map_err(|_| Problem::too_many("the tenant has as many streams open as it may have", 5))?;
    let (events, receiver) = mpsc::channel(AHEAD);
    let telling = tell(Teller {
        events,
        _place: place,
    });
    let service = Arc::clone(service);
    tokio::spawn(async move {
        tokio::select! {
            () = service.ending.cancelled() => {}
            () = service.keys.until_gone(&service.store, &key) => {}
            _ = telling => {}
        }
    });
    let stream = Sse::new(ReceiverStream::new(receiver));
    Ok(stream.keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

/// Watch runs
///
/// A stream of server-sent events named `run`, one for each attempt that begins or ends from now on. `behind` says that some are
/// missing, since the reader was too slow.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/runs/live", tag = "runs", security(("key" = [])),
    params(("tenant" = String, Path)),
    responses(
        (status = 200, body = ChangeView, content_type = "text/event-stream"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn all(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
) -> Result<Stream, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let changes = service.dispatcher.changes.watch();
    let watched = tenant.clone();
    stream(&service, caller, &tenant, |teller| async move {
        tell_changes(&teller, changes, &watched).await
    })
}

async fn tell_changes(
    teller: &Teller,
    mut changes: broadcast::Receiver<Change>,
    tenant: &str,
) -> Option<()> {
    loop {
        match changes.recv().await {
            Ok(change) if change.tenant == tenant => teller.tell("run", view(change)).await?,
            Ok(_) => {}
            Err(RecvError::Lagged(missing)) => {
                teller.tell("behind", json!({"missing": missing})).await?;
            }
            Err(RecvError::Closed) => return None,
        }
    }
}

fn view(change: Change) -> ChangeView {
    ChangeView {
        run: change.run.to_string(),
        event: change.event.to_string(),
        hook: change.hook.to_string(),
        attempt: change.attempt,
        became: change.became,
    }
}

/// Follow a run's log
///
/// A stream of server-sent events: `attempt` when one has begun, `output` with what it prints as it comes, secrets replaced,
/// `attempt_ended`, and `end` once the run has ended for good. What has happened before is told first.
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/runs/{run}/log", tag = "runs", security(("key" = [])),
    params(("tenant" = String, Path), ("run" = String, Path)),
    responses(
        (status = 200, body = Piece, content_type = "text/event-stream"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn log(
    State(service): Shared,
    caller: Caller,
    Path((tenant, run)): Path<(String, String)>,
) -> Result<Stream, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let run = service.store.run(&tenant, id(&run, "run")?).await?.id;
    let followed = Followed {
        service: Arc::clone(&service),
        tenant: tenant.clone(),
        run,
        told: 0,
        shown: 0,
    };
    stream(&service, caller, &tenant, |teller| followed.tell(teller))
}

/// Pieces of one stream that follow each other, as one.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::new();
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
    async fn tell(mut self, teller: Teller) -> Option<()> {
        // From before the first look, so that nothing happens unseen.
        let mut changes = self.service.dispatcher.changes.watch();
        loop {
            self.tell_output(&teller).await?;
            let run = self.service.store.run(&self.tenant, self.run).await.ok()?;
            self.tell_ends(&teller).await?;
            if run.state.is_final() {
                return teller.tell("end", json!({"state": run.state})).await;
            }
            self.wait(&mut changes).await?;
        }
    }

    /// Of the attempt that is under way, up to its end.
    async fn tell_output(&mut self, teller: &Teller) -> Option<()> {
        let Some(log) = self.service.dispatcher.log(self.run) else {
            return Some(());
        };
        if log.number <= self.shown {
            return Some(());
        }
        self.shown = log.number;
        teller
            .tell("attempt", json!({"attempt": log.number}))
            .await?;
        let mut read = 0;
        loop {
            let pieces = log.read(read).await;
            if pieces.is_empty() {
                return Some(());
            }
            read += pieces.len();
            for piece in joined(pieces) {
                teller.tell("output", piece).await?;
            }
        }
    }

    /// Of attempts that have ended, with their output if it has not been told.
    async fn tell_ends(&mut self, teller: &Teller) -> Option<()> {
        for attempt in self.service.store.attempts(self.run).await.ok()? {
            let Some(outcome) = attempt.outcome.filter(|_| attempt.number > self.told) else {
                continue;
            };
            let report = attempt.report.as_deref().unwrap_or("{}");
            let report: AttemptReport = serde_json::from_str(report).unwrap_or_default();
            if attempt.number > self.shown {
                self.shown = attempt.number;
                teller
                    .tell("attempt", json!({"attempt": attempt.number}))
                    .await?;
                for (stream, text) in [("stdout", report.stdout), ("stderr", report.stderr)] {
                    if !text.is_empty() {
                        teller.tell("output", Piece { stream, text }).await?;
                    }
                }
            }
            self.told = attempt.number;
            let ended =
                json!({"attempt": attempt.number, "outcome": outcome, "error": report.error});
            teller.tell("attempt_ended", ended).await?;
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
        tokio::time::timeout(LOOK_AGAIN, told)
            .await
            .unwrap_or(Some(()))
    }
}
