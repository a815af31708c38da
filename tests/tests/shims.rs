//! Tests of the shims for sockets, TLS and processes in the sandbox. Each Python script is one run, against real servers
//! on loopback.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{IpAddr, Ipv4Addr};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use codehook_egress::{
    EgressConfig, EgressLimits, LookUp, LookUpFailed, Policy, PrivateNetworks, Resolve,
};
use codehook_sandbox::Outcome;
use codehook_tests::{TestRun, stderr, stdout, trusting, workspace};

/// Serves until its standard input ends, which it does with this process.
const SERVE: &str = "\
import sys, tempfile
import loopback
with tempfile.TemporaryDirectory() as folder:
    ca, certificate, key = loopback.certificates(folder)
    print(loopback.start(), loopback.start(certificate, key), open(ca).read(), sep='\\n', flush=True)
    sys.stdin.read()
";

/// The servers that the scripts talk to.
struct Servers {
    http_port: u16,
    https_port: u16,
    ca_pem: String,
    _process: Child,
}

impl Servers {
    /// The one pair that all scripts share.
    fn shared() -> &'static Self {
        static SERVERS: OnceLock<Servers> = OnceLock::new();
        SERVERS.get_or_init(Self::start)
    }

    fn start() -> Self {
        let mut process = Command::new("python3")
            .args(["-B", "-c", SERVE])
            .env("PYTHONPATH", workspace().join(FOLDER))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("there is a python3");
        let output = process.stdout.take().expect("a pipe");
        let mut lines = BufReader::new(output).lines().map(|line| {
            line.expect("the servers start: they need openssl, as the message above may say")
        });
        let mut port = || -> u16 {
            let line = lines.next().expect("the servers start");
            line.parse().expect("a port")
        };
        let (http_port, https_port) = (port(), port());
        // An empty line ends it: the file's own line end, and print's.
        let pem: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        Self {
            http_port,
            https_port,
            ca_pem: pem.join("\n"),
            _process: process,
        }
    }

    /// Both hosts at both ports, and at one where nothing listens; and names that nobody has.
    fn policy(&self) -> Policy {
        let mut allow = vec!["*.invalid".parse().expect("a rule")];
        for host in ["localhost", "127.0.0.1"] {
            for port in [self.http_port, self.https_port, 1] {
                allow.push(format!("{host}:{port}").parse().expect("a rule"));
            }
        }
        Policy {
            allow,
            private_networks: PrivateNetworks::Opened,
            limits: EgressLimits {
                max_requests: 200,
                max_request_body_bytes: 64 << 20,
                max_response_body_bytes: 64 << 20,
                max_total_bytes: 256 << 20,
                ..EgressLimits::default()
            },
            ..Policy::default()
        }
    }

    fn egress(&self) -> EgressConfig {
        EgressConfig {
            resolver: Arc::new(LocalhostOnly),
            ..trusting(&self.ca_pem)
        }
    }
}

/// Knows one name, whatever the machine's name servers say.
struct LocalhostOnly;

impl Resolve for LocalhostOnly {
    fn resolve<'a>(&'a self, host: &'a str) -> LookUp<'a> {
        Box::pin(async move {
            match host {
                "localhost" => Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]),
                _ => Err(LookUpFailed),
            }
        })
    }
}

const FOLDER: &str = "python-wasm/tests/shims";

/// `script` with the servers' addresses in it, after the comments at its top (one may name the encoding) and before its code.
fn with_addresses(script: &str, servers: &Servers) -> String {
    let comments: usize = script
        .split_inclusive('\n')
        .take_while(|line| line.starts_with('#'))
        .map(str::len)
        .sum();
    assert!(
        !script.contains("from __future__"),
        "nothing may stand before such an import"
    );
    let (comments, code) = script.split_at(comments);
    format!(
        "{comments}BASE_URL = 'http://127.0.0.1:{}'\nTLS_URL = 'https://localhost:{}'\n{code}",
        servers.http_port, servers.https_port
    )
}

/// Runs a script of tests, of which `skipped` have nothing to do inside the sandbox and every other has to pass.
fn passes(name: &str, skipped: usize) {
    let servers = Servers::shared();
    let path = workspace().join(FOLDER).join(format!("{name}.py"));
    let script = fs::read_to_string(path).expect("the script is there");
    let run = TestRun {
        policy: servers.policy(),
        egress: servers.egress(),
        ..TestRun::new(with_addresses(&script, servers)).within(Duration::from_secs(60))
    };
    let report = run.run();
    let text = stderr(&report);
    assert_eq!(
        report.outcome,
        Outcome::Succeeded,
        "{name}\n{}{text}",
        stdout(&report)
    );
    let expected = match skipped {
        0 => "OK\n".to_owned(),
        some => format!("OK (skipped={some})\n"),
    };
    assert!(text.ends_with(&format!("\n{expected}")), "{name}\n{text}");
    assert!(!text.contains("Ran 0 tests"), "{name}\n{text}");
}

/// One test for each script, and one that none is forgotten.
macro_rules! scripts {
    ($($(#[$doc:meta])* $name:ident skips $skipped:literal;)*) => {
        $($(#[$doc])* #[test] fn $name() { passes(stringify!($name), $skipped); })*

        #[test]
        fn every_script_is_run() {
            let mut listed = vec![$(concat!(stringify!($name), ".py")),*];
            listed.sort_unstable();
            assert_eq!(found(), listed);
        }
    };
}

/// The scripts in the folder.
fn found() -> Vec<String> {
    let entries = fs::read_dir(workspace().join(FOLDER)).expect("the folder is there");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .filter(|name| name.starts_with("test_") && name.ends_with(".py"))
        .collect();
    names.sort_unstable();
    names
}

scripts! {
    /// Two of its tests restore the interpreter themselves, which the sandbox has done already.
    test_boot skips 2;
    /// One code each for the host and the guest.
    test_error_codes skips 0;
    test_http_packages skips 0;
    test_http_raw skips 0;
    test_http_stdlib skips 0;
    test_magic skips 0;
    test_missing_packages skips 0;
    test_names_and_tls skips 0;
    test_refusals skips 0;
    test_system skips 0;
}
