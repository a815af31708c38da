//! Settings that all runs of a process share: the trusted certificates and the resolver.

use std::sync::Arc;

use crate::net::resolver::{Resolve, SystemResolver};

/// Settings for a whole process.
#[derive(Clone)]
pub struct EgressConfig {
    /// The authorities that may sign a server's certificate.
    pub trust: TrustRoots,
    /// Certificates to trust beside, or instead of, the platform's.
    pub ca_certificates: Vec<CaCertificates>,
    /// Turns names into addresses.
    pub resolver: Arc<dyn Resolve>,
}

impl Default for EgressConfig {
    /// Takes the platform's certificates and the system's resolver.
    fn default() -> Self {
        Self {
            trust: TrustRoots::default(),
            ca_certificates: Vec::new(),
            resolver: Arc::new(SystemResolver::default()),
        }
    }
}

/// The authorities that may sign a server's certificate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TrustRoots {
    /// The platform's (or those in `SSL_CERT_FILE` and `SSL_CERT_DIR`), and the given ones.
    #[default]
    PlatformAndGiven,
    /// The given ones only.
    GivenOnly,
}

/// A file of certificates to trust.
#[derive(Debug, Clone)]
pub struct CaCertificates {
    /// The file's path, for error messages.
    pub origin: String,
    /// The file's content: one or more PEM certificates.
    pub pem: Vec<u8>,
}

/// Reasons why an [`Egress`](crate::Egress) cannot be made from an [`EgressConfig`].
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
