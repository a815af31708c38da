//! What a server sends: whatever it is, the guest gets a response within its limits or a named error, soon.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::LazyLock;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use codehook_egress::{
    BodyFraming, Egress, EgressConfig, EgressError, EgressLimits, Policy, PrivateNetworks,
    RequestHead, Session,
};
use tokio::runtime::{Builder, Runtime};

const MAX_BODY: u64 = 4096;
/// A server that has sent everything and closed leaves nothing to wait for.
const SOON: Duration = Duration::from_secs(5);

/// A server on loopback that answers each connection with the bytes that wait for it.
struct Server {
    address: SocketAddr,
    answers: Sender<Vec<u8>>,
}

thread_local! {
    static SERVER: Server = Server::start();
    static RUNTIME: Runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
}

static EGRESS: LazyLock<Egress> =
    LazyLock::new(|| Egress::new(EgressConfig::default()).expect("the platform's certificates"));

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let address = listener.local_addr().expect("a bound port");
        let (answers, waiting) = mpsc::channel();
        thread::spawn(move || serve(&listener, &waiting));
        Self { address, answers }
    }
}

fn serve(listener: &TcpListener, answers: &Receiver<Vec<u8>>) {
    while let (Ok(answer), Ok((stream, _))) = (answers.recv(), listener.accept()) {
        // A client that has seen enough hangs up.
        let _ = answer_one(stream, &answer);
    }
}

fn answer_one(mut stream: TcpStream, answer: &[u8]) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut piece = [0; 1024];
    while !head.ends_with(b"\r\n\r\n") {
        let read = stream.read(&mut piece)?;
        if read == 0 {
            return Ok(());
        }
        head.extend_from_slice(&piece[..read]);
    }
    stream.write_all(answer)?;
    stream.shutdown(Shutdown::Write)
}

fn policy(address: SocketAddr) -> Policy {
    let parsed = "the policy of this test";
    Policy {
        allow: vec![
            format!("service.test:{}", address.port())
                .parse()
                .expect(parsed),
        ],
        private_networks: PrivateNetworks::Opened,
        resolve: vec![
            format!("service.test:{}:127.0.0.1", address.port())
                .parse()
                .expect(parsed),
        ],
        connect_to: Vec::new(),
        limits: EgressLimits {
            max_response_head_bytes: 8192,
            max_response_headers: 16,
            max_response_body_bytes: MAX_BODY,
            max_total_bytes: 64 * 1024,
            ..EgressLimits::default()
        },
    }
}

/// `HEAD` where the first byte is `H`, `GET` otherwise; then all that the server sends.
///
/// # Panics
/// When a limit is passed, a cut body is taken for a whole one, or the exchange outlives its server.
pub fn response(data: &[u8]) {
    let (method, answer) = match data.split_first() {
        Some((b'H', rest)) => ("HEAD", rest),
        Some((_, rest)) => ("GET", rest),
        None => return,
    };
    let began = Instant::now();
    let (address, head) = SERVER.with(|server| {
        server
            .answers
            .send(answer.to_vec())
            .expect("the server's thread");
        (server.address, request(method, server.address))
    });
    let mut session = EGRESS.session(policy(address));
    let outcome = RUNTIME.with(|runtime| runtime.block_on(exchange(&mut session, head)));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    match outcome {
        Ok((status, announced, body)) => {
            assert!((200..=999).contains(&status) || status == 101, "{status}");
            assert!(body.len() as u64 <= MAX_BODY);
            if method == "HEAD" || matches!(status, 204 | 304) {
                assert!(body.is_empty());
            } else if let Some(announced) = announced {
                assert_eq!(
                    body.len() as u64,
                    announced,
                    "a cut body is taken for a whole one"
                );
            }
            assert!(
                body.is_empty() || holds_in_order(answer, &body),
                "a body of its own"
            );
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
    assert_eq!(session.transcript().len(), 1);
}

fn request(method: &str, address: SocketAddr) -> RequestHead {
    RequestHead {
        method: method.into(),
        url: format!("http://service.test:{}/", address.port()),
        headers: Vec::new(),
        body: BodyFraming::None,
        timeout: None,
    }
}

/// Status, length that the head announced (`None` where it is chunked or ends with the connection), and body.
///
/// The length is read from the header here: that the head's own `body_length` says the same is part of what is tested.
async fn exchange(
    session: &mut Session,
    head: RequestHead,
) -> Result<(u16, Option<u64>, Vec<u8>), EgressError> {
    let id = session.open(head).await?;
    let head = session.finish(id).await?;
    let status = head.status;
    let header = |wanted: &str| {
        head.headers
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted.as_bytes()))
            .map(|(_, value)| value.clone())
    };
    let announced = match header("transfer-encoding") {
        Some(_) => None,
        None => header("content-length")
            .and_then(|value| String::from_utf8(value.to_vec()).ok())
            .and_then(|value| value.trim().parse().ok()),
    };
    let mut body = Vec::new();
    loop {
        let piece = session.read(id, 512).await?;
        if piece.is_empty() {
            return Ok((status, announced, body));
        }
        body.extend_from_slice(&piece);
    }
}

/// Whether the bytes of `part` stand in `whole` in their order, with others between them (a chunk's length).
fn holds_in_order(whole: &[u8], part: &[u8]) -> bool {
    let mut rest = whole.iter();
    part.iter().all(|byte| rest.any(|other| other == byte))
}
