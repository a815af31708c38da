//! Outbound HTTP for sandboxed guests.
//!
//! This crate owns everything between "a guest asks for this URL" and "bytes on the wire": which hosts a guest may reach, how
//! a name becomes an address, which addresses are out of bounds, TLS verification, limits on count, bytes and time, and the
//! transcript of what was asked. It knows neither Python nor WebAssembly.
//!
//! What it refuses, always: anything but `http` and `https`, proxies, following redirects on the guest's behalf, user names in
//! URLs, requests whose `Host` header differs from their URL, unverified TLS, and telling a guest which address a name has.
//!
//! An [`Egress`] is made once for a process; a [`Session`] belongs to one run. Sessions share nothing but the trusted
//! certificates: no connection, no TLS ticket, no cookie, no look-up result. Dropping a session closes its connections.
//!
//! ```no_run
//! use codehook_egress::{BodyFraming, Egress, EgressConfig, Policy, RequestHead};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let egress = Egress::new(EgressConfig::default())?;
//! let policy = Policy { allow: vec!["https://api.example.com".parse()?], ..Policy::default() };
//! let mut session = egress.session(policy);
//! let id = session
//!     .open(RequestHead {
//!         method: b"GET".to_vec(),
//!         url: "https://api.example.com/v1/status".to_owned(),
//!         headers: vec![(b"Accept".to_vec(), b"application/json".to_vec())],
//!         body: BodyFraming::None,
//!         timeout: None,
//!     })
//!     .await?;
//! println!("{}", session.finish(id).await?.status);
//! while let chunk = session.read(id, 65_536).await?
//!     && !chunk.is_empty()
//! {
//!     println!("{} bytes", chunk.len());
//! }
//! # Ok(())
//! # }
//! ```

mod address;
mod allow_rule;
mod body;
mod clock;
mod connect;
mod connect_to;
mod egress;
mod error;
mod exchange;
mod host;
mod limits;
mod policy;
mod request;
mod resolve_override;
mod resolver;
mod response;
mod session;
mod target;
mod tls;
mod transcript;
mod wire;

pub use codehook_api_types::{EgressErrorKind, TranscriptEntry};

pub use allow_rule::{AllowRule, AllowRuleError};
pub use connect_to::{ConnectTo, ConnectToError};
pub use egress::{Egress, EgressConfig, EgressConfigError};
pub use error::{EgressError, ProtocolFault, RequestFault, SizeLimit, TlsFault};
pub use host::Scheme;
pub use limits::EgressLimits;
pub use policy::{Policy, PrivateNetworks};
pub use request::{BodyFraming, RequestHead};
pub use resolve_override::{ResolveOverride, ResolveOverrideError};
pub use resolver::{LookUp, LookUpFailed, Resolve, SystemResolver};
pub use response::{HttpVersion, ResponseHead};
pub use session::{ExchangeId, Session};
pub use tls::{CaCertificates, TrustRoots};
