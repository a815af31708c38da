//! The network access of one run: its exchanges, its limits, its transcript.
//!
//! A session belongs to one run and shares nothing with another. Every request passes the same gate, one that follows a
//! redirect included, since a guest follows redirects itself by asking again.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use codehook_api_types::{EgressErrorKind, TranscriptEntry};
use rustls::ClientConfig;
use tokio::sync::Semaphore;

use crate::body;
use crate::connector::Connector;
use crate::counting_stream::ByteBudget;
use crate::deadline::Deadline;
use crate::error::{EgressError, RequestFault};
use crate::exchange::{OpenExchange, Opening};
use crate::net::host::Scheme;
use crate::net::resolver::Resolve;
use crate::net::target::Target;
use crate::policy::Policy;
use crate::request::{self, RequestHead};
use crate::response::ResponseHead;
use crate::tls::TlsSetup;
use crate::transcript::{INVALID, Ledger};

/// Identifies one exchange within its session. Numbers are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExchangeId(u32);

impl ExchangeId {
    /// Returns the number to give to a guest.
    pub fn as_raw(self) -> u32 {
        self.0
    }

    /// Returns the exchange that a guest refers to by a number. Any number is accepted: one that names no open exchange
    /// gives [`EgressError::UnknownExchange`].
    pub fn from_raw(raw: u32) -> Self {
        Self(raw)
    }
}

/// The settings that all sessions of a process share. Nothing that a run does is stored here.
pub(crate) struct Shared {
    pub(crate) tls: TlsSetup,
    pub(crate) resolver: Arc<dyn Resolve>,
}

struct Entry {
    exchange: OpenExchange,
    /// Index of its entry in the ledger.
    line: usize,
}

