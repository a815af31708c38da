//! The service as a whole: puts the parts together, listens, and ends in order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use codehook_api_types::Scope;
use codehook_runner::Runner;
use codehook_store::{KeyHolder, MasterKey, NewKey, Store, StoreError};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use crate::api;
use crate::auth::Keys;
use crate::dispatch::Dispatcher;
use crate::dispatch::quota::byte_quota;
use crate::otel::{Traces, TracesError};
use crate::registry::Registry;
use crate::service::{SWEEP_INTERVAL, Service};

/// Settings of the service.
pub struct ServiceConfig {
    /// Where it keeps everything.
    pub data: PathBuf,
    /// The key that seals secrets.
    pub master_key: MasterKey,
    /// Runs under way at the same time, of all tenants.
    pub concurrent_runs: usize,
    /// How long events and ended runs are kept.
    pub retention: Duration,
    /// The most bytes of events and reports that are kept of all tenants; what has ended goes, oldest first.
    pub retention_bytes: u64,
    /// How long runs may go on once the service is to end; after that they are given back to the journal.
    pub grace: Duration,
    /// Base URL of the OpenTelemetry collector that traces are sent to, by OTLP over HTTP.
    pub otlp_endpoint: Option<String>,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Traces cannot be sent.
    #[error(transparent)]
    Traces(#[from] TracesError),
    /// Another recorder of metrics is installed.
    #[error("metrics cannot be recorded: {0}")]
    Metrics(String),
    /// The listener failed.
    #[error("connections cannot be accepted: {0}")]
    Listener(#[source] std::io::Error),
    /// A part of the service that must not end has ended.
    #[error(
        "the service has stopped: its {0} ended; the log says why, and a restart continues where it stopped"
    )]
    Stopped(&'static str),
}

/// How much is kept.
#[derive(Debug, Clone, Copy)]
struct Retention {
    age: Duration,
    bytes: u64,
}

/// A service that is ready to listen.
pub struct Server {
    service: Arc<Service>,
    delayed: tokio::sync::mpsc::UnboundedReceiver<codehook_store::QueuedRun>,
    grace: Duration,
    retention: Retention,
    operator_key: Option<Zeroizing<String>>,
}

impl Server {
    /// Opens the data, gives runs that a crash left under way their turn again, and makes the operator's key where
    /// there is none.
    ///
    /// # Errors
    ///
    /// When the data cannot be used.
    pub async fn open(config: ServiceConfig, runner: Runner) -> Result<Self, ServiceError> {
        let metrics = PrometheusBuilder::new()
            .install_recorder()
            .map_err(|error| ServiceError::Metrics(error.to_string()))?;
        let store = Store::open(&config.data, &config.master_key)?;
        let recovered = store.recover().await?;
        let operator_key = first_key(&store).await?;
        let registry = Arc::new(Registry::new(store.clone()).await?);
        let sandbox = runner.sandbox().clone();
        let (dispatcher, delayed) = Dispatcher::new(
            store.clone(),
            Arc::clone(&registry),
            runner,
            Traces::to(config.otlp_endpoint.as_deref())?,
            config.concurrent_runs,
        );
        let waiting = store.queued_runs().await?;
        tracing::info!(
            interrupted = recovered.interrupted,
            dead = recovered.dead,
            waiting = waiting.len(),
            "journal read"
        );
        dispatcher.meter.read(&store).await?;
        dispatcher.enqueue(waiting, None);
        Ok(Self {
            service: Arc::new(Service {
                store,
                registry,
                dispatcher,
                keys: Keys::default(),
                sandbox,
                metrics,
                ending: CancellationToken::new(),
            }),
            delayed,
            grace: config.grace,
            retention: Retention {
                age: config.retention,
                bytes: config.retention_bytes,
            },
            operator_key,
        })
    }

    /// The operator's key, where this start has made it: it is never shown again.
    pub fn operator_key(&self) -> Option<&str> {
        self.operator_key.as_ref().map(|key| key.as_str())
    }

    /// Serves on `listener` until `end` is ready; then takes no more requests, lets runs end within the grace, and
    /// closes the store.
    ///
    /// # Errors
    ///
    /// When connections can no longer be accepted.
    pub async fn serve(
        self,
        listener: TcpListener,
        end: impl Future<Output = ()> + Send + 'static,
    ) -> Result<(), ServiceError> {
        let Self {
            service,
            delayed,
            grace,
            retention,
            ..
        } = self;
        let mut dispatching = tokio::spawn(Arc::clone(&service.dispatcher).work(delayed));
        let mut sweeping = tokio::spawn(sweep(Arc::clone(&service), retention));
        let ending = service.ending.clone();
        let app = api::router(Arc::clone(&service));
        let requests = axum::serve(
            listener,
            app.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .with_graceful_shutdown(async move {
            end.await;
            ending.cancel();
        });
        // The service is its parts: without one of them events would be acknowledged and never run.
        let served = tokio::select! {
            served = requests.into_future() => served,
            _ = &mut dispatching => return Err(ServiceError::Stopped("dispatcher")),
            _ = &mut sweeping => return Err(ServiceError::Stopped("sweeper")),
            () = service.store.closed() => return Err(ServiceError::Stopped("journal")),
        };
        tracing::info!("no more requests; runs under way may end");
        service.dispatcher.close(grace).await;
        sweeping.abort();
        let _ = (dispatching.await, sweeping.await);
        let dispatcher = Arc::clone(&service.dispatcher);
        tokio::task::spawn_blocking(move || dispatcher.traces.finish())
            .await
            .unwrap_or(());
        if let Ok(service) = Arc::try_unwrap(service) {
            let store = service.store.clone();
            drop(service);
            tokio::task::spawn_blocking(move || drop(store))
                .await
                .unwrap_or(());
        }
        served.map_err(ServiceError::Listener)
    }
}

/// The operator's first key.
async fn first_key(store: &Store) -> Result<Option<Zeroizing<String>>, StoreError> {
    if !store.keys(KeyHolder::Operator).await?.is_empty() {
        return Ok(None);
    }
    let new = NewKey {
        holder: KeyHolder::Operator,
        name: "first".to_owned(),
        scopes: vec![Scope::Ingest, Scope::Read, Scope::Manage],
        expires_at: None,
    };
    Ok(Some(store.create_key(new).await?.1))
}

/// Deletes what is too old or too much, again and again.
async fn sweep(service: Arc<Service>, retention: Retention) {
    loop {
        tokio::time::sleep(SWEEP_INTERVAL).await;
        if let Err(error) = sweep_once(&service, retention).await {
            tracing::error!(%error, "what is too old or too much could not be deleted");
        }
        // A day may have begun.
        service.dispatcher.wake();
    }
}

/// Deletes in small steps, so that no other writer waits for long.
async fn sweep_once(service: &Service, retention: Retention) -> Result<(), StoreError> {
    const PAUSE: Duration = Duration::from_millis(100);
    let store = &service.store;
    while store.prune_older_than(retention.age).await? > 0 {
        tokio::time::sleep(PAUSE).await;
    }
    while store.prune_to_size(None, retention.bytes).await? > 0 {
        tokio::time::sleep(PAUSE).await;
    }
    for tenant in store.tenants().await? {
        // A tenth free, so that what comes next does not wait for the next sweep.
        let most = byte_quota(tenant.quotas) / 10 * 9;
        if service.dispatcher.meter.of(&tenant.id).held_bytes <= most {
            continue;
        }
        while store.prune_to_size(Some(&tenant.id), most).await? > 0 {
            tokio::time::sleep(PAUSE).await;
        }
    }
    service.dispatcher.meter.read(store).await
}
