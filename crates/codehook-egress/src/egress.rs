//! What all runs of a process share: the trusted certificates and the resolver. Nothing that a run does ends up here.

use std::sync::Arc;

use crate::policy::Policy;
use crate::resolver::{Resolve, SystemResolver};
use crate::session::Session;
use crate::tls::{CaCertificates, TlsSetup, TrustRoots};

/// Settings for a whole process.
#[derive(Clone)]
pub struct EgressConfig {
    /// Which authorities may sign a server's certificate.
    pub trust: TrustRoots,
    /// Certificates to trust beside, or instead of, the platform's.
    pub ca_certificates: Vec<CaCertificates>,
    /// Who turns names into addresses.
    pub resolver: Arc<dyn Resolve>,
}

impl Default for EgressConfig {
    /// The platform's certificates and the system's resolver.
    fn default() -> Self {
        Self {
            trust: TrustRoots::default(),
            ca_certificates: Vec::new(),
            resolver: Arc::new(SystemResolver::default()),
        }
    }
}

/// Why an [`Egress`] cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressConfigError {
    /// A file holds no certificate at all.
    #[error(
        "{origin} holds no certificate: give a PEM file with `-----BEGIN CERTIFICATE-----` in it"
    )]
    NoCertificate {
        /// The file.
        origin: String,
    },
    /// A certificate cannot be parsed.
    #[error("{origin} holds a certificate that cannot be read: export it again as PEM")]
    BadCertificate {
        /// The file.
        origin: String,
    },
    /// Only given certificates are to be trusted, and none was given.
    #[error("no certificate is trusted: give at least one, or trust the platform's as well")]
    NothingTrusted,
}

/// The way out for every run of a process. Cheap to clone.
#[derive(Clone)]
pub struct Egress {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) tls: TlsSetup,
    pub(crate) resolver: Arc<dyn Resolve>,
}

impl Egress {
    /// Checks the given certificates. The platform's are read by the first `https` request.
    ///
    /// # Errors
    ///
    /// When a given file holds no certificate or a broken one, or when nothing at all would be trusted.
    pub fn new(config: EgressConfig) -> Result<Self, EgressConfigError> {
        let tls = TlsSetup::new(config.trust, &config.ca_certificates)?;
        Ok(Self {
            shared: Arc::new(Shared {
                tls,
                resolver: config.resolver,
            }),
        })
    }

    /// A session for one run.
    pub fn session(&self, policy: Policy) -> Session {
        Session::new(Arc::clone(&self.shared), policy)
    }
}

impl std::fmt::Debug for Egress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Egress").finish_non_exhaustive()
    }
}
