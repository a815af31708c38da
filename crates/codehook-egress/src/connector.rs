//! Connects to a checked target: lookup, judgement of every address, TCP, TLS.
//!
//! The connection is made to an address that was judged here, never by name, so that a second lookup cannot give
//! another address.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::counting_stream::{ByteBudget, CountingStream};
use crate::deadline::Deadline;
use crate::error::EgressError;
use crate::net::host::Host;
use crate::net::resolver::Resolve;
use crate::net::target::Target;
use crate::policy::Policy;
use crate::policy::connect_to::ConnectTo;
use crate::policy::resolve_override::ResolveOverride;
use crate::tls;

/// Head start of one address before the next is tried beside it (RFC 8305, section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Addresses tried for one request; a name with more has them for spreading load.
const MAX_ADDRESSES_TRIED: usize = 8;

pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(crate) type Transport = TokioIo<Box<dyn Stream>>;

/// The parts of a session that connecting needs, borrowed for one request.
pub(crate) struct Connector<'a> {
    pub(crate) policy: &'a Policy,
    pub(crate) resolver: &'a Arc<dyn Resolve>,
    /// One permit: a session has one lookup at a time, abandoned ones included.
    pub(crate) lookup: &'a Arc<Semaphore>,
    pub(crate) budget: &'a Arc<ByteBudget>,
}

impl Connector<'_> {
    /// Resolves the target and returns the addresses that the policy allows.
    pub(crate) async fn addresses(
        &self,
        target: &Target,
        deadline: &Deadline,
    ) -> Result<Vec<SocketAddr>, EgressError> {
        let (host, port) = ConnectTo::endpoint(&self.policy.connect_to, &target.host, target.port);
        let overridden = ResolveOverride::find(&self.policy.resolve, &host, port);
        let found = match (overridden, &host) {
            (Some(addresses), _) => addresses.to_vec(),
            (None, Host::Name(name)) => {
                deadline
                    .wait_to_connect(target, self.look_up(name.clone()))
                    .await?
            }
            (None, host) => host.ip().into_iter().collect(),
        };
        let allowed = self.policy.check_addresses(target, &found)?;
        Ok(allowed
            .into_iter()
            .map(|address| SocketAddr::new(address, port))
            .collect())
    }

    /// Looks a name up in a task of its own, which keeps the permit until the lookup is really over: a guest cannot
    /// accumulate lookups by abandoning each of them at once.
    async fn look_up(&self, name: String) -> Vec<IpAddr> {
        let Ok(permit) = self.lookup.clone().acquire_owned().await else {
            return Vec::new();
        };
        let resolver = Arc::clone(self.resolver);
        let task = tokio::spawn(async move {
            let found = resolver.resolve(&name).await;
            drop(permit);
            found
        });
        task.await.ok().and_then(Result::ok).unwrap_or_default()
    }

    /// Connects to the first of `addresses` that accepts and, with `tls`, verifies the server's certificate for the
    /// URL's host.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        addresses: &[SocketAddr],
        tls: Option<Arc<ClientConfig>>,
        deadline: &Deadline,
    ) -> Result<Transport, EgressError> {
        let tried = &addresses[..addresses.len().min(MAX_ADDRESSES_TRIED)];
        let stream = deadline
            .wait_to_connect(target, connect_first(tried))
            .await?
            .map_err(|error| connect_error(target, &error))?;
        let stream = CountingStream::new(stream, Arc::clone(self.budget));
        let stream: Box<dyn Stream> = match tls {
            Some(config) => Box::new(
                deadline
                    .wait_to_connect(target, tls::handshake(config, target, stream))
                    .await??,
            ),
            None => Box::new(stream),
        };
        Ok(TokioIo::new(stream))
    }
}

fn connect_error(target: &Target, error: &io::Error) -> EgressError {
    let (host, port) = (target.host.to_string(), target.port);
    match error.kind() {
        io::ErrorKind::ConnectionRefused => EgressError::ConnectionRefused { host, port },
        _ => EgressError::Unreachable { host, port },
    }
}

/// Returns the first connection that is made ("Happy Eyeballs"): attempts start one after the other, sooner when one
/// has failed. The others are dropped.
async fn connect_first(addresses: &[SocketAddr]) -> io::Result<TcpStream> {
    let mut attempts = JoinSet::new();
    let mut waiting = addresses.iter();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    loop {
        if let Some(address) = waiting.next() {
            attempts.spawn(TcpStream::connect(*address));
        } else if attempts.is_empty() {
            return Err(failure);
        }
        tokio::select! {
            Some(done) = attempts.join_next() => match done {
                Ok(Ok(stream)) => {
                    // Small pieces of a body should leave at once; failing to say so costs time only.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Ok(Err(error)) => failure = error,
                Err(ended) => failure = io::Error::other(ended),
            },
            () = tokio::time::sleep(ATTEMPT_DELAY), if waiting.len() > 0 => {}
        }
    }
}
