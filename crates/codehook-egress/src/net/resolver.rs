//! Name resolution. Owns no policy: the caller judges every address.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Semaphore;

/// A lookup in progress.
pub type LookUp<'a> = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, LookUpFailed>> + Send + 'a>>;

/// The name has no address, or the name servers did not respond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name could not be resolved: check its spelling and the name servers")]
pub struct LookUpFailed;

/// Turns names into addresses.
pub trait Resolve: Send + Sync + 'static {
    /// Returns all addresses of `host` (lower case, ASCII, no trailing dot), in the order in which to try them.
    fn resolve<'a>(&'a self, host: &'a str) -> LookUp<'a>;
}

/// The operating system's resolver (`getaddrinfo`), hosts file included.
///
/// It cannot be cancelled: a lookup whose request has timed out occupies a thread until the system gives up. At most
/// [`SystemResolver::MAX_LOOK_UPS`] run at a time, so that slow name servers cannot take every blocking thread of the
/// process.
#[derive(Debug, Clone)]
pub struct SystemResolver {
    permits: Arc<Semaphore>,
}

impl SystemResolver {
    /// Lookups at a time, for the process; half of tokio's default number of blocking threads.
    pub const MAX_LOOK_UPS: usize = 256;
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(Self::MAX_LOOK_UPS)),
        }
    }
}

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, host: &'a str) -> LookUp<'a> {
        Box::pin(async move {
            let _permit = self.permits.acquire().await.map_err(|_| LookUpFailed)?;
            // The port does not matter: callers use the addresses alone.
            let found = tokio::net::lookup_host((host, 0))
                .await
                .map_err(|_| LookUpFailed)?;
            let mut addresses: Vec<IpAddr> = Vec::new();
            for address in found.map(|socket| socket.ip()) {
                if !addresses.contains(&address) {
                    addresses.push(address);
                }
            }
            Ok(addresses)
        })
    }
}
