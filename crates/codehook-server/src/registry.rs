//! What is in force: tenants, sources and published hooks, ready to be used. Kept in memory, since every delivery
//! needs it; read anew from the store after each change.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, PoisonError, RwLock};

use codehook_api_types::{HookDefinition, Quotas};
use codehook_store::{Id, Store, StoreError};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use crate::hook_definition::PreparedHook;
use crate::problem::Problem;
use crate::webhook_source::WebhookSource;

/// Server-sent event streams that a tenant may have open at the same time.
const MAX_STREAMS_PER_TENANT: usize = 50;
/// Versions that are kept ready though they are not in force, for runs of theirs that still wait.
const VERSION_CACHE_ENTRIES: usize = 1000;
/// Bytes of templates of such versions.
const VERSION_CACHE_BYTES: u64 = 64 * 1024 * 1024;

/// A published hook.
pub(crate) struct PublishedHook {
    pub(crate) id: Id,
    pub(crate) version: u32,
    pub(crate) ready: Arc<PreparedHook>,
}

/// A tenant as deliveries and runs need it.
pub(crate) struct ActiveTenant {
    pub(crate) quotas: Quotas,
    /// Events.
    pub(crate) rate: Arc<DefaultDirectRateLimiter>,
    /// Places for streams.
    pub(crate) streams: Arc<Semaphore>,
    /// Those that are enabled.
    pub(crate) hooks: Vec<PublishedHook>,
}

#[derive(Default)]
struct Snapshot {
    tenants: HashMap<String, Arc<ActiveTenant>>,
    /// The published versions of enabled hooks.
    ready: HashMap<(Id, u32), Arc<PreparedHook>>,
    sources: HashMap<Id, Arc<WebhookSource>>,
}

/// Everything in force.
pub(crate) struct Registry {
    store: Store,
    snapshot: RwLock<Snapshot>,
    versions: Cache<(Id, u32), Arc<PreparedHook>, TemplateBytes>,
    /// One reading at a time, so that an older one never replaces a newer one.
    reading: tokio::sync::Mutex<()>,
}

/// Weighs a version by what it holds most of.
#[derive(Clone)]
struct TemplateBytes;

impl Weighter<(Id, u32), Arc<PreparedHook>> for TemplateBytes {
    fn weight(&self, _: &(Id, u32), hook: &Arc<PreparedHook>) -> u64 {
        // Some for the entry itself, so that small ones have a bound as well.
        hook.definition.template.len() as u64 + VERSION_CACHE_BYTES / VERSION_CACHE_ENTRIES as u64
    }
}

fn rate(quotas: Quotas) -> DefaultDirectRateLimiter {
    let events = NonZeroU32::new(quotas.events_per_second).unwrap_or(NonZeroU32::MIN);
    // Two seconds' worth at once.
    let burst = events.saturating_mul(NonZeroU32::MIN.saturating_add(1));
    RateLimiter::direct(Quota::per_second(events).allow_burst(burst))
}

impl Registry {
    /// Reads everything.
    pub(crate) async fn new(store: Store) -> Result<Self, StoreError> {
        let registry = Self {
            store,
            snapshot: RwLock::default(),
            versions: Cache::with_weighter(
                VERSION_CACHE_ENTRIES,
                VERSION_CACHE_BYTES,
                TemplateBytes,
            ),
            reading: tokio::sync::Mutex::default(),
        };
        registry.reload().await?;
        Ok(registry)
    }

    /// Reads everything anew.
    pub(crate) async fn reload(&self) -> Result<(), StoreError> {
        let _reading = self.reading.lock().await;
        let mut hooks: HashMap<String, Vec<PublishedHook>> = HashMap::new();
        let mut snapshot = Snapshot::default();
        for hook in self.store.hooks(None).await? {
            let Some(version) = hook.published.filter(|_| hook.enabled) else {
                continue;
            };
            match self.version(hook.id, version).await {
                Ok(ready) => {
                    snapshot
                        .ready
                        .insert((hook.id, version), Arc::clone(&ready));
                    hooks.entry(hook.tenant).or_default().push(PublishedHook {
                        id: hook.id,
                        version,
                        ready,
                    });
                }
                // Published by an older version of this program that took what this one refuses.
                Err(problem) => {
                    tracing::error!(hook = %hook.name, ?problem, "a published hook cannot be used")
                }
            }
        }
        for tenant in self.store.tenants().await? {
            let quotas = tenant.quotas;
            // What a tenant has sent counts on, whatever else has changed.
            let before = self.tenant(&tenant.id);
            let streams = before.as_ref().map_or_else(
                || Arc::new(Semaphore::new(MAX_STREAMS_PER_TENANT)),
                |before| Arc::clone(&before.streams),
            );
            let rate = before
                .filter(|before| before.quotas == quotas)
                .map_or_else(|| Arc::new(rate(quotas)), |before| Arc::clone(&before.rate));
            let hooks = hooks.remove(&tenant.id).unwrap_or_default();
            snapshot.tenants.insert(
                tenant.id,
                Arc::new(ActiveTenant {
                    quotas,
                    rate,
                    streams,
                    hooks,
                }),
            );
        }
        for source in self.store.sources(None).await? {
            match WebhookSource::new(&source) {
                Ok(live) => drop(snapshot.sources.insert(source.id, Arc::new(live))),
                Err(problem) => {
                    tracing::error!(source = %source.name, ?problem, "a source cannot be used")
                }
            }
        }
        *self
            .snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner) = snapshot;
        Ok(())
    }

    /// A tenant.
    pub(crate) fn tenant(&self, id: &str) -> Option<Arc<ActiveTenant>> {
        let snapshot = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        snapshot.tenants.get(id).cloned()
    }

    /// A source.
    pub(crate) fn source(&self, id: Id) -> Option<Arc<WebhookSource>> {
        let snapshot = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        snapshot.sources.get(&id).cloned()
    }

    /// The name of a version's template, where it is at hand.
    pub(crate) fn known_name(&self, hook: Id, version: u32) -> String {
        let ready = self.at_hand(hook, version);
        ready.map_or_else(String::new, |ready| {
            ready.template.display_name().to_owned()
        })
    }

    /// A version that is in force or was used a short time ago.
    fn at_hand(&self, hook: Id, version: u32) -> Option<Arc<PreparedHook>> {
        let snapshot = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        let current = snapshot.ready.get(&(hook, version)).cloned();
        drop(snapshot);
        current.or_else(|| self.versions.get(&(hook, version)))
    }

    /// A published version, which need not be in force any more.
    pub(crate) async fn version(
        &self,
        hook: Id,
        version: u32,
    ) -> Result<Arc<PreparedHook>, Problem> {
        if let Some(ready) = self.at_hand(hook, version) {
            return Ok(ready);
        }
        let stored = self.store.hook_version(hook, version).await?;
        let definition: HookDefinition = serde_json::from_str(&stored.definition)
            .map_err(|error| Problem::invalid(error.to_string()))?;
        let ready = Arc::new(PreparedHook::new(definition, &stored.hook)?);
        self.versions.insert((hook, version), Arc::clone(&ready));
        Ok(ready)
    }
}
