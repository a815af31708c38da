//! Runs: what became of events, and what can still be done about it.

use axum::Json;
use axum::extract::State;
use codehook_store::{Id, Millis, Run, RunFilter, RunState, Scope};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{Caller, Document, Paging, Path, Query, Shared, id, time};
use crate::attempt::AttemptReport;
use crate::live::{Became, Change};
use crate::problem::Problem;
use crate::service::Service;

/// Runs that are replayed by one request.
const REPLAYED: usize = 500;

/// A run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunView {
    id: String,
    event: String,
    hook: String,
    version: u32,
    /// `queued`, `running`, `succeeded`, `failed`, `dead_letter` or `cancelled`.
    #[schema(value_type = String)]
    state: RunState,
    /// Attempts begun.
    attempts: u32,
    /// When its next attempt is due.
    due_at: Option<String>,
    created_at: String,
    ended_at: Option<String>,
    replay_of: Option<String>,
}

/// An attempt of a run.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    number: u32,
    started_at: String,
    ended_at: Option<String>,
    /// `succeeded`, `failed`, `timed_out`, `out_of_memory`, `crashed`, `rejected` (there was no script to run), `cancelled`, or
    /// `interrupted` (the service itself ended).
    outcome: Option<String>,
    report: Option<AttemptReport>,
}

/// A run with its attempts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunDetail {
    #[serde(flatten)]
    run: RunView,
    history: Vec<AttemptView>,
}

/// Some runs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RunPage {
    items: Vec<RunView>,
    next: Option<String>,
}

/// Which runs are listed.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// Those in this state.
    #[param(value_type = Option<String>)]
    state: Option<RunState>,
    /// Those of the hook of this name.
    hook: Option<String>,
    /// Those for this event.
    event: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// Items on a page, 1 to 500; 50 when nobody says.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// Which runs are replayed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Again {
    /// Those in this state: `failed`, `dead_letter` or `cancelled`.
    #[schema(value_type = String)]
    state: RunState,
    /// Those of the hook of this name.
    #[serde(default)]
    hook: Option<String>,
    /// Those made then or later (RFC 3339).
    since: String,
}

impl From<Run> for RunView {
    fn from(run: Run) -> Self {
        Self {
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
}

/// List runs
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/runs", tag = "runs", security(("key" = [])),
    params(("tenant" = String, Path), Which),
    responses(
        (status = 200, body = RunPage),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn list(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
    Query(which): Query<Which>,
) -> Result<Json<RunPage>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
    let (cursor, limit) = Paging {
        cursor: which.cursor,
        limit: which.limit,
    }
    .read()?;
    let filter = RunFilter {
        state: which.state,
        hook: hook(&service, &tenant, which.hook).await?,
        event: which.event.map(|event| id(&event, "event")).transpose()?,
        since: None,
    };
    let page = service.store.runs(&tenant, filter, cursor, limit).await?;
    Ok(Json(RunPage {
        items: page.items.into_iter().map(RunView::from).collect(),
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

/// Show a run with its attempts
#[utoipa::path(
    get, path = "/v1/tenants/{tenant}/runs/{run}", tag = "runs", security(("key" = [])),
    params(("tenant" = String, Path), ("run" = String, Path)),
    responses(
        (status = 200, body = RunDetail),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn show(
    State(service): Shared,
    caller: Caller,
    Path((tenant, run)): Path<(String, String)>,
) -> Result<Json<RunDetail>, Problem> {
    caller.may(&service, &tenant, Scope::Read)?;
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
        run: run.into(),
    }))
}

/// Run an ended run again
///
/// A new run for the same event by the hook's published version.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/runs/{run}/replay", tag = "runs", security(("key" = [])),
    params(("tenant" = String, Path), ("run" = String, Path)),
    responses(
        (status = 202, body = RunView),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn replay(
    State(service): Shared,
    caller: Caller,
    Path((tenant, run)): Path<(String, String)>,
) -> Result<(StatusCode, Json<RunView>), Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    let run = service.store.run(&tenant, id(&run, "run")?).await?;
    let made = again(&service, &tenant, run).await?;
    let run = service.store.run(&tenant, made).await?;
    Ok((StatusCode::ACCEPTED, Json(run.into())))
}

async fn again(service: &Service, tenant: &str, run: Run) -> Result<Id, Problem> {
    let hooks = service.store.hooks(Some(tenant)).await?;
    let published = hooks
        .iter()
        .find(|hook| hook.id == run.hook)
        .and_then(|hook| hook.published);
    let version =
        published.ok_or_else(|| Problem::conflict("the hook of this run is not there any more"))?;
    let queued = service.store.replay(tenant, run.id, version).await?;
    let made = queued.id;
    service.dispatcher.enqueue(vec![queued], None);
    Ok(made)
}

/// Run many ended runs again
///
/// All in one state since a time, at most 500 at once, newest first; the identifiers of the new runs are answered.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/runs/replay", tag = "runs", security(("key" = [])),
    params(("tenant" = String, Path)),
    request_body = Again,
    responses(
        (status = 202, body = [String]),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn replay_many(
    State(service): Shared,
    caller: Caller,
    Path(tenant): Path<String>,
    Document(which): Document<Again>,
) -> Result<(StatusCode, Json<Vec<String>>), Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
    if !which.state.is_final() || which.state == RunState::Succeeded {
        return Err(Problem::invalid(
            "`state` is `failed`, `dead_letter` or `cancelled`",
        ));
    }
    let since: jiff::Timestamp = which
        .since
        .parse()
        .map_err(|_| Problem::invalid("`since` is a time such as 2026-11-29T03:00:00Z"))?;
    let filter = RunFilter {
        state: Some(which.state),
        hook: hook(&service, &tenant, which.hook).await?,
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
/// One that waits never starts; one that is under way is stopped.
#[utoipa::path(
    post, path = "/v1/tenants/{tenant}/runs/{run}/cancel", tag = "runs", security(("key" = [])),
    params(("tenant" = String, Path), ("run" = String, Path)),
    responses(
        (status = 202),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(crate) async fn cancel(
    State(service): Shared,
    caller: Caller,
    Path((tenant, run)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    caller.may(&service, &tenant, Scope::Manage)?;
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
            became: Became::Ended {
                outcome: "cancelled",
                state: cancelled.state,
            },
        });
    } else {
        service.dispatcher.stop(run);
    }
    Ok(StatusCode::ACCEPTED)
}
