//! HTTP as a script sees it: through the host, to allowed hosts only, with the libraries that hooks use.

use std::time::Duration;

use codehook_egress::{EgressErrorKind, PrivateNetworks};
use codehook_sandbox::{Outcome, Purpose, RunReport};
use codehook_tests::servers::{run_with_server, test_server};
use codehook_tests::{block_on, failed_with, run, stderr, stdout};
use mock_services::{TestServer, TestServerConfig, Validity};

/// A server, and a script's way to it: `{http}` and `{https}` in the source are its base URLs.
async fn run_with(server: &TestServer, source: &str) -> RunReport {
    run_with_server(server, source).perform(Purpose::Run).await
}

/// Runs a script against a server and expects it to print `expected`.
fn prints(source: &str, expected: &str) -> RunReport {
    block_on(async {
        let server = test_server().await;
        let report = run_with(&server, source).await;
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        assert_eq!(stdout(&report), expected, "{}", stderr(&report));
        report
    })
}

#[test]
fn every_http_library_reaches_an_allowed_host() {
    let libraries = [
        "import urllib2\nprint urllib2.urlopen('{https}/bytes/5').read().__len__()",
        "import urllib\nprint len(urllib.urlopen('{https}/bytes/5').read())",
        "import requests\nprint len(requests.get('{https}/bytes/5').content)",
        "import requests\nprint len(requests.Session().get('{https}/chunked/5').content)",
        "import urllib3\nprint len(urllib3.PoolManager().request('GET', '{https}/bytes/5').data)",
        "import httplib2\nprint len(httplib2.Http().request('{https}/bytes/5')[1])",
        "import httplib, urlparse\nu = urlparse.urlparse('{https}')\nc = httplib.HTTPSConnection(u.hostname, u.port)\nc.request('GET', '/bytes/5')\nprint len(c.getresponse().read())",
    ];
    for source in libraries {
        prints(source, "5\n");
        prints(
            &source
                .replace("{https}", "{http}")
                .replace("HTTPSConnection", "HTTPConnection"),
            "5\n",
        );
    }
}

#[test]
fn bodies_and_headers_arrive_as_the_script_sent_them() {
    prints(
        concat!(
            "import requests\n",
            "r = requests.post('{https}/echo', data='x=\\x00\\xff', headers={'X-One': '1'})\n",
            "e = r.json()\n",
            "print e['method'], e['body_base64'], [v for k, v in dict(e['headers']).items() if k.lower() == 'x-one']\n",
        ),
        "POST eD0A/w== [u'1']\n",
    );
}

#[test]
fn large_bodies_stream_both_ways() {
    let report = prints(
        concat!(
            "import urllib2, hashlib\n",
            "data = 'abcdefgh' * (1 << 20)\n",
            "r = urllib2.urlopen(urllib2.Request('{https}/sink', data))\n",
            "print r.getcode()\n",
            "n = 0\n",
            "body = urllib2.urlopen('{https}/chunked/8388608')\n",
            "while True:\n    piece = body.read(65536)\n    if not piece: break\n    n += len(piece)\n",
            "print n\n",
        ),
        "200\n8388608\n",
    );
    assert_eq!(report.http[0].request_bytes, 8 << 20);
    assert_eq!(report.http[1].response_bytes, 8 << 20);
}

#[test]
fn a_host_that_is_not_allowed_is_refused_with_what_to_do() {
    let report = run("import urllib2\nurllib2.urlopen('https://example.com/secret?token=abc')");
    failed_with(
        &report,
        "example.com:443 is not on this hook's list of allowed hosts",
    );
    assert_eq!(report.http[0].error, Some(EgressErrorKind::DeniedByPolicy));
    assert!(!report.http[0].url.contains("abc"));
}

#[test]
fn a_private_address_is_refused_unless_opened() {
    block_on(async {
        let server = test_server().await;
        let mut run = run_with_server(&server, "import urllib2\nurllib2.urlopen('{http}/bytes/1')");
        run.policy.private_networks = PrivateNetworks::Refused;
        let report = run.perform(Purpose::Run).await;
        assert_eq!(
            report.http[0].error,
            Some(EgressErrorKind::ForbiddenAddress),
            "{}",
            stderr(&report)
        );
        assert_eq!(server.connections(), 0);
        assert!(!stderr(&report).contains("127.0.0.1"));
    });
}

