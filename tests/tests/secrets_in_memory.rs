//! When a run is over, nothing in this process's memory holds its secret any more: not the heap, not the sandbox's memory, which the
//! next run will use, and not a buffer of the request that carried it.
//!
//! The memory is read as a debugger would read it. The secret is only ever in memory masked, besides what is under test.

use std::alloc::System;
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::FileExt;
use std::thread;
use std::time::Duration;

use codehook_egress::{Egress, EgressConfig, Policy, PrivateNetworks};
use codehook_sandbox::{Outcome, Purpose, RunLimits, Script};
use codehook_template::{Mapping, Template, TokenValues};
use codehook_tests::sandbox;
use zeroizing_alloc::ZeroAlloc;

/// The program's own: see its `main.rs`.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

const MASK: u8 = 0xA5;
const LENGTH: usize = 24;
const PIECE: usize = 1 << 20;

/// A template that has its secret in all hands: in strings, in a module's attribute, in a request's head and body, in output.
const TEMPLATE: &str = "\
import urllib2, hashlib, base64, json
key = '@secret.KEY@'
everywhere = [key * n for n in range(1, 200)] + [unicode(key), json.dumps({'k': key}), 'Bearer ' + key]
request = urllib2.Request('http://127.0.0.1:{port}/', key, {'Authorization': 'Bearer ' + key})
print len(urllib2.urlopen(request).read()), len(everywhere), key
open('/tmp/key', 'w').write(key)
";

/// The secret, masked. Letters only, so that rendering leaves it as it is.
fn masked() -> Vec<u8> {
    let mut random = [0; LENGTH];
    let mut source = File::open("/dev/urandom").unwrap();
    source.read_exact(&mut random).unwrap();
    random
        .iter()
        .map(|byte| (b'a' + byte % 26) ^ MASK)
        .collect()
}

fn unmasked(masked: &[u8]) -> String {
    masked.iter().map(|byte| char::from(byte ^ MASK)).collect()
}

/// Answers one request with the four bytes `seen`, and says how often it held the secret.
fn server(masked: Vec<u8>) -> (u16, thread::JoinHandle<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        let (mut received, mut piece) = (Vec::new(), vec![0; 4096]);
        while count(&received, &masked) < 2 {
            let read = stream.read(&mut piece).unwrap();
            assert_ne!(read, 0, "the request has ended early");
            received.extend_from_slice(&piece[..read]);
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nseen")
            .unwrap();
        count(&received, &masked)
    });
    (port, thread)
}

fn count(bytes: &[u8], masked: &[u8]) -> usize {
    bytes
        .windows(masked.len())
        .filter(|window| {
            window
                .iter()
                .zip(masked)
                .all(|(byte, mask)| byte ^ MASK == *mask)
        })
        .count()
}

/// Where in this process's memory the secret stands: the address and the mapping of each place.
fn places(masked: &[u8]) -> Vec<String> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let memory = File::open("/proc/self/mem").unwrap();
    let mut piece = vec![0; PIECE + LENGTH];
    let own = piece.as_ptr() as u64..piece.as_ptr() as u64 + piece.len() as u64;
    let mut found = Vec::new();
    for mapping in maps.lines().filter(|line| line.contains(" rw")) {
        let (range, _) = mapping.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let number = |text| u64::from_str_radix(text, 16).unwrap();
        let (mut at, end) = (number(start), number(end));
        while at < end {
            let length = piece.len().min((end - at) as usize);
            // What cannot be read (a guard page, a page that was never touched) holds nothing.
            if memory.read_exact_at(&mut piece[..length], at).is_ok()
                && count(&piece[..length], masked) > 0
            {
                let offsets = piece[..length].windows(LENGTH).enumerate();
                let here = offsets.filter(|(_, window)| count(window, masked) == 1);
                let outside = here
                    .map(|(offset, _)| at + offset as u64)
                    .filter(|at| !own.contains(at));
                found.extend(outside.map(|at| format!("{at:x} in {mapping}")));
            }
            at += PIECE as u64;
        }
    }
    found
}

fn run(masked: &[u8]) {
    let (port, server) = server(masked.to_vec());
    let template = TEMPLATE.replace("{port}", &port.to_string());
    let template =
        Template::parse_with(template.as_bytes(), "hook.py", &Mapping::default()).unwrap();
    let mut values = TokenValues::new();
    values.insert("secret.KEY".parse().unwrap(), unmasked(masked));
    let rendered = template.render(&values).unwrap();
    let script = Script::new("hook.py", rendered.script.as_slice())
        .unwrap()
        .with_secrets(rendered.secrets);
    let policy = Policy {
        allow: vec![format!("127.0.0.1:{port}").parse().unwrap()],
        private_networks: PrivateNetworks::Opened,
        ..Policy::default()
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let report = runtime.block_on(async {
        let http = Egress::new(EgressConfig::default())
            .unwrap()
            .session(policy);
        sandbox()
            .run(&script, Purpose::Run, &RunLimits::default(), http, None)
            .await
    });
    assert_eq!(report.outcome, Outcome::Succeeded, "{report:?}");
    assert_eq!(report.stdout.bytes, b"4 202 [redacted]\n");
    assert_eq!(server.join().unwrap(), 2);
}

#[test]
fn nothing_in_memory_holds_a_runs_secret_when_it_is_over() {
    let masked = masked();
    let alive = unmasked(&masked);
    assert!(
        !places(&masked).is_empty(),
        "the search finds what is there"
    );
    drop(alive);
    assert_eq!(places(&masked), [""; 0], "before any run");
    run(&masked);
    let left = places(&masked);
    assert!(
        left.is_empty(),
        "{} places: {:#?}",
        left.len(),
        &left[..left.len().min(10)]
    );
}
