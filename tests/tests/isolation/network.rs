//! A machine's network of the test's own: its addresses, its resolver, and a record of who was connected to.
//!
//! Linux namespaces make it, so that a name may really resolve to any address, and a connection to any address would really
//! succeed: whatever is not reached was refused.

use std::collections::BTreeSet;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv6Addr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::{env, fs, thread};

/// Set in the process inside.
const INSIDE: &str = "CODEHOOK_TEST_OWN_NETWORK";
/// Addresses of the network, on its loopback device. The first two pass for public ones.
pub(crate) const PUBLIC: &str = "93.184.215.14";
pub(crate) const PUBLIC_V6: &str = "2606:2800:21f::1";
const OTHERS: &[&str] = &[
    "10.0.0.1/32",
    "100.64.0.1/32",
    "172.16.0.1/32",
    "192.168.0.1/32",
    "169.254.169.254/32",
    "198.18.0.1/32",
    "fd00::1/128",
    "fe80::1/64",
    "64:ff9b::7f00:1/128",
    "2002:7f00:1::/128",
];
/// Makes the network and goes on inside it: resolver configuration in `$1`, name service switch in `$2`.
const SET_UP: &str = r#"
set -e
ip link set lo up
mount --bind "$1" /etc/resolv.conf
[ ! -e /etc/nsswitch.conf ] || mount --bind "$2" /etc/nsswitch.conf
shift 2
while [ "$1" != -- ]; do ip address add "$1" dev lo nodad 2> /dev/null || ip address add "$1" dev lo; shift; done
shift
exec "$@"
"#;

/// Runs `inside` in a network of its own: in a process of its own, which runs this same test.
pub(crate) fn in_own_network(test: &str, inside: impl FnOnce()) {
    if env::var_os(INSIDE).is_some() {
        inside();
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let resolver = directory.path().join("resolv.conf");
    fs::write(
        &resolver,
        "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n",
    )
    .expect("a file");
    let switch = directory.path().join("nsswitch.conf");
    fs::write(&switch, "hosts: files dns\n").expect("a file");
    let status = enter(&resolver, &switch)
        .arg(env::current_exe().expect("this program"))
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status();
    let advice = "the test needs Linux namespaces (`unshare` and `ip`): run it as root, or allow user namespaces";
    match status.map(|status| status.code()) {
        Ok(Some(0)) => {}
        // The test harness's own.
        Ok(Some(101)) => panic!("{test} has failed inside its network"),
        Ok(code) => panic!("no network for {test} ({code:?}): {advice}"),
        Err(error) => panic!("no network for {test} ({error}): {advice}"),
    }
}

fn enter(resolver: &Path, switch: &Path) -> Command {
    let mut command = Command::new("unshare");
    command
        .args([
            "--map-root-user",
            "--net",
            "--mount",
            "sh",
            "-c",
            SET_UP,
            "sh",
        ])
        .args([resolver, switch])
        .args([format!("{PUBLIC}/32"), format!("{PUBLIC_V6}/128")])
        .args(OTHERS)
        .arg("--");
    command
}

/// A server on every address of the network.
pub(crate) struct Server {
    reached: Arc<Mutex<BTreeSet<IpAddr>>>,
}

impl Server {
    /// Answers each connection to `port` by `answer`, which is given the request's head.
    pub(crate) fn start<A>(port: u16, answer: A) -> Self
    where
        A: Fn(&str, &mut TcpStream) -> io::Result<()> + Send + Sync + 'static,
    {
        let listener = TcpListener::bind((Ipv6Addr::UNSPECIFIED, port)).expect("a port of its own");
        let reached = Arc::new(Mutex::new(BTreeSet::new()));
        let (seen, answer) = (Arc::clone(&reached), Arc::new(answer));
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let address = stream.local_addr().expect("a connection's").ip();
                seen.lock()
                    .expect("no panic")
                    .insert(address.to_canonical());
                let answer = Arc::clone(&answer);
                thread::spawn(move || {
                    let head = read_head(&mut stream)?;
                    answer(&head, &mut stream)
                });
            }
        });
        Self { reached }
    }

    /// The addresses that anybody has connected to.
    pub(crate) fn reached(&self) -> Vec<String> {
        let reached = self.reached.lock().expect("no panic");
        reached.iter().map(ToString::to_string).collect()
    }
}

fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    let mut piece = [0; 2048];
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        match stream.read(&mut piece)? {
            0 => break,
            read => head.extend_from_slice(&piece[..read]),
        }
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}

/// An answer that says which address was reached.
pub(crate) fn say_where(stream: &mut TcpStream) -> io::Result<()> {
    let body = format!("reached {}", stream.local_addr()?.ip().to_canonical());
    respond(stream, "200 OK", &[], &body)
}

/// An answer that is as it should be.
pub(crate) fn respond(
    stream: &mut TcpStream,
    status: &str,
    headers: &[&str],
    body: &str,
) -> io::Result<()> {
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}
