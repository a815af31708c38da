//! Traces for OpenTelemetry, sent by OTLP over HTTP: an event, the attempts of the runs that it starts, and their HTTP
//! requests.
//!
//! A trace's identifier is the event's own 128 bits, and a span's comes from what it describes. So nothing has to be
//! kept for a trace to go on after a retry, a crash or a day, and whoever knows an event finds its trace.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use codehook_api_types::{AttemptOutcome, Outcome, TranscriptEntry};
use codehook_store::{Id, QueuedRun};
use http::{Request, Response};
use opentelemetry::trace::{
    SpanContext, SpanId, SpanKind, Status, TraceFlags, TraceId, TraceState,
};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{BatchSpanProcessor, SpanData, SpanProcessor};
use sha2::{Digest, Sha256};

use crate::attempt_result::AttemptResult;

/// How long one delivery to the collector may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Sends spans, if somebody wants them.
#[derive(Default)]
pub(crate) struct Traces(Option<Sender>);

struct Sender {
    processor: BatchSpanProcessor,
    scope: InstrumentationScope,
}

/// Why traces cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error("traces cannot be sent: {0}")]
pub struct TracesError(String);

impl Traces {
    /// To the collector at `endpoint`, the base URL of OTLP over HTTP such as `http://127.0.0.1:4318`.
    ///
    /// # Errors
    ///
    /// When the URL is none, or this machine has no trusted certificates for `https`.
    pub(crate) fn to(endpoint: Option<&str>) -> Result<Self, TracesError> {
        let Some(endpoint) = endpoint else {
            return Ok(Self::default());
        };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(endpoint)?)
            .with_endpoint(format!("{}/v1/traces", endpoint.trim_end_matches('/')))
            .with_timeout(PATIENCE)
            .build()
            .map_err(|error| TracesError(error.to_string()))?;
        let mut processor = BatchSpanProcessor::builder(exporter).build();
        let resource = Resource::builder().with_service_name("codehook").build();
        processor.set_resource(&resource);
        let scope = InstrumentationScope::builder("codehook")
            .with_version(env!("CARGO_PKG_VERSION"))
            .build();
        Ok(Self(Some(Sender { processor, scope })))
    }

    /// An event that was taken.
    pub(crate) fn event(&self, tenant: &str, event: Id, began: SystemTime, runs: usize) {
        let Some(sender) = &self.0 else {
            return;
        };
        let mut span = sender.span(event, span_id(event, "event"), "event".to_owned());
        span.span_kind = SpanKind::Server;
        span.start_time = began;
        span.attributes = vec![
            KeyValue::new("codehook.tenant", tenant.to_owned()),
            KeyValue::new("codehook.event", event.to_string()),
            KeyValue::new("codehook.runs", runs as i64),
        ];
        sender.processor.on_end(span);
    }

    /// An attempt that has ended, with its HTTP requests.
    pub(crate) fn attempt(
        &self,
        run: &QueuedRun,
        number: u32,
        began: SystemTime,
        name: impl FnOnce() -> String,
        done: &AttemptResult,
    ) {
        let Some(sender) = &self.0 else {
            return;
        };
        let name = name();
        let id = span_id(run.id, &format!("attempt {number}"));
        let mut span = sender.span(run.event, id, format!("run {name}"));
        span.parent_span_id = span_id(run.event, "event");
        span.start_time = began;
        span.status = match done.outcome {
            AttemptOutcome::Ended(Outcome::Succeeded) => Status::Ok,
            outcome => Status::error(outcome.as_str()),
        };
        span.attributes = vec![
            KeyValue::new("codehook.tenant", run.tenant.clone()),
            KeyValue::new("codehook.run", run.id.to_string()),
            KeyValue::new("codehook.hook", name),
            KeyValue::new("codehook.hook.version", i64::from(run.version)),
            KeyValue::new("codehook.attempt", i64::from(number)),
            KeyValue::new("codehook.outcome", done.outcome.as_str()),
            KeyValue::new("codehook.cpu_ms", done.report.cpu_ms),
        ];
        sender.processor.on_end(span);
        for (place, entry) in done.report.http.iter().enumerate() {
            let span = sender.request(run, (id, number, place), began, entry);
            sender.processor.on_end(span);
        }
    }

    /// Sends what has not been sent. May take as long as the collector does.
    pub(crate) fn finish(&self) {
        if let Some(sender) = &self.0
            && let Err(error) = sender.processor.shutdown_with_timeout(PATIENCE)
        {
            tracing::warn!(%error, "the last traces could not be sent");
        }
    }
}