/// The network access of one run.
///
/// The steps of an exchange are [`open`](Self::open), any number of [`write`](Self::write)s, [`finish`](Self::finish),
/// any number of [`read`](Self::read)s, and [`close`](Self::close). Several may be open at once. After an error other
/// than [`EgressError::TimedOut`] an exchange gives the same error again. Dropping the session closes every connection.
///
/// All methods must be called within a tokio runtime that has I/O and time enabled. A future that is dropped before it
/// is ready leaves the session usable; the exchange that it worked on should be closed.
pub struct Session {
    shared: Arc<Shared>,
    policy: Policy,
    /// Made for the first `https` request.
    tls: Option<Arc<ClientConfig>>,
    lookup: Arc<Semaphore>,
    budget: Arc<ByteBudget>,
    requests: usize,
    exchanges: BTreeMap<ExchangeId, Entry>,
    ledger: Ledger,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, policy: Policy) -> Self {
        Self {
            shared,
            tls: None,
            lookup: Arc::new(Semaphore::new(1)),
            budget: ByteBudget::new(policy.limits.max_total_bytes),
            policy,
            requests: 0,
            exchanges: BTreeMap::new(),
            ledger: Ledger::new(),
        }
    }

    /// Checks a request against the policy, connects, and sends its head.
    ///
    /// # Errors
    ///
    /// Anything that keeps the request from being sent. Nothing is sent, and no name looked up, for a request that is
    /// invalid or denied; no connection is attempted to an address that is forbidden.
    pub async fn open(&mut self, head: RequestHead) -> Result<ExchangeId, EgressError> {
        let limit = self.policy.limits.max_requests;
        let over = self.requests >= limit;
        // The transcript shows the first request that was one too many, and not a million more.
        if over && self.ledger.entries().len() > limit {
            return Err(EgressError::TooManyRequests { limit });
        }
        let target = Target::parse(&head.url);
        let line = self.begin(&head, &target);
        if over {
            let error = EgressError::TooManyRequests { limit };
            self.ledger.fail(line, &error);
            return Err(error);
        }
        self.requests += 1;
        match self.try_open(head, target).await {
            Ok(exchange) => {
                self.ledger.touch(line);
                let id = ExchangeId(line as u32);
                self.exchanges.insert(id, Entry { exchange, line });
                Ok(id)
            }
            Err(error) => {
                self.ledger.fail(line, &error);
                Err(error)
            }
        }
    }

    /// Sends some of the request's body; returns when the connection has taken it, which a slow server delays.
    ///
    /// Once a server has responded with an error or a redirect, or has closed the connection, further data is
    /// discarded, and [`finish`](Self::finish) returns the response.
    ///
    /// # Errors
    ///
    /// When the body grows past its announced length or the limit, or the exchange fails or times out.
    pub async fn write(&mut self, id: ExchangeId, data: &[u8]) -> Result<(), EgressError> {
        let result = self.exchange(id)?.write(data).await;
        self.record(id, result.as_ref().err());
        result
    }

    /// Ends the request's body and waits for the response's head. Calling it again returns the same head.
    ///
    /// # Errors
    ///
    /// When the body is shorter than announced, or the exchange fails or times out.
    pub async fn finish(&mut self, id: ExchangeId) -> Result<&ResponseHead, EgressError> {
        let result = self.exchange(id)?.finish().await;
        self.record(id, result.as_ref().err());
        result?;
        self.exchange(id)?
            .head()
            .ok_or(EgressError::UnknownExchange)
    }

    /// Reads some of the response's body: between 1 and `max` bytes (a `max` of 0 counts as 1), or none at its end.
    ///
    /// # Errors
    ///
    /// When the body is larger than allowed, ends before its framing says so, or the exchange fails or times out.
    pub async fn read(&mut self, id: ExchangeId, max: usize) -> Result<Bytes, EgressError> {
        let result = self.exchange(id)?.read(max).await;
        self.record(id, result.as_ref().err());
        result
    }

    /// Sets the timeout of the guest's socket for the following waits, as scripts do between sending and receiving;
    /// `None` is none. The session's own limits stay.
    ///
    /// # Errors
    ///
    /// When there is no such exchange.
    pub fn set_timeout(
        &mut self,
        id: ExchangeId,
        timeout: Option<std::time::Duration>,
    ) -> Result<(), EgressError> {
        self.exchange(id)?.set_guest_timeout(timeout);
        Ok(())
    }

    /// Closes an exchange's connection and removes the exchange; does nothing when there is no such exchange.
    pub fn close(&mut self, id: ExchangeId) {
        if let Some(Entry { line, .. }) = self.exchanges.remove(&id) {
            let entry = self.ledger.touch(line);
            if entry.status.is_none() && entry.error.is_none() {
                entry.error = Some(EgressErrorKind::Abandoned);
            }
        }
    }

    /// Returns the requests so far, in order.
    pub fn transcript(&self) -> &[TranscriptEntry] {
        self.ledger.entries()
    }

    /// Closes every connection and returns the final transcript.
    pub fn into_transcript(self) -> Vec<TranscriptEntry> {
        self.ledger.into_entries()
    }

    fn exchange(&mut self, id: ExchangeId) -> Result<&mut OpenExchange, EgressError> {
        let entry = self
            .exchanges
            .get_mut(&id)
            .ok_or(EgressError::UnknownExchange)?;
        Ok(&mut entry.exchange)
    }

    fn begin(&mut self, head: &RequestHead, target: &Result<Target, RequestFault>) -> usize {
        let method = request::parse_method(&head.method)
            .map_or_else(|_| INVALID.to_owned(), |method| method.to_string());
        let url = target
            .as_ref()
            .map_or(INVALID, |target| target.visible.as_str());
        self.ledger.begin(method, url.to_owned())
    }

    async fn try_open(
        &mut self,
        head: RequestHead,
        target: Result<Target, RequestFault>,
    ) -> Result<OpenExchange, EgressError> {
        let target = target?;
        let limits = self.policy.limits.clone();
        let (chunks, body) = body::channel(head.body);
        let request = request::prepare(&head, &target, &limits, body)?;
        self.policy.check_host(&target)?;
        self.check_capacity()?;
        let deadline = Deadline::start(&limits, head.timeout);
        let tls = self.tls_for(&target, &deadline).await?;
        let connector = Connector {
            policy: &self.policy,
            resolver: &self.shared.resolver,
            lookup: &self.lookup,
            budget: &self.budget,
        };
        let addresses = connector.addresses(&target, &deadline).await?;
        let transport = connector
            .connect(&target, &addresses, tls, &deadline)
            .await?;
        tracing::debug!(
            scheme = %target.scheme,
            host = %target.host,
            port = target.port,
            "outbound connection made"
        );
        OpenExchange::start(Opening {
            host: target.host.to_string(),
            deadline,
            limits,
            budget: Arc::clone(&self.budget),
            transport,
            request,
            chunks,
            framing: head.body,
        })
        .await
    }

    fn check_capacity(&self) -> Result<(), EgressError> {
        if self.budget.is_exhausted() {
            return Err(EgressError::TooManyBytes {
                limit: self.budget.limit(),
            });
        }
        let limit = self.policy.limits.max_open_exchanges;
        let open = self
            .exchanges
            .values()
            .filter(|entry| entry.exchange.is_connected())
            .count();
        if open >= limit {
            return Err(EgressError::TooManyOpenExchanges { limit });
        }
        Ok(())
    }

    async fn tls_for(
        &mut self,
        target: &Target,
        deadline: &Deadline,
    ) -> Result<Option<Arc<ClientConfig>>, EgressError> {
        if target.scheme == Scheme::Http {
            return Ok(None);
        }
        if self.tls.is_none() {
            let made = deadline
                .wait_to_connect(target, self.shared.tls.for_session())
                .await??;
            self.tls = Some(made);
        }
        Ok(self.tls.clone())
    }

    fn record(&mut self, id: ExchangeId, error: Option<&EgressError>) {
        let Some(Entry { exchange, line }) = self.exchanges.get(&id) else {
            return;
        };
        let entry = self.ledger.touch(*line);
        (entry.request_bytes, entry.response_bytes) = exchange.bytes_transferred();
        entry.status = exchange.head().map(|head| head.status);
        entry.error = error.map(EgressError::kind);
    }
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("requests", &self.requests)
            .field("open", &self.exchanges.len())
            .finish_non_exhaustive()
    }
}
