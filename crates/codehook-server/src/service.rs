//! The service as a whole: puts the parts together, listens, and ends in order.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use codehook_egress::{ConnectTo, Egress, PrivateNetworks};
use codehook_sandbox::Sandbox;
use codehook_store::{KeyHolder, MasterKey, NewKey, Scope, Store, StoreError};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use zeroize::Zeroizing;

use crate::api;
use crate::attempt::Workshop;
use crate::auth::Keys;
use crate::dispatch::Dispatcher;
use crate::registry::Registry;

/// How often what is too old is deleted.
const SWEEP: Duration = Duration::from_secs(60);

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
    /// How long runs may go on once the service is to end; after that they are given back to the journal.
    pub grace: Duration,
    /// Whether hooks may reach addresses outside the public Internet.
    pub private_networks: PrivateNetworks,
    /// Connections that go elsewhere than the URL says.
    pub connect_to: Vec<ConnectTo>,
}

/// Why the service cannot start.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Another recorder of metrics is installed.
    #[error("metrics cannot be recorded: {0}")]
    Metrics(String),
    /// The listener failed.
    #[error("connections cannot be accepted: {0}")]
    Listener(#[source] std::io::Error),
}

/// The parts.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) registry: Arc<Registry>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) keys: Keys,
    pub(crate) sandbox: Sandbox,
    pub(crate) metrics: PrometheusHandle,
}

/// A service that is ready to listen.
pub struct Server {
    service: Arc<Service>,
    delayed: tokio::sync::mpsc::UnboundedReceiver<codehook_store::QueuedRun>,
    grace: Duration,
    retention: Duration,
    operator_key: Option<Zeroizing<String>>,
}

impl Server {
    /// Opens the data, gives runs that a crash left under way their turn again, and makes the operator's key where there is none.
    ///
    /// # Errors
    ///
    /// When the data cannot be used.
    pub async fn open(
        config: ServiceConfig,
        sandbox: Sandbox,
        egress: Egress,
    ) -> Result<Self, ServiceError> {
        let metrics = PrometheusBuilder::new()
            .install_recorder()
            .map_err(|error| ServiceError::Metrics(error.to_string()))?;
        let store = Store::open(&config.data, &config.master_key)?;
        let recovered = store.recover().await?;
        let operator_key = first_key(&store).await?;
        let registry = Arc::new(Registry::new(store.clone()).await?);
        let workshop = Workshop {
            sandbox: sandbox.clone(),
            egress,
            private_networks: config.private_networks,
            connect_to: config.connect_to,
        };
        let (dispatcher, delayed) = Dispatcher::new(
            store.clone(),
            Arc::clone(&registry),
            workshop,
            config.concurrent_runs,
        );
        let waiting = store.queued_runs().await?;
        tracing::info!(
            interrupted = recovered.interrupted,
            waiting = waiting.len(),
            "journal read"
        );
        for run in waiting {
            dispatcher.enqueue(vec![run], None);
        }
        Ok(Self {
            service: Arc::new(Service {
                store,
                registry,
                dispatcher,
                keys: Keys::default(),
                sandbox,
                metrics,
            }),
            delayed,
            grace: config.grace,
            retention: config.retention,
            operator_key,
        })
    }

    /// The operator's key, where this start has made it: it is never shown again.
    pub fn operator_key(&self) -> Option<&str> {
        self.operator_key.as_ref().map(|key| key.as_str())
    }

    /// Serves on `listener` until `end` is ready; then takes no more requests, lets runs end within the grace, and closes the store.
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
        let working = tokio::spawn(Arc::clone(&service.dispatcher).work(delayed));
        let sweeping = tokio::spawn(sweep(service.store.clone(), retention));
        let app = api::router(Arc::clone(&service));
        let served = axum::serve(
            listener,
            app.into_make_service_with_connect_info::<SocketAddr>(),
        )
        .with_graceful_shutdown(end)
        .await;
        tracing::info!("no more requests; runs under way may end");
        service.dispatcher.close(grace).await;
        sweeping.abort();
        let _ = (working.await, sweeping.await);
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

async fn sweep(store: Store, retention: Duration) {
    loop {
        tokio::time::sleep(SWEEP).await;
        // Little by little, so that nobody else waits for long.
        while let Ok(1..) = store.forget(retention).await {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}
