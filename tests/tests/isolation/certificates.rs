//! Servers that are not who they say, on HTTPS: a script that asks for no check gets one all the same.

use std::net::{IpAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use codehook_tests::program::Program;
use rcgen::{CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};

use crate::attack::{contained_with, sees};
use crate::network::{PUBLIC, in_own_network};

/// Certificates in files: of an authority that is trusted, and by it.
struct Certificates {
    program: Program,
    authority: CertifiedIssuer<'static, KeyPair>,
}

impl Certificates {
    fn new() -> Self {
        let mut of = CertificateParams::new(Vec::new()).expect("parameters");
        of.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(of, KeyPair::generate().expect("a key"))
            .expect("a certificate");
        let program = Program::new();
        program.file("ca.pem", authority.pem());
        Self { program, authority }
    }

    /// Starts `openssl s_server` on `port`.
    fn serve(&self, port: u16, case: &Case) -> Running {
        let names = vec![case.certified.to_owned()];
        let mut of = CertificateParams::new(names).expect("parameters");
        if case.kind == Kind::Expired {
            of.not_before = date_time_ymd(2019, 1, 1);
            of.not_after = date_time_ymd(2020, 1, 1);
        }
        let key = KeyPair::generate().expect("a key");
        let certificate = match case.kind {
            Kind::SelfSigned => of.self_signed(&key),
            Kind::Good | Kind::Expired => of.signed_by(&key, &self.authority),
        };
        let pem = format!(
            "{}{}",
            certificate.expect("a certificate").pem(),
            key.serialize_pem()
        );
        let file = self.program.file(&format!("{port}.pem"), pem);
        let child = Command::new("openssl")
            .args([
                "s_server",
                "-quiet",
                "-www",
                "-accept",
                &port.to_string(),
                "-cert",
                &file,
            ])
            .args(["-key", &file])
            .args(case.options)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl");
        let running = Running(child);
        for _ in 0..100 {
            if TcpStream::connect((IpAddr::from([127, 0, 0, 1]), port)).is_ok() {
                return running;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("openssl s_server does not listen on {port}");
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Good,
    Expired,
    SelfSigned,
}

struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a script may say to have its way: none of it counts.
const TLS: &str = "\
import requests, ssl, urllib2
def seen(fetch):
    try: return 'reached' if 'Ciphers supported' in fetch() else 'odd'
    except Exception: return 'refused'
url = 'https://93.184.215.14:{port}/'
print seen(lambda: urllib2.urlopen(url, timeout=3).read())
print seen(lambda: urllib2.urlopen(url, timeout=3, context=ssl._create_unverified_context()).read())
print seen(lambda: requests.get(url, timeout=3, verify=False).text)
";

/// A server for the public address.
struct Case {
    name: &'static str,
    certified: &'static str,
    kind: Kind,
    options: &'static [&'static str],
    seen: &'static str,
}

const fn case(name: &'static str, certified: &'static str, kind: Kind) -> Case {
    let options: &[&str] = &[];
    Case {
        name,
        certified,
        kind,
        options,
        seen: "refused",
    }
}

const fn with(options: &'static [&'static str], name: &'static str) -> Case {
    Case {
        options,
        ..case(name, PUBLIC, Kind::Good)
    }
}

const CASES: &[Case] = &[
    Case {
        seen: "reached",
        ..case("as it should be", PUBLIC, Kind::Good)
    },
    case("another name", "good.attack.test", Kind::Good),
    case("another address", "10.0.0.1", Kind::Good),
    case("expired", PUBLIC, Kind::Expired),
    case("self-signed", PUBLIC, Kind::SelfSigned),
    with(&["-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"], "TLS 1.1"),
    with(&["-Verify", "1"], "a client certificate asked for"),
    with(
        &["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"],
        "weak ciphers alone",
    ),
];

#[test]
fn a_server_that_is_not_who_it_says_is_refused() {
    let test = "certificates::a_server_that_is_not_who_it_says_is_refused";
    in_own_network(test, || {
        let certificates = Certificates::new();
        let ca = certificates.program.path("ca.pem");
        let ca = ca.to_str().expect("UTF-8");
        for (case, port) in CASES.iter().zip(4431..) {
            let _server = certificates.serve(port, case);
            let seen = [case.seen; 3].join("\n");
            let source = TLS.replace("{port}", &port.to_string());
            let allow = format!("https://*:{port}");
            contained_with(
                "certificates",
                "15s",
                &["--allow", &allow, "--ca-cert", ca],
                &[sees(case.name, source.leak(), seen.leak())],
            );
        }
    });
}
