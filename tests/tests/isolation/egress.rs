//! A server on loopback that a script wants to reach, by every name and address that may mean it. Every host is allowed; addresses of the
//! machine and its networks are not. Whoever reads the server's answer has the canary.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::attack::{Attack, CANARY, contained_with, ends, fails, sees};

/// What `fetch` prints of a host that is refused: by urllib2 and requests for a `unicode` URL, and for a `str`.
const REFUSED: &str = "URLError\nConnectionError\nURLError\nConnectionError";
/// The same where the library itself refuses the URL.
const NO_HOST: &str = "InvalidURL\nConnectionError\nInvalidURL\nConnectionError";
const NO_URL: &str = "URLError\nInvalidURL\nURLError\nInvalidURL";
const NO_SCHEMA: &str = "URLError\nInvalidSchema\nURLError\nInvalidSchema";
const NOT_ASCII: &str = "UnicodeEncodeError\nInvalidURL\nInvalidURL\nInvalidURL";
const NOT_A_NAME: &str = "InvalidURL\nInvalidURL\nInvalidURL\nInvalidURL";

/// The URL leads to `example.com`, which may answer or not. Nothing that it says is the server's.
const ELSEWHERE: &str = "";

/// What `fetch` prints, and the hosts or URLs of which it does.
type Expectation = (&'static str, &'static [&'static str]);

/// Loopback and its like, as the host of a URL.
const LOOPBACK: &[Expectation] = &[
    (
        REFUSED,
        &[
            "127.0.0.1",
            "127.1",
            "127.0.1",
            "127.255.255.254",
            "2130706433",
            "0x7f000001",
            "0x7f.0.0.1",
            "0x7f.1",
            "017700000001",
            "0177.0.0.1",
            "0177.1",
            "00000177.0.0.01",
            "0x7F.0x0.0x0.0x1",
            "127.0.0.1.",
            "127.0.0.01",
            "127.000.000.001",
            "4294967297",
            "0",
            "0.0.0.0",
            "0x0",
            "00",
            "[::1]",
            "[::]",
            "[0:0:0:0:0:0:0:1]",
            "[0::1]",
            "[::127.0.0.1]",
            "[::7f00:1]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:127.0.0.1]",
            "[::ffff:0:127.0.0.1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b::7f00:1]",
            "[64:ff9b:1::7f00:1]",
            "[2002:7f00:1::]",
            "[2002:7f00:0001::1]",
            "[2001:0:0:0:0:0:80ff:fffe]",
            "[fe80::1]",
            "[fe80::1%25lo]",
            "[fe80::1%lo]",
            "[::1%25lo]",
            "[fc00::1]",
            "[fec0::1]",
            "[ff02::1]",
            "localhost",
            "LOCALHOST",
            "LocalHost.",
            "localhost.localdomain",
            "ip6-localhost",
            "a.localhost",
            "%31%32%37.0.0.1",
            "%6c%6f%63alhost",
            "example.com@127.0.0.1",
            "example.com:80@127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "192.168.0.1",
            "100.64.0.1",
            "198.18.0.1",
            "192.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "224.0.0.1",
        ],
    ),
    (
        NOT_ASCII,
        &[
            "\u{ff4c}\u{ff4f}calhost",
            "\u{2460}\u{2461}\u{2466}.0.0.1",
            "127\u{3002}0\u{3002}0\u{3002}1",
            "127\u{ff0e}0\u{ff0e}0\u{ff0e}1",
        ],
    ),
    (NOT_A_NAME, &["loc\u{ad}alhost"]),
    (NO_HOST, &["127.0.0.1%00.example.com"]),
];

/// Whole URLs; `{port}` is the server's.
const URLS: &[Expectation] = &[
    (
        REFUSED,
        &[
            "http://127.0.0.1:{port}#@example.com/",
            "http://127.0.0.1:{port}?@example.com/",
            "HTTP://127.0.0.1:{port}/",
            " http://127.0.0.1:{port}/",
            "http://127.0.0.1:0{port}/",
            "https://127.0.0.1:{port}/",
        ],
    ),
    (
        NO_HOST,
        &[
            "http://127.0.0.1:{port}\\\\@example.com/",
            "http://127.0.0.1:{port}/\\r\\nHost: example.com",
            "http://127.0.0.1 :{port}/",
            "http://127.0.0.1\\t:{port}/",
            "http://127.0.0.1\\n:{port}/",
            "http://127.0.0.1\\0:{port}/",
        ],
    ),
    (
        ELSEWHERE,
        &[
            "http://example.com\\\\@127.0.0.1:{port}/",
            "http://example.com#@127.0.0.1:{port}/",
        ],
    ),
    (
        NO_URL,
        &[
            "http:\\\\\\\\127.0.0.1:{port}/",
            "http:127.0.0.1:{port}/",
            "http:/127.0.0.1:{port}/",
            "http:///127.0.0.1:{port}/",
            "http://127.0.0.1:{port} /",
            "http://127.0.0.1:+{port}/",
        ],
    ),
    (
        "ValueError\nInvalidSchema\nValueError\nInvalidSchema",
        &["//127.0.0.1:{port}/"],
    ),
    (
        NO_SCHEMA,
        &[
            "ftp://127.0.0.1:{port}/",
            "file:///etc/passwd",
            "gopher://127.0.0.1:{port}/",
            "dict://127.0.0.1:{port}/",
        ],
    ),
];

/// The cloud's metadata services, refused even where private networks are open.
const METADATA: &[Expectation] = &[
    (
        REFUSED,
        &[
            "169.254.169.254",
            "169.254.170.2",
            "2852039166",
            "0xa9fea9fe",
            "0251.0376.0251.0376",
            "169.254.43518",
            "0xa9.254.0251.254",
            "[::ffff:169.254.169.254]",
            "[::ffff:a9fe:a9fe]",
            "[::169.254.169.254]",
            "[64:ff9b::169.254.169.254]",
            "[2002:a9fe:a9fe::]",
            "[fd00:ec2::254]",
            "169.254.169.254.",
            "example.com@169.254.169.254",
            "100.100.100.200",
        ],
    ),
    (NOT_ASCII, &["169\u{3002}254\u{3002}169\u{3002}254"]),
];

/// Ways to another request than the one that was judged, on a connection or behind it, and the errors in which they end.
const REQUESTS: &[(&str, &str, &str)] = &[
    (
        "line ends in a header's value",
        "r = urllib2.Request(url); r.add_header('X', 'a\\r\\nHost: 127.0.0.1'); print urllib2.urlopen(r).read()",
        "ValueError: Invalid header value 'a\\r\\nHost: 127.0.0.1'",
    ),
    (
        "line ends in a header's name",
        "r = urllib2.Request(url); r.add_header('X: a\\r\\nY', 'b'); print urllib2.urlopen(r).read()",
        "ValueError: Invalid header name 'X: A\\r\\nY'",
    ),
    (
        "line ends in the method",
        "c = httplib.HTTPConnection('127.0.0.1', {port}); c.request('GET / HTTP/1.1\\r\\nX: y\\r\\n\\r\\nGET', '/'); print c.getresponse().read()",
        "socket.error: [Errno 13] http://127.0.0.1:",
    ),
    (
        "line ends in the path",
        "c = httplib.HTTPConnection('127.0.0.1', {port}); c.request('GET', '/ HTTP/1.1\\r\\nHost: example.com\\r\\n\\r\\n'); print c.getresponse().read()",
        "httplib.InvalidURL: URL can't contain control characters. '/ HTTP/1.1\\r\\nHost: example.com\\r\\n\\r\\n' (found at least ' ')",
    ),
    (
        "another Host header",
        "r = urllib2.Request(url, headers={'Host': 'example.com'}); print urllib2.urlopen(r).read()",
        "urllib2.URLError: <urlopen error [Errno 22] invalid request: the Host header differs from the URL",
    ),
    (
        "two Host headers",
        "c = httplib.HTTPConnection('127.0.0.1', {port}); c.putrequest('GET', '/'); c.putheader('Host', 'example.com'); c.endheaders(); print c.getresponse().read()",
        "socket.error: [Errno 22] invalid request: the Host header differs from the URL",
    ),
    (
        "a proxy",
        "o = urllib2.build_opener(urllib2.ProxyHandler({'http': 'http://127.0.0.1:{port}'})); print o.open('http://example.invalid/').read()",
        "urllib2.URLError: <urlopen error [Errno 13] a hook reaches other systems by HTTP only; there are no proxies",
    ),
    (
        "a proxy from the environment",
        "import os; os.environ['http_proxy'] = 'http://127.0.0.1:{port}'; print urllib2.urlopen('http://example.invalid/').read()",
        "urllib2.URLError: <urlopen error [Errno 13] a hook reaches other systems by HTTP only; there are no proxies",
    ),
    (
        "a proxy of requests",
        "import requests; print requests.get('http://example.invalid/', proxies={'http': 'http://127.0.0.1:{port}'}).text",
        "requests.exceptions.ProxyError: HTTPConnectionPool(",
    ),
    (
        "a tunnel",
        "c = httplib.HTTPSConnection('127.0.0.1', {port}); c.set_tunnel('example.com', 443); c.request('GET', '/'); print c.getresponse().read()",
        "socket.error: [Errno 13] a hook reaches other systems by HTTP only; there are no proxies",
    ),
    (
        "CONNECT",
        "c = httplib.HTTPConnection('127.0.0.1', {port}); c.request('CONNECT', '127.0.0.1:22'); print c.getresponse().read()",
        "socket.error: [Errno 13] a hook reaches other systems by HTTP only; there are no proxies",
    ),
    (
        "an absolute request line",
        "c = httplib.HTTPConnection('example.invalid'); c.request('GET', 'http://127.0.0.1:{port}/'); print c.getresponse().read()",
        "socket.error: [Errno 13] a hook reaches other systems by HTTP only; there are no proxies",
    ),
    (
        "both lengths",
        "c = httplib.HTTPConnection('127.0.0.1', {port}); c.putrequest('POST', '/'); c.putheader('Content-Length', '5'); c.putheader('Transfer-Encoding', 'chunked'); c.endheaders(); c.send('0\\r\\n\\r\\nGET /'); print c.getresponse().read()",
        "socket.error: [Errno 13] http://127.0.0.1:",
    ),
    (
        "bytes on a socket",
        "s = socket.create_connection(('127.0.0.1', {port})); s.sendall('GET / HTTP/1.0\\r\\n\\r\\n'); print s.recv(1000)",
        "socket.error: [Errno 13] http://127.0.0.1:",
    ),
    (
        "bytes to a number",
        "s = socket.socket(); s.connect(('0x7f.1', {port})); s.sendall('GET / HTTP/1.0\\r\\n\\r\\n'); print s.recv(1000)",
        "socket.error: [Errno 13] http://127.0.0.1:",
    ),
    (
        "mail",
        "import smtplib; smtplib.SMTP('127.0.0.1', {port})",
        "smtplib.SMTPServerDisconnected: Connection unexpectedly closed: [Errno 93] ",
    ),
    (
        "file transfer",
        "import ftplib; ftplib.FTP('127.0.0.1').retrlines('LIST')",
        "socket.error: [Errno 93] a hook reaches other systems by HTTP only",
    ),
    (
        "XML-RPC",
        "import xmlrpclib; print xmlrpclib.ServerProxy('http://127.0.0.1:{port}/').x()",
        "socket.error: [Errno 13] http://127.0.0.1:",
    ),
];

/// Starts the server: its port, and how often it was connected to.
fn server() -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::Relaxed);
            let mut connection = connection;
            let _ = connection.read(&mut [0; 4096]);
            let length = CANARY.len();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{CANARY}"
            );
            let _ = connection.write_all(answer.as_bytes());
        }
    });
    (port, connections)
}

