//! Events in: verified, within quotas, on disk, and only then acknowledged.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use codehook_api_types::EventReceipt;
use codehook_store::{Accepted, Id, NewEvent, NewRun, QueuedRun};
use codehook_template::Mapping;

use crate::delivery::Delivered;
use crate::problem::Problem;
use crate::service::{SWEEP, Service};
use crate::usage::most_bytes;

impl Service {
    /// Keeps an event of `tenant`, and starts its runs.
    pub(crate) async fn take(
        &self,
        tenant: &str,
        source: Option<(Id, Option<&Mapping>)>,
        delivered: Delivered,
    ) -> Result<EventReceipt, Problem> {
        let began = SystemTime::now();
        let live = self
            .registry
            .tenant(tenant)
            .ok_or_else(|| Problem::not_found("tenant"))?;
        if live.rate.check().is_err() {
            metrics::counter!("codehook_events_refused_total", "why" => "rate").increment(1);
            return Err(Problem::too_many(
                "more events a second than the tenant's quota",
                1,
            ));
        }
        if self.dispatcher.waiting_of(tenant) >= live.quotas.queued_runs as usize {
            metrics::counter!("codehook_events_refused_total", "why" => "queue").increment(1);
            return Err(Problem::too_many(
                "as many runs wait as the tenant's quota allows",
                5,
            ));
        }
        let used = self.dispatcher.meter.of(tenant).held_bytes;
        if used.saturating_add(delivered.body.len() as u64) > most_bytes(live.quotas) {
            metrics::counter!("codehook_events_refused_total", "why" => "storage").increment(1);
            return Err(Problem::too_many(
                "the tenant holds as many bytes as its quota allows; what has ended will make room",
                SWEEP.as_secs(),
            ));
        }
        let mapping = source.and_then(|(_, mapping)| mapping);
        let started = live
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
        let accepted = self.store.accept(event, new.clone()).await?;
        metrics::counter!("codehook_events_total").increment(1);
        Ok(match accepted {
            Accepted::Duplicate { event } => EventReceipt {
                id: event.to_string(),
                runs: Vec::new(),
                duplicate: true,
            },
            Accepted::New { event, runs } => {
                self.dispatcher
                    .meter
                    .add(tenant, delivered.body.len(), Duration::ZERO);
                self.dispatcher
                    .traces
                    .event(tenant, event, began, runs.len());
                let receipt = EventReceipt {
                    id: event.to_string(),
                    runs: runs.iter().map(ToString::to_string).collect(),
                    duplicate: false,
                };
                self.start(
                    tenant,
                    event,
                    &runs,
                    &new,
                    (mapping.is_none()).then(|| delivered.body.into()),
                );
                receipt
            }
        })
    }

    fn start(&self, tenant: &str, event: Id, runs: &[Id], new: &[NewRun], body: Option<Arc<str>>) {
        let now = codehook_store::Millis::now();
        let queued = runs.iter().zip(new).map(|(id, new)| QueuedRun {
            id: *id,
            tenant: tenant.to_owned(),
            event,
            hook: new.hook,
            version: new.version,
            due_at: now,
        });
        self.dispatcher.enqueue(queued.collect(), body);
    }
}
