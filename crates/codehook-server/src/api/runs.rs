//! Runs: what became of events, and what can still be done about it.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use codehook_api_types::{
    AttemptOutcome, AttemptView, ListRunsQuery, ReplayRequest, RunDetail, RunPage, RunState,
    RunTransition, RunView,
};
use codehook_store::{Id, Millis, Run, RunFilter};
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::extract::Shared;
use super::extract::{Authorized, Document, Manage, Path, Query, Read, TenantPath};
use super::fields::{id, page, time};
use super::responses::ClientErrors;
use crate::ingest::detached;
use crate::problem::Problem;
use crate::run_events::Change;
use crate::service::Service;

/// The most runs that one request replays.
const REPLAYED: usize = 500;

/// The run of a path.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(crate) struct RunPath {
    /// The run's identifier.
    pub(super) run: String,
}

fn view(run: Run) -> RunView {
    RunView {
        id: run.id.to_string(),
        event: run.event.to_string(),
        hook: run.hook.to_string(),
        version: run.version,
        state: run.state,
        attempts: run.attempts,
        due_at: (run.state == RunState::Queued).then(|| time(run.due_at)),
        created_at: time(run.created_at),
        ended_at: run.ended_at.map(time),
        replay_of: run.replay_of.map(|id| id.to_string()),
    }
}

/// List runs
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/runs", tag = "runs", security(("key" = [])),
    params(TenantPath, ListRunsQuery),
    responses(
        (status = 200, body = RunPage),
        ClientErrors,
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
    Query(query): Query<ListRunsQuery>,
) -> Result<Json<RunPage>, Problem> {
    let (cursor, limit) = page(query.cursor.as_deref(), query.limit)?;
    let filter = RunFilter {
        state: query.state,
        hook: hook(&service, &tenant, query.hook).await?,
        event: query.event.map(|event| id(&event, "event")).transpose()?,
        since: None,
    };
    let page = service.store.runs(&tenant, filter, cursor, limit).await?;
    Ok(Json(RunPage {
        items: page.items.into_iter().map(view).collect(),
        next: page.next.map(|id| id.to_string()),
    }))
}

async fn hook(
    service: &Service,
    tenant: &str,
    name: Option<String>,
) -> Result<Option<Id>, Problem> {
    Ok(match name {
        Some(name) => Some(service.store.hook(tenant, &name).await?.id),
        None => None,
    })
}

/// Get a run with its attempts
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/runs/{run}", tag = "runs", security(("key" = [])),
    params(TenantPath, RunPath),
    responses(
        (status = 200, body = RunDetail),
        ClientErrors,
    )
)]
pub(crate) async fn show(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Read>,
    Path(RunPath { run }): Path<RunPath>,
) -> Result<Json<RunDetail>, Problem> {
    let run = service.store.run(&tenant, id(&run, "run")?).await?;
    let attempts = service.store.attempts(run.id).await?;
    let history = attempts.into_iter().map(|attempt| AttemptView {
        number: attempt.number,
        started_at: time(attempt.started_at),
        ended_at: attempt.ended_at.map(time),
        outcome: attempt.outcome,
        report: attempt
            .report
            .and_then(|report| serde_json::from_str(&report).ok()),
    });
    Ok(Json(RunDetail {
        history: history.collect(),
        run: view(run),
    }))
}

/// Replay a run
///
/// Creates a new run for the same event with the hook's published version. The run must have ended.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/runs/{run}/replay", tag = "runs", security(("key" = [])),
    params(TenantPath, RunPath),
    responses(
        (status = 202, body = RunView),
        ClientErrors,
    )
)]
pub(crate) async fn replay(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(RunPath { run }): Path<RunPath>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    let run = service.store.run(&tenant, id(&run, "run")?).await?;
    let made = again(&service, &tenant, run).await?;
    let run = service.store.run(&tenant, made).await?;
    Ok((StatusCode::ACCEPTED, Json(view(run))))
}

async fn again(service: &Arc<Service>, tenant: &str, run: Run) -> Result<Id, Problem> {
    let hooks = service.store.hooks(Some(tenant)).await?;
    let published = hooks
        .iter()
        .find(|hook| hook.id == run.hook)
        .and_then(|hook| hook.published);
    let version =
        published.ok_or_else(|| Problem::conflict("the hook of this run is not there any more"))?;
    let (service, tenant) = (Arc::clone(service), tenant.to_owned());
    detached(async move {
        let queued = service.store.replay(&tenant, run.id, version).await?;
        let made = queued.id;
        service.dispatcher.enqueue(vec![queued], None);
        Ok(made)
    })
    .await?
}

/// Replay many runs
///
/// Replays the runs in one state that were created since a time, at most 500 at once, newest first. The response lists
/// the identifiers of the new runs.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/runs/replay", tag = "runs", security(("key" = [])),
    params(TenantPath),
    request_body = ReplayRequest,
    responses(
        (status = 202, body = [String]),
        ClientErrors,
    )
)]
pub(crate) async fn replay_many(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Document(request): Document<ReplayRequest>,
) -> Result<(StatusCode, Json<Vec<String>>), Problem> {
    if !RunState::REPLAYABLE.contains(&request.state) {
        let states = RunState::REPLAYABLE.map(|state| format!("`{state}`"));
        return Err(Problem::invalid(format!(
            "`state` is one of {}",
            states.join(", ")
        )));
    }
    let since: jiff::Timestamp = request
        .since
        .parse()
        .map_err(|_| Problem::invalid("`since` is a time such as 2026-11-29T03:00:00Z"))?;
    let filter = RunFilter {
        state: Some(request.state),
        hook: hook(&service, &tenant, request.hook).await?,
        event: None,
        since: Some(Millis(since.as_millisecond())),
    };
    let page = service.store.runs(&tenant, filter, None, REPLAYED).await?;
    let mut made = Vec::new();
    for run in page.items {
        made.push(again(&service, &tenant, run).await?.to_string());
    }
    Ok((StatusCode::ACCEPTED, Json(made)))
}

/// Cancel a run
///
/// A queued run never starts. A run in progress is stopped.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/runs/{run}/cancel", tag = "runs", security(("key" = [])),
    params(TenantPath, RunPath),
    responses(
        (status = 202),
        ClientErrors,
    )
)]
pub(crate) async fn cancel(
    State(service): Shared,
    Authorized { tenant, .. }: Authorized<Manage>,
    Path(RunPath { run }): Path<RunPath>,
) -> Result<StatusCode, Problem> {
    let run = id(&run, "run")?;
    if service.store.cancel(&tenant, run).await? {
        service.dispatcher.forget(&tenant, run);
        let cancelled = service.store.run(&tenant, run).await?;
        service.dispatcher.changes.tell(|| Change {
            tenant,
            run,
            event: cancelled.event,
            hook: cancelled.hook,
            attempt: cancelled.attempts,
            transition: RunTransition::Ended {
                outcome: AttemptOutcome::Cancelled,
                state: cancelled.state,
            },
        });
    } else {
        service.dispatcher.stop(run);
    }
    Ok(StatusCode::ACCEPTED)
}
