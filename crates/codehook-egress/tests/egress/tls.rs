//! Whom a session believes.

use std::sync::Arc;

use codehook_egress::{
    BodyFraming, CaCertificates, Egress, EgressConfig, EgressConfigError, EgressError, TlsFault,
    TrustRoots,
};
use rustls::server::WebPkiClientVerifier;

use crate::support::certificates::{Authority, builder, expired, named, self_signed, serve};
use crate::support::{HOST, OK, Server, fetch, get, read_all, request};

async fn ask(egress: &Egress, server: &Server) -> Result<u16, EgressError> {
    let mut session = egress.session(server.policy());
    let url = server.url("/").replace("http:", "https:");
    fetch(&mut session, get(url))
        .await
        .map(|(head, _)| head.status)
}

fn fault(result: Result<u16, EgressError>) -> TlsFault {
    match result {
        Err(EgressError::Tls { host, fault }) => {
            assert_eq!(host, HOST);
            fault
        }
        other => panic!("no TLS error: {other:?}"),
    }
}

#[tokio::test]
async fn a_certificate_of_a_given_authority_is_believed() {
    let authority = Authority::new();
    let server = serve(authority.issue(named(HOST)), OK).await;
    assert_eq!(ask(&authority.egress(), &server).await, Ok(200));
}

#[tokio::test]
async fn a_wildcard_certificate_covers_one_label() {
    let authority = Authority::new();
    let server = serve(authority.issue(named("*.service.test")), OK).await;
    let port = server.port();
    let mut policy = server.policy();
    policy.allow = vec![format!("*.{HOST}:{port}").parse().unwrap()];
    policy.resolve = vec![format!("*:{port}:127.0.0.1").parse().unwrap()];
    let mut session = authority.egress().session(policy);
    let mut kind_of = async |host: &str| {
        let result = fetch(&mut session, get(format!("https://{host}.{HOST}:{port}/"))).await;
        result
            .map(|(head, _)| head.status)
            .map_err(|error| error.kind().as_str())
    };
    assert_eq!(kind_of("a").await, Ok(200));
    assert_eq!(kind_of("a.b").await, Err("tls_wrong_name"));
}

#[tokio::test]
async fn given_authorities_stand_beside_the_platforms() {
    let authority = Authority::new();
    let server = serve(authority.issue(named(HOST)), OK).await;
    let file = CaCertificates {
        origin: "ca.pem".into(),
        pem: authority.pem().into_bytes(),
    };
    let config = EgressConfig {
        ca_certificates: vec![file],
        ..EgressConfig::default()
    };
    assert_eq!(ask(&Egress::new(config).unwrap(), &server).await, Ok(200));
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let authority = Authority::new();
    for name in ["other.test", "*.service.test", "127.0.0.1"] {
        let server = serve(authority.issue(named(name)), OK).await;
        assert_eq!(
            fault(ask(&authority.egress(), &server).await),
            TlsFault::WrongName
        );
        assert_eq!(
            server.received(),
            "",
            "nothing may be sent to the wrong server"
        );
    }
}

#[tokio::test]
async fn expired_self_signed_and_unknown_certificates_are_refused() {
    let authority = Authority::new();
    let server = serve(authority.issue(expired(HOST)), OK).await;
    assert_eq!(
        fault(ask(&authority.egress(), &server).await),
        TlsFault::Expired
    );
    let server = serve(self_signed(HOST), OK).await;
    assert_eq!(
        fault(ask(&authority.egress(), &server).await),
        TlsFault::UnknownIssuer
    );
    let server = serve(Authority::new().issue(named(HOST)), OK).await;
    assert_eq!(
        fault(ask(&authority.egress(), &server).await),
        TlsFault::UnknownIssuer
    );
    assert_eq!(server.received(), "");
}

#[tokio::test]
async fn an_address_in_the_url_needs_a_certificate_for_the_address() {
    let authority = Authority::new();
    for (name, expected) in [("127.0.0.1", Ok(200)), (HOST, Err("tls_wrong_name"))] {
        let server = serve(authority.issue(named(name)), OK).await;
        let mut policy = server.policy();
        policy.allow = vec![
            "*".parse().unwrap(),
            format!("*:{}", server.port()).parse().unwrap(),
        ];
        let mut session = authority.egress().session(policy);
        let result = fetch(&mut session, get(format!("https://{}/", server.address))).await;
        assert_eq!(
            result
                .map(|(head, _)| head.status)
                .map_err(|error| error.kind().as_str()),
            expected
        );
    }
}

#[tokio::test]
async fn a_server_without_tls_is_named_as_such() {
    let server = Server::start(|mut stream, _| async move {
        use tokio::io::AsyncWriteExt;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.shutdown().await;
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    })
    .await;
    assert_eq!(
        fault(ask(&Authority::new().egress(), &server).await),
        TlsFault::NotTls
    );
}