impl Sender {
    /// A span that ends now.
    fn span(&self, trace: Id, id: SpanId, name: String) -> SpanData {
        let now = SystemTime::now();
        SpanData {
            span_context: SpanContext::new(
                TraceId::from_bytes(trace.to_bytes()),
                id,
                TraceFlags::SAMPLED,
                false,
                TraceState::default(),
            ),
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: now,
            end_time: now,
            attributes: Vec::new(),
            dropped_attributes_count: 0,
            events: Default::default(),
            links: Default::default(),
            status: Status::Unset,
            instrumentation_scope: self.scope.clone(),
        }
    }

    /// An HTTP request (OpenTelemetry's semantic conventions for HTTP clients).
    fn request(
        &self,
        run: &QueuedRun,
        (parent, number, place): (SpanId, u32, usize),
        began: SystemTime,
        entry: &TranscriptEntry,
    ) -> SpanData {
        let id = span_id(run.id, &format!("attempt {number} request {place}"));
        let mut span = self.span(run.event, id, entry.method.clone());
        span.parent_span_id = parent;
        span.span_kind = SpanKind::Client;
        span.start_time = began + Duration::from_millis(entry.started_ms);
        span.end_time = span.start_time + Duration::from_millis(entry.duration_ms);
        span.attributes = vec![
            KeyValue::new("http.request.method", entry.method.clone()),
            KeyValue::new("url.full", entry.url.clone()),
        ];
        if let Some(status) = entry.status {
            span.attributes.push(KeyValue::new(
                "http.response.status_code",
                i64::from(status),
            ));
            if status >= 400 {
                span.status = Status::error("");
            }
        }
        if let Some(error) = entry.error {
            span.attributes
                .push(KeyValue::new("error.type", error.as_str()));
            span.status = Status::error(error.as_str());
        }
        span
    }
}

/// The same for the same thing, and never for two.
fn span_id(of: Id, part: &str) -> SpanId {
    let mut hash = Sha256::new();
    hash.update(of.to_bytes());
    hash.update(part.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.finalize()[..8]);
    SpanId::from_bytes(bytes)
}

/// The way to the collector. It blocks, on the processor's own thread.
#[derive(Debug)]
struct Client(ureq::Agent);

impl Client {
    fn new(endpoint: &str) -> Result<Self, TracesError> {
        let mut config = ureq::Agent::config_builder()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false);
        if endpoint.starts_with("https:") {
            let certificates: Vec<_> = rustls_native_certs::load_native_certs()
                .certs
                .iter()
                .map(|certificate| ureq::tls::Certificate::from_der(certificate).to_owned())
                .collect();
            if certificates.is_empty() {
                return Err(TracesError(
                    "this machine has no trusted certificates; install ca-certificates".to_owned(),
                ));
            }
            config = config.tls_config(
                ureq::tls::TlsConfig::builder()
                    .unversioned_rustls_crypto_provider(Arc::new(
                        rustls::crypto::ring::default_provider(),
                    ))
                    .root_certs(ureq::tls::RootCerts::Specific(Arc::new(certificates)))
                    .build(),
            );
        }
        Ok(Self(config.build().into()))
    }
}

#[async_trait::async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let response = self.0.run(Request::from_parts(head, body.to_vec()))?;
        let (head, mut body) = response.into_parts();
        Ok(Response::from_parts(head, body.read_to_vec()?.into()))
    }
}
