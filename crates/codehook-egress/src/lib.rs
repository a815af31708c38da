//! Outbound HTTP for sandboxed guests.
//!
//! This crate owns everything between the URL that a guest requests and the bytes on the network: the hosts and
//! addresses that a guest may reach, name resolution, TLS verification, limits on count, bytes and time, and the
//! transcript of the requests. It knows neither Python nor WebAssembly.
//!
//! It always refuses: anything but `http` and `https`, proxies, following redirects on the guest's behalf, user names
//! in URLs, requests whose `Host` header differs from their URL, unverified TLS, and any error that tells a guest the
//! address of a name.
//!
//! An [`Egress`] is made once for a process; a [`Session`] belongs to one run. Sessions share nothing but the trusted
//! certificates: no connection, no TLS ticket, no cookie, no lookup result. Dropping a session closes its connections.
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

mod body;
mod config;
mod connector;
mod counting_stream;
mod deadline;
mod egress;
mod error;
mod exchange;
mod limits;
mod net;
mod policy;
mod request;
mod response;
mod session;
mod tls;
mod transcript;

pub use codehook_api_types::{EgressErrorKind, TranscriptEntry};

pub use body::BodyFraming;
pub use config::{CaCertificates, EgressConfig, EgressConfigError, TrustRoots};
pub use egress::Egress;
pub use error::{EgressError, ProtocolFault, RequestFault, SizeLimit, TlsFault};
pub use limits::EgressLimits;
pub use net::host::Scheme;
pub use net::resolver::{LookUp, LookUpFailed, Resolve, SystemResolver};
pub use policy::allow_rule::{AllowRule, AllowRuleError};
pub use policy::connect_to::{ConnectTo, ConnectToError};
pub use policy::judge::{Policy, PrivateNetworks};
pub use policy::resolve_override::{ResolveOverride, ResolveOverrideError};
pub use request::RequestHead;
pub use response::{HttpVersion, ResponseHead};
pub use session::{ExchangeId, Session};
