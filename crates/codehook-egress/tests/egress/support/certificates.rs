//! A certificate authority for one test, and TLS servers with certificates of every kind.

use std::sync::Arc;

use codehook_egress::{CaCertificates, Egress, EgressConfig, TrustRoots};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WantsServerCert;
use rustls::{ConfigBuilder, ServerConfig, WantsVerifier};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use super::Server;

pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// An egress that trusts this authority and no other.
    pub(crate) fn egress(&self) -> Egress {
        let file = CaCertificates {
            origin: "ca.pem".into(),
            pem: self.pem().into_bytes(),
        };
        Egress::new(EgressConfig {
            trust: TrustRoots::GivenOnly,
            ca_certificates: vec![file],
            ..EgressConfig::default()
        })
        .unwrap()
    }

    pub(crate) fn issue(&self, params: CertificateParams) -> ServerConfig {
        self.issue_with(builder().with_no_client_auth(), params)
    }

    pub(crate) fn issue_with(
        &self,
        builder: ConfigBuilder<ServerConfig, WantsServerCert>,
        params: CertificateParams,
    ) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.0).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        builder
            .with_single_cert(vec![certificate.into()], key)
            .unwrap()
    }
}

pub(crate) fn builder() -> ConfigBuilder<ServerConfig, WantsVerifier> {
    ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
}

pub(crate) fn named(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

pub(crate) fn expired(name: &str) -> CertificateParams {
    let mut params = named(name);
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2021, 1, 1);
    params
}

pub(crate) fn self_signed(name: &str) -> ServerConfig {
    let key = KeyPair::generate().unwrap();
    let certificate = named(name).self_signed(&key).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into()], key)
        .unwrap()
}

/// An HTTPS server that gives every request the same answer.
pub(crate) async fn serve(config: ServerConfig, answer: &'static str) -> Server {
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Server::start(move |stream, log| {
        let acceptor = acceptor.clone();
        async move {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                return;
            };
            log.read_head(&mut stream).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    })
    .await
}
