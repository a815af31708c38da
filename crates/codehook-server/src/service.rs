//! What requests and runs share.

use std::sync::Arc;
use std::time::Duration;

use codehook_sandbox::Sandbox;
use codehook_store::Store;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio_util::sync::CancellationToken;

use crate::auth::Keys;
use crate::dispatch::Dispatcher;
use crate::registry::Registry;

/// How often what is too old or too much is deleted.
pub(crate) const SWEEP_INTERVAL: Duration = Duration::from_secs(10);

/// The parts of the service.
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) registry: Arc<Registry>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) keys: Keys,
    pub(crate) sandbox: Sandbox,
    pub(crate) metrics: PrometheusHandle,
    /// Cancelled when the service is to end: streams end then.
    pub(crate) ending: CancellationToken,
}
