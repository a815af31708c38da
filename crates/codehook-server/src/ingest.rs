//! Events in: verified, within quotas, on disk, and only then acknowledged.

use std::time::{Duration, SystemTime};

use codehook_api_types::EventReceipt;
use codehook_store::{Accepted, Id, Millis, NewEvent, NewRun, QueuedRun};
use codehook_template::Mapping;

use crate::delivery::Delivery;
use crate::dispatch::quota::byte_quota;
use crate::problem::Problem;
use crate::registry::ActiveTenant;
use crate::service::{SWEEP_INTERVAL, Service};

/// Keeps an event of `tenant`, and starts its runs.
pub(crate) async fn accept(
    service: &Service,
    tenant: &str,
    source: Option<(Id, Option<&Mapping>)>,
    delivered: Delivery,
) -> Result<EventReceipt, Problem> {
    let began = SystemTime::now();
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
        body: delivered.body.clone(),
    };
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
    dispatcher
        .meter
        .add(tenant, delivered.body.len(), Duration::ZERO);
    dispatcher.traces.event(tenant, event, began, runs.len());
    let receipt = EventReceipt {
        id: event.to_string(),
        runs: runs.iter().map(ToString::to_string).collect(),
        duplicate: false,
    };
    let body = mapping.is_none().then(|| delivered.body.into());
    dispatcher.enqueue(queued(tenant, event, &runs, &new), body);
    Ok(receipt)
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