#[tokio::test]
async fn a_demand_for_a_client_certificate_is_named_as_such() {
    let authority = Authority::new();
    let mut roots = rustls::RootCertStore::empty();
    let pem = authority.pem();
    use rustls::pki_types::pem::PemObject;
    roots
        .add(rustls::pki_types::CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
        .unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .unwrap();
    let config = authority.issue_with(builder().with_client_cert_verifier(verifier), named(HOST));
    let server = serve(config, OK).await;
    let fault = fault(ask(&authority.egress(), &server).await);
    assert_eq!(fault, TlsFault::ClientCertificateWanted);
}

#[tokio::test]
async fn a_body_that_ends_without_tls_saying_so_is_cut_off() {
    let authority = Authority::new();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(authority.issue(named(HOST))));
    let server = Server::start(move |stream, log| {
        let acceptor = acceptor.clone();
        async move {
            use tokio::io::AsyncWriteExt;
            let mut stream = acceptor.accept(stream).await.unwrap();
            log.read_head(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nhalf of it").await;
            let _ = stream.flush().await;
        }
    })
    .await;
    assert_eq!(
        ask(&authority.egress(), &server).await,
        Err(EgressError::ConnectionClosed)
    );
}

#[tokio::test]
async fn runs_do_not_resume_each_others_tls_sessions() {
    let authority = Authority::new();
    let resumed = Arc::new(std::sync::Mutex::new(Vec::new()));
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(authority.issue(named(HOST))));
    let log_of = resumed.clone();
    let server = Server::start(move |stream, log| {
        let (acceptor, resumed) = (acceptor.clone(), log_of.clone());
        async move {
            use tokio::io::AsyncWriteExt;
            let mut stream = acceptor.accept(stream).await.unwrap();
            let kind = stream.get_ref().1.handshake_kind().unwrap();
            resumed
                .lock()
                .unwrap()
                .push(kind == rustls::HandshakeKind::Resumed);
            log.read_head(&mut stream).await;
            let _ = stream.write_all(OK.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    })
    .await;
    let egress = authority.egress();
    for _ in 0..2 {
        let mut session = egress.session(server.policy());
        for _ in 0..2 {
            let url = server.url("/").replace("http:", "https:");
            fetch(&mut session, get(url)).await.unwrap();
        }
    }
    assert_eq!(*resumed.lock().unwrap(), [false, true, false, true]);
}

#[test]
fn bad_certificate_files_are_named() {
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    let make = |trust, pem: &str| {
        let file = CaCertificates {
            origin: "/etc/ca.pem".into(),
            pem: pem.into(),
        };
        let ca_certificates = if pem.is_empty() { vec![] } else { vec![file] };
        Egress::new(EgressConfig {
            trust,
            ca_certificates,
            ..EgressConfig::default()
        })
        .unwrap_err()
    };
    let origin = || "/etc/ca.pem".to_owned();
    let both = TrustRoots::PlatformAndGiven;
    assert_eq!(
        make(both, "nothing"),
        EgressConfigError::NoCertificate { origin: origin() }
    );
    assert_eq!(
        make(both, broken),
        EgressConfigError::BadCertificate { origin: origin() }
    );
    assert_eq!(
        make(TrustRoots::GivenOnly, ""),
        EgressConfigError::NothingTrusted
    );
}

#[tokio::test]
async fn an_early_answer_is_not_lost_under_tls_either() {
    let authority = Authority::new();
    let answer = "HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nnope";
    let server = serve(authority.issue(named(HOST)), answer).await;
    for _ in 0..10 {
        let mut session = authority.egress().session(server.policy());
        let url = server.url("/").replace("http:", "https:");
        let id = session
            .open(request("POST", url, BodyFraming::Chunked))
            .await
            .unwrap();
        for _ in 0..64 {
            session.write(id, &[7; 64 * 1024]).await.unwrap();
        }
        assert_eq!(session.finish(id).await.unwrap().status, 413);
        assert_eq!(read_all(&mut session, id).await.unwrap(), b"nope");
    }
}

#[tokio::test]
async fn a_detour_does_not_change_whose_certificate_is_asked_for() {
    let authority = Authority::new();
    let named_for_the_url = serve(authority.issue(named(HOST)), OK).await;
    let named_for_the_detour = serve(authority.issue(named("detour.test")), OK).await;
    for (server, expected) in [
        (named_for_the_url, Ok(200)),
        (named_for_the_detour, Err("tls_wrong_name")),
    ] {
        let port = server.port();
        let mut policy = server.policy();
        policy.allow = vec![HOST.parse().unwrap()];
        policy.resolve = vec![format!("detour.test:{port}:127.0.0.1").parse().unwrap()];
        policy.connect_to = vec![format!("{HOST}:443:detour.test:{port}").parse().unwrap()];
        let mut session = authority.egress().session(policy);
        let result = fetch(&mut session, get(format!("https://{HOST}/"))).await;
        let result = result
            .map(|(head, _)| head.status)
            .map_err(|error| error.kind().as_str());
        assert_eq!(result, expected);
    }
}
