//! Servers on loopback and the shortest way to ask them something.

pub(crate) mod certificates;

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use codehook_egress::{
    BodyFraming, Egress, EgressConfig, EgressError, ExchangeId, LookUp, Policy, PrivateNetworks,
    RequestHead, Resolve, ResponseHead, Session,
};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// The name by which tests know the server on loopback.
pub(crate) const HOST: &str = "service.test";

/// A server on loopback that ends with the test's runtime.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    connections: Arc<AtomicUsize>,
    received: Arc<Mutex<Vec<u8>>>,
}

impl Server {
    /// Runs `handler` for each connection.
    pub(crate) async fn start<H, F>(handler: H) -> Self
    where
        H: Fn(TcpStream, Log) -> F + Send + Sync + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            address: listener.local_addr().unwrap(),
            connections: Arc::default(),
            received: Arc::default(),
        };
        let (connections, received) = (server.connections.clone(), server.received.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(handler(stream, Log(received.clone())));
            }
        });
        server
    }

    /// Reads one request to the end of its head, sends `answer`, and closes.
    pub(crate) async fn answering(answer: impl Into<Vec<u8>>) -> Self {
        let answer: Arc<Vec<u8>> = Arc::new(answer.into());
        Self::start(move |mut stream, log| {
            let answer = answer.clone();
            async move {
                log.read_head(&mut stream).await;
                let _ = stream.write_all(&answer).await;
            }
        })
        .await
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Everything that was read through a [`Log`].
    pub(crate) fn received(&self) -> String {
        String::from_utf8_lossy(&self.received.lock().unwrap()).into_owned()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{HOST}:{}{path}", self.port())
    }

    /// Allows [`HOST`] on this server's port, and says where it is.
    pub(crate) fn policy(&self) -> Policy {
        Policy {
            allow: vec![format!("{HOST}:{}", self.port()).parse().unwrap()],
            private_networks: PrivateNetworks::Opened,
            resolve: vec![format!("{HOST}:{}:127.0.0.1", self.port()).parse().unwrap()],
            ..Policy::default()
        }
    }

    pub(crate) fn session(&self) -> Session {
        session(self.policy())
    }
}

/// Keeps what a server reads.
#[derive(Clone)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    /// Reads to the end of a head; what came with it stays in the log.
    pub(crate) async fn read_head(&self, stream: &mut (impl AsyncRead + Unpin)) {
        let mut seen = Vec::new();
        while !seen.windows(4).any(|window| window == b"\r\n\r\n") {
            if !self.read_some(stream, &mut seen).await {
                return;
            }
        }
    }

    /// Reads until `end` was seen.
    pub(crate) async fn read_until(&self, stream: &mut (impl AsyncRead + Unpin), end: &[u8]) {
        let mut seen = Vec::new();
        while !seen.ends_with(end) {
            if !self.read_some(stream, &mut seen).await {
                return;
            }
        }
    }

    async fn read_some(&self, stream: &mut (impl AsyncRead + Unpin), seen: &mut Vec<u8>) -> bool {
        let mut buffer = [0; 4096];
        let count = stream.read(&mut buffer).await.unwrap_or(0);
        seen.extend_from_slice(&buffer[..count]);
        self.0.lock().unwrap().extend_from_slice(&buffer[..count]);
        count > 0
    }
}

pub(crate) fn session(policy: Policy) -> Session {
    Egress::new(EgressConfig::default())
        .unwrap()
        .session(policy)
}

/// A resolver that gives every name the same addresses.
pub(crate) struct Always(pub(crate) Vec<IpAddr>);

impl Resolve for Always {
    fn resolve<'a>(&'a self, _: &'a str) -> LookUp<'a> {
        Box::pin(async { Ok(self.0.clone()) })
    }
}

/// A session whose names all have these addresses.
pub(crate) fn session_resolving_to(addresses: &[&str], policy: Policy) -> Session {
    let addresses = addresses
        .iter()
        .map(|address| address.parse().unwrap())
        .collect();
    let config = EgressConfig {
        resolver: Arc::new(Always(addresses)),
        ..EgressConfig::default()
    };
    Egress::new(config).unwrap().session(policy)
}

pub(crate) fn get(url: impl Into<String>) -> RequestHead {
    request("GET", url, BodyFraming::None)
}

pub(crate) fn request(method: &str, url: impl Into<String>, body: BodyFraming) -> RequestHead {
    RequestHead {
        method: method.into(),
        url: url.into(),
        headers: Vec::new(),
        body,
        timeout: None,
    }
}

pub(crate) fn with_header(mut head: RequestHead, name: &str, value: &str) -> RequestHead {
    head.headers.push((name.into(), value.into()));
    head
}

pub(crate) fn with_timeout(mut head: RequestHead, timeout: Duration) -> RequestHead {
    head.timeout = Some(timeout);
    head
}

/// Sends a request without a body and reads the whole response.
pub(crate) async fn fetch(
    session: &mut Session,
    head: RequestHead,
) -> Result<(ResponseHead, Vec<u8>), EgressError> {
    let id = session.open(head).await?;
    let head = session.finish(id).await?.clone();
    let body = read_all(session, id).await?;
    session.close(id);
    Ok((head, body))
}

pub(crate) async fn read_all(
    session: &mut Session,
    id: ExchangeId,
) -> Result<Vec<u8>, EgressError> {
    let mut body = Vec::new();
    loop {
        let some = session.read(id, 10_000).await?;
        if some.is_empty() {
            return Ok(body);
        }
        assert!(some.len() <= 10_000);
        body.extend_from_slice(&some);
    }
}

pub(crate) fn header(head: &ResponseHead, name: &str) -> Option<String> {
    head.headers
        .iter()
        .find(|(other, _)| other.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, value)| String::from_utf8_lossy(value).into_owned())
}

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
