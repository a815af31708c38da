//! Events in: verified, within quotas, on disk, and only then acknowledged.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use codehook_api_types::EventReceipt;
use codehook_store::{Accepted, Id, Millis, NewEvent, NewRun, QueuedRun, StoreError};
use codehook_template::Mapping;

use crate::delivery::Delivery;
use crate::dispatch::quota::byte_quota;
use crate::problem::Problem;
use crate::registry::ActiveTenant;
use crate::service::{SWEEP_INTERVAL, Service};

/// Keeps an event of `tenant`, and starts its runs.
pub(crate) async fn accept(
    service: &Arc<Service>,
    tenant: &str,
    source: Option<(Id, Option<&Mapping>)>,
    delivered: Delivery,
) -> Result<EventReceipt, Problem> {
    let active = service
        .registry
        .tenant(tenant)
        .ok_or_else(|| Problem::not_found("tenant"))?;
    admit(service, tenant, &active, delivered.body.len())?;
    let mapping = source.and_then(|(_, mapping)| mapping);
    let started = active
        .hooks
        .iter()
        .filter(|hook| hook.ready.is_started_by(&delivered.event, mapping));
    let new: Vec<NewRun> = started
        .map(|hook| NewRun {
            hook: hook.id,
            version: hook.version,
        })
        .collect();
    let origin = source.map_or_else(|| "api".to_owned(), |(id, _)| id.to_string());
    let event = NewEvent {
        tenant: tenant.to_owned(),
        source: source.map(|(id, _)| id),
        delivery: delivered.key.map(|key| format!("{origin}:{key}")),
        body: delivered.body,
    };
    let committed = commit(Arc::clone(service), event, new, mapping.is_none());
    detached(committed).await?
}

/// Writes the event and its runs to the journal, and queues the runs.
async fn commit(
    service: Arc<Service>,
    event: NewEvent,
    new: Vec<NewRun>,
    keep_body: bool,
) -> Result<EventReceipt, Problem> {
    let began = SystemTime::now();
    let tenant = event.tenant.clone();
    let bytes = event.body.len();
    let body = keep_body.then(|| event.body.as_str().into());
    let accepted = service.store.accept(event, new.clone()).await?;
    metrics::counter!("codehook_events_total").increment(1);
    let (event, runs) = match accepted {
        Accepted::Duplicate { event } => {
            return Ok(EventReceipt {
                id: event.to_string(),
                runs: Vec::new(),
                duplicate: true,
            });
        }
        Accepted::New { event, runs } => (event, runs),
    };
    let dispatcher = &service.dispatcher;
    dispatcher.meter.add(&tenant, bytes, Duration::ZERO);
    dispatcher.traces.event(&tenant, event, began, runs.len());
    let queued = queued(&tenant, event, &runs, &new);
    dispatcher.enqueue(queued, body);
    Ok(EventReceipt {
        id: event.to_string(),
        runs: runs.iter().map(ToString::to_string).collect(),
        duplicate: false,
    })
}

/// Drives `work` to its end even if the request that waits for it is dropped, because its client has gone: what is
/// committed is queued as well.
pub(crate) async fn detached<T: Send + 'static>(
    work: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    let task = tokio::spawn(work);
    task.await.map_err(|error| {
        tracing::error!(%error, "a step after a commit failed");
        Problem::from(StoreError::Closed)
    })
}

/// Refuses what is beyond the tenant's quotas.
fn admit(
    service: &Service,
    tenant: &str,
    active: &ActiveTenant,
    bytes: usize,
) -> Result<(), Problem> {
    let quotas = active.quotas;
    let held = service.dispatcher.meter.of(tenant).held_bytes;
    let (why, problem) = if active.rate.check().is_err() {
        let detail = "more events a second than the tenant's quota";
        ("rate", Problem::too_many(detail, 1))
    } else if service.dispatcher.waiting_for(tenant) >= quotas.queued_runs as usize {
        let detail = "as many runs wait as the tenant's quota allows";
        ("queue", Problem::too_many(detail, 5))
    } else if held.saturating_add(bytes as u64) > byte_quota(quotas) {
        let detail =
            "the tenant holds as many bytes as its quota allows; what has ended will make room";
        let retry_after = SWEEP_INTERVAL.as_secs();
        ("storage", Problem::too_many(detail, retry_after))
    } else {
        return Ok(());
    };
    metrics::counter!("codehook_events_refused_total", "why" => why).increment(1);
    Err(problem)
}

fn queued(tenant: &str, event: Id, runs: &[Id], new: &[NewRun]) -> Vec<QueuedRun> {
    let due_at = Millis::now();
    let runs = runs.iter().zip(new);
    runs.map(|(id, new)| QueuedRun {
        id: *id,
        tenant: tenant.to_owned(),
        event,
        hook: new.hook,
        version: new.version,
        due_at,
    })
    .collect()
}