/// Attacks for the life of the test process: one for each host or URL, of which `url` makes a URL.
fn fetches(expectations: &[Expectation], url: impl Fn(&str) -> String) -> Vec<Attack> {
    let attack = |seen: &'static str, place: &str| {
        let name = place.escape_default().to_string().leak();
        let script = fetch(&url(place)).leak();
        match seen {
            ELSEWHERE => ends(name, script, &["succeeded"]),
            seen => sees(name, script, seen),
        }
    };
    let places = |(seen, places): &Expectation| {
        let seen: &'static str = seen;
        places
            .iter()
            .map(move |place| (seen, *place))
            .collect::<Vec<_>>()
    };
    expectations
        .iter()
        .flat_map(places)
        .map(|(seen, place)| attack(seen, place))
        .collect()
}

/// None of the attacks reaches the server or reads its answer.
fn never_reached(class: &str, options: &[&str], attacks: impl Fn(u16) -> Vec<Attack>) {
    let (port, connections) = server();
    contained_with(class, "5s", options, &attacks(port));
    assert_eq!(connections.load(Ordering::Relaxed), 0);
}

fn fetch(url: &str) -> String {
    let url: String = url
        .chars()
        .map(|c| {
            if c.is_ascii() {
                c.to_string()
            } else {
                format!("\\u{:04x}", c as u32)
            }
        })
        .collect();
    format!(
        "import urllib2, requests\nurl = u'{url}'\nfor u in url, url.encode('utf-8'):\n    for f in (lambda: urllib2.urlopen(u, timeout=2).read()), (lambda: requests.get(u, timeout=2).text):\n        try: print f()\n        except Exception as e: print type(e).__name__\n"
    )
}

#[test]
fn no_spelling_of_an_address_of_the_machine_is_reached() {
    never_reached("addresses", &["--allow", "*"], |port| {
        fetches(LOOPBACK, |host| format!("http://{host}:{port}/"))
    });
}

#[test]
fn no_shape_of_a_url_hides_where_it_leads() {
    never_reached("urls", &["--allow", "*"], |port| {
        fetches(URLS, |url| url.replace("{port}", &port.to_string()))
    });
}

#[test]
fn metadata_is_refused_even_where_private_networks_are_open() {
    never_reached("metadata", &["--allow", "*", "--allow-private"], |_| {
        fetches(METADATA, |host| format!("http://{host}/latest/meta-data/"))
    });
}

#[test]
fn no_request_is_another_than_the_one_that_was_judged() {
    never_reached("requests", &["--allow", "*"], |port| {
        let port = port.to_string();
        let to = |(name, script, error): &(&'static str, &str, &'static str)| {
            let script = script.replace("{port}", &port);
            let script = format!(
                "import urllib2, httplib, socket\nurl = 'http://127.0.0.1:{port}/'\n{script}\n"
            );
            fails(name, script.leak(), error)
        };
        REQUESTS.iter().map(to).collect()
    });
}