#[test]
fn a_redirect_to_a_host_that_is_not_allowed_is_refused() {
    block_on(async {
        let server = test_server().await;
        let port = server.http_addr().port();
        let source = format!(
            "import urllib2\nurllib2.urlopen('{{http}}/redirect?to=http://127.0.0.1:{port}/bytes/1')"
        );
        let report = run_with(&server, &source).await;
        assert_eq!(report.outcome, Outcome::Failed);
        let errors: Vec<_> = report
            .http
            .iter()
            .map(|entry| (entry.status, entry.error))
            .collect();
        assert_eq!(
            errors,
            [
                (Some(302), None),
                (None, Some(EgressErrorKind::DeniedByPolicy))
            ],
            "{}",
            stderr(&report)
        );
        assert_eq!(server.requests(), 1);
    });
}

#[test]
fn an_allowed_redirect_is_followed_by_the_script() {
    prints(
        "import requests\nr = requests.get('{https}/redirect?to=/bytes/3')\nprint r.status_code, len(r.content), len(r.history)",
        "200 3 1\n",
    );
}

#[test]
fn a_script_cannot_turn_certificate_checks_off() {
    block_on(async {
        let config = TestServerConfig {
            validity: Validity::Expired,
            ..TestServerConfig::default()
        };
        let server = TestServer::start(config).await.expect("the server starts");
        for source in [
            "import requests\nrequests.get('{https}/bytes/1', verify=False)",
            "import urllib2, ssl\nurllib2.urlopen('{https}/bytes/1', context=ssl._create_unverified_context())",
        ] {
            let report = run_with(&server, source).await;
            assert_eq!(report.outcome, Outcome::Failed, "{source}");
            assert_eq!(
                report.http[0].error,
                Some(EgressErrorKind::TlsExpired),
                "{source}: {}",
                stderr(&report)
            );
        }
        assert_eq!(server.requests(), 0);
    });
}

#[test]
fn http_errors_and_empty_bodies_read_as_in_python() {
    prints(
        concat!(
            "import urllib2, httplib, urlparse\n",
            "try: urllib2.urlopen('{https}/status/404')\n",
            "except urllib2.HTTPError as e: print e.code\n",
            "u = urlparse.urlparse('{https}')\n",
            "c = httplib.HTTPSConnection(u.hostname, u.port)\n",
            "c.request('HEAD', '/bytes/7')\n",
            "r = c.getresponse()\n",
            "print r.status, r.getheader('content-length'), repr(r.read())\n",
            "c.request('GET', '/status/204')\n",
            "r = c.getresponse()\n",
            "print r.status, repr(r.read())\n",
        ),
        "404\n200 7 ''\n204 ''\n",
    );
}

#[test]
fn a_slow_server_meets_the_timeout_of_the_script() {
    prints(
        "import urllib2, socket\ntry: urllib2.urlopen('{https}/slow?ms=5000', timeout=0.3)\nexcept (socket.timeout, urllib2.URLError) as e: print 'timed out' in str(e)",
        "True\n",
    );
}

#[test]
fn a_wait_for_a_server_counts_against_the_time_limit() {
    block_on(async {
        let server = test_server().await;
        let run = run_with_server(
            &server,
            "import urllib2\nurllib2.urlopen('{http}/slow?ms=20000')",
        )
        .within(Duration::from_millis(600));
        let report = run.perform(Purpose::Run).await;
        assert_eq!(report.outcome, Outcome::TimedOut);
        // It did not wait for the server.
        assert!(report.duration < Duration::from_secs(20), "{report:?}");
    });
}

#[test]
fn a_body_that_is_cut_off_is_an_error_not_a_short_body() {
    prints(
        concat!(
            "import requests\n",
            "try: print len(requests.get('{https}/close-mid-body').content)\n",
            "except requests.exceptions.RequestException as e: print 'error'\n",
        ),
        "error\n",
    );
}

#[test]
fn what_is_not_http_is_refused_at_once_with_what_to_do() {
    let scripts = [
        "import socket\ns = socket.create_connection(('example.com', 25))\ns.sendall('EHLO x\\r\\n')\nprint s.recv(100)",
        "import smtplib\nsmtplib.SMTP('example.com')",
        "import ftplib\nftplib.FTP('example.com')",
        "import telnetlib\ntelnetlib.Telnet('example.com').read_some()",
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.sendto('x', ('example.com', 53))",
        "import socket\ns = socket.socket()\ns.bind(('', 80))",
        "import os\nos.system('id')",
        "import os\nos.popen('id').read()",
        "import subprocess\nsubprocess.check_output(['id'])",
        "import os\nos.fork()",
    ];
    for source in scripts {
        let report = run(source);
        assert_eq!(report.outcome, Outcome::Failed, "{source}");
        assert!(
            stderr(&report).contains("a hook"),
            "{source}: {}",
            stderr(&report)
        );
        assert!(report.http.is_empty(), "{source}: {:?}", report.http);
    }
}
