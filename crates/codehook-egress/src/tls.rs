//! The trusted certificates, and the TLS handshake.
//!
//! Certificates are verified by rustls with the platform's trusted authorities, the given ones, or both; TLS 1.2 and
//! 1.3 only. There is no way to turn verification off.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{AlertDescription, CertificateError, ClientConfig, RootCertStore};
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::{CaCertificates, EgressConfigError, TrustRoots};
use crate::counting_stream::CountingStream;
use crate::error::{EgressError, TlsFault};
use crate::net::host::Host;
use crate::net::target::Target;

/// Servers whose TLS session one run can resume.
const RESUMABLE_SERVERS: usize = 16;

/// The TLS settings of the process, completed when the first `https` request needs them: reading the platform's
/// certificates takes longer than a whole run without `https`.
pub(crate) struct TlsSetup {
    trust: TrustRoots,
    given: RootCertStore,
    complete: OnceCell<Arc<ClientConfig>>,
}

impl TlsSetup {
    pub(crate) fn new(
        trust: TrustRoots,
        files: &[CaCertificates],
    ) -> Result<Self, EgressConfigError> {
        let mut given = RootCertStore::empty();
        for file in files {
            let bad = || EgressConfigError::BadCertificate {
                origin: file.origin.clone(),
            };
            let before = given.len();
            for certificate in CertificateDer::pem_slice_iter(&file.pem) {
                given
                    .add(certificate.map_err(|_| bad())?)
                    .map_err(|_| bad())?;
            }
            if given.len() == before {
                return Err(EgressConfigError::NoCertificate {
                    origin: file.origin.clone(),
                });
            }
        }
        if trust == TrustRoots::GivenOnly && given.is_empty() {
            return Err(EgressConfigError::NothingTrusted);
        }
        Ok(Self {
            trust,
            given,
            complete: OnceCell::new(),
        })
    }

    /// Returns the settings for one session: the shared roots, and a TLS session cache of its own, so that no ticket
    /// links two runs.
    pub(crate) async fn for_session(&self) -> Result<Arc<ClientConfig>, EgressError> {
        let shared = self.complete.get_or_try_init(|| self.load()).await?;
        let mut own = ClientConfig::clone(shared);
        own.resumption = Resumption::in_memory_sessions(RESUMABLE_SERVERS);
        Ok(Arc::new(own))
    }

    async fn load(&self) -> Result<Arc<ClientConfig>, EgressError> {
        let mut roots = self.given.clone();
        if self.trust == TrustRoots::PlatformAndGiven {
            let platform = tokio::task::spawn_blocking(rustls_native_certs::load_native_certs)
                .await
                .map_err(|_| EgressError::TrustStore)?;
            for error in &platform.errors {
                tracing::warn!(%error, "part of the platform's trusted certificates cannot be read");
            }
            let (added, ignored) = roots.add_parsable_certificates(platform.certs);
            tracing::debug!(added, ignored, "loaded the platform's trusted certificates");
        }
        if roots.is_empty() {
            return Err(EgressError::TrustStore);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| EgressError::TrustStore)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

/// Performs the TLS handshake and checks that the server's certificate is for the URL's host.
pub(crate) async fn handshake(
    config: Arc<ClientConfig>,
    target: &Target,
    stream: CountingStream,
) -> Result<TlsStream<CountingStream>, EgressError> {
    let fault = |fault| EgressError::Tls {
        host: target.host.to_string(),
        fault,
    };
    let name = match &target.host {
        Host::Name(name) => {
            ServerName::try_from(name.clone()).map_err(|_| fault(TlsFault::WrongName))?
        }
        Host::V4(address) => ServerName::from(std::net::IpAddr::V4(*address)),
        Host::V6(address) => ServerName::from(std::net::IpAddr::V6(*address)),
    };
    TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(|error| fault(fault_of(&error).unwrap_or(TlsFault::Failed)))
}

/// Finds the TLS error at the bottom of a chain of errors.
pub(crate) fn fault_of(error: &(dyn std::error::Error + 'static)) -> Option<TlsFault> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<rustls::Error>() {
            return Some(classify(error));
        }
        // An `io::Error` hides the error it was made of from `source`.
        next = match error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
        {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

fn classify(error: &rustls::Error) -> TlsFault {
    match error {
        rustls::Error::InvalidCertificate(error) => classify_certificate(error),
        rustls::Error::NoCertificatesPresented => TlsFault::BadCertificate,
        rustls::Error::PeerIncompatible(_)
        | rustls::Error::AlertReceived(
            AlertDescription::ProtocolVersion
            | AlertDescription::HandshakeFailure
            | AlertDescription::InsufficientSecurity,
        ) => TlsFault::NothingInCommon,
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            TlsFault::ClientCertificateWanted
        }
        rustls::Error::InvalidMessage(_) => TlsFault::NotTls,
        _ => TlsFault::Failed,
    }
}

fn classify_certificate(error: &CertificateError) -> TlsFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => TlsFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            TlsFault::NotYetValid
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            TlsFault::WrongName
        }
        // A bad signature is what an authority of the right name with another key leaves: one that was recreated.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => TlsFault::UnknownIssuer,
        _ => TlsFault::BadCertificate,
    }
}
