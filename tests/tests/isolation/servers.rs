//! Servers that lie, never end, or break off: seen by a script, through the real program.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::net::TcpStream;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::attack::{Attack, TIME, contained_with, ends, sees};
use crate::network::{Server, in_own_network, respond};

/// What a server sends for `/NAME`, and what the script sees of it: the length of what it read, or an error.
const ANSWERS: &[(&str, &str, &str)] = &[
    (
        "as it should be",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "3",
    ),
    (
        "a length that is too small",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcdef",
        "3",
    ),
    (
        "a length that is too large",
        "HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nabc",
        "refused",
    ),
    (
        "a length that is negative",
        "HTTP/1.1 200 OK\r\nContent-Length: -3\r\n\r\nabc",
        "refused",
    ),
    (
        "a length with a sign",
        "HTTP/1.1 200 OK\r\nContent-Length: +3\r\n\r\nabc",
        "refused",
    ),
    (
        "a length in hexadecimal",
        "HTTP/1.1 200 OK\r\nContent-Length: 0x3\r\n\r\nabc",
        "refused",
    ),
    (
        "a length beyond numbers",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\nabc",
        "refused",
    ),
    (
        "a length of all that there is",
        "HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551615\r\n\r\nabc",
        "refused",
    ),
    (
        "two lengths",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde",
        "refused",
    ),
    (
        "a list of lengths",
        "HTTP/1.1 200 OK\r\nContent-Length: 3, 5\r\n\r\nabcde",
        "refused",
    ),
    (
        "length and chunks",
        "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        "1",
    ),
    (
        "chunks",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n",
        "3",
    ),
    (
        "chunks without an end",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        "refused",
    ),
    (
        "a chunk that is cut",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nabc",
        "refused",
    ),
    (
        "a chunk of negative size",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n",
        "refused",
    ),
    (
        "a chunk of a size with a prefix",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n",
        "refused",
    ),
    (
        "a chunk of a size beyond numbers",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "refused",
    ),
    (
        "a chunk of a size that wraps",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "refused",
    ),
    (
        "a chunk without line ends",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3abc0",
        "refused",
    ),
    (
        "a coding in odd letters",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "refused",
    ),
    (
        "a version from the future",
        "HTTP/9.9 200 OK\r\nContent-Length: 3\r\n\r\nabc",
        "refused",
    ),
    ("no version", "HTTP/ 200 OK\r\n\r\nabc", "refused"),
    (
        "a status of two digits",
        "HTTP/1.1 20 OK\r\nContent-Length: 3\r\n\r\nabc",
        "refused",
    ),
    (
        "a status of six digits",
        "HTTP/1.1 200000 OK\r\nContent-Length: 3\r\n\r\nabc",
        "refused",
    ),
    (
        "a negative status",
        "HTTP/1.1 -20 OK\r\nContent-Length: 3\r\n\r\nabc",
        "refused",
    ),
    ("no head", "abc", "refused"),
    ("nothing", "", "refused"),
    ("another protocol", "SSH-2.0-OpenSSH_9.2\r\n", "refused"),
    ("a record of TLS", "\x15\x03\x01\0\x02\x02\x28", "refused"),
    (
        "NUL in a header",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 3\r\n\r\nabc",
        "refused",
    ),
    (
        "a header without a name",
        "HTTP/1.1 200 OK\r\n: x\r\nContent-Length: 3\r\n\r\nabc",
        "refused",
    ),
    (
        "a header without a colon",
        "HTTP/1.1 200 OK\r\nnothing\r\nContent-Length: 3\r\n\r\nabc",
        "refused",
    ),
    (
        "a space before the colon",
        "HTTP/1.1 200 OK\r\nContent-Length : 3\r\n\r\nabc",
        "refused",
    ),
    (
        "a bare CR in a header",
        "HTTP/1.1 200 OK\r\nX: a\rY: b\r\nContent-Length: 3\r\n\r\nabc",
        "refused",
    ),
    (
        "another protocol from here on",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nabc",
        "refused",
    ),
    (
        "gzip that is none",
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc",
        "refused",
    ),
];

/// Answers that never end, by name.
const ENDLESS: &[&str] = &[
    "body",
    "endless chunks",
    "headers",
    "header",
    "interim",
    "trickle",
    "drip",
];

/// A whole response, for cutting.
const WHOLE: &str = "HTTP/1.1 200 OK\r\nX-Header: value\r\nContent-Length: 10\r\n\r\nabcdefghij";
/// The most requests that a run may make.
const REQUESTS: usize = 50;

/// `length`: requests the path and prints the length of the body.
const PRELUDE: &str = "\
import requests, urllib, urllib2
def length(path, fetch=lambda url: requests.get(url, timeout=3).content):
    try: print len(fetch('http://93.184.215.14/' + urllib.quote(path)))
    except Exception as error: print 'refused'
";

fn answer(head: &str, stream: &mut TcpStream) -> io::Result<()> {
    let path = head
        .split(' ')
        .nth(1)
        .unwrap_or_default()
        .replace("%20", " ");
    let path = path.trim_start_matches('/');
    if let Some((_, answer, _)) = ANSWERS.iter().find(|(name, ..)| *name == path) {
        return stream.write_all(answer.as_bytes());
    }
    if let Some(length) = path.strip_prefix("cut/") {
        return stream.write_all(&WHOLE.as_bytes()[..length.parse().unwrap_or(0)]);
    }
    match path {
        "bomb" => bomb(stream),
        "many headers" => many_headers(stream),
        "circle" => respond(stream, "302 Found", &["Location: /circle"], ""),
        "long way" => {
            let location = format!("Location: /{}", "x".repeat(60_000));
            respond(stream, "302 Found", &[&location], "")
        }
        _ => endless(path, stream),
    }
}

fn endless(kind: &str, stream: &mut TcpStream) -> io::Result<()> {
    let (head, piece, pause) = match kind {
        "body" => ("HTTP/1.1 200 OK\r\n\r\n", "x".repeat(65_536), 0),
        "endless chunks" => (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            "1\r\nx\r\n".repeat(9000),
            0,
        ),
        "headers" => ("HTTP/1.1 200 OK\r\n", "X: y\r\n".repeat(9000), 0),
        "header" => ("HTTP/1.1 200 OK\r\nX: ", "y".repeat(65_536), 0),
        "interim" => ("", "HTTP/1.1 100 Continue\r\n\r\n".repeat(2000), 0),
        "trickle" => ("HTTP/1.1 200 OK\r\n\r\n", "x".to_owned(), 50),
        "drip" => ("HTTP/1.1 200 OK\r\nX: ", "y".to_owned(), 50),
        _ => return respond(stream, "404 Not Found", &[], ""),
    };
    stream.write_all(head.as_bytes())?;
    loop {
        stream.write_all(piece.as_bytes())?;
        thread::sleep(Duration::from_millis(pause));
    }
}

/// A gigabyte of zeros in a megabyte.
fn bomb(stream: &mut TcpStream) -> io::Result<()> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    for _ in 0..1024 {
        packed.write_all(&[0; 1 << 20])?;
    }
    let packed = packed.finish()?;
    let length = packed.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {length}\r\n\r\n"
    )?;
    stream.write_all(&packed)
}

fn many_headers(stream: &mut TcpStream) -> io::Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
    for at in 0..1_000_000 {
        write!(stream, "X-{at}: y\r\n")?;
    }
    stream.write_all(b"Content-Length: 3\r\n\r\nabc")
}

fn script(lines: &str) -> &'static str {
    format!("{PRELUDE}{lines}").leak()
}

#[test]
fn a_false_answer_is_an_error_and_never_a_whole_one() {
    in_own_network(
        "servers::a_false_answer_is_an_error_and_never_a_whole_one",
        || {
            Server::start(80, answer);
            let attacks: Vec<Attack> = ANSWERS
                .iter()
                .map(|(name, _, seen)| sees(name, script(&format!("length('{name}')\n")), seen))
                .collect();
            contained_with("answers", "8s", &["--allow", "*"], &attacks);
        },
    );
}

#[test]
fn an_answer_cut_at_any_byte_is_an_error() {
    in_own_network("servers::an_answer_cut_at_any_byte_is_an_error", || {
        Server::start(80, answer);
        let cuts: Vec<usize> = (0..=WHOLE.len()).collect();
        let attacks = cuts.chunks(REQUESTS).map(|cuts| {
            let (first, last) = (cuts[0], cuts[cuts.len() - 1]);
            let source = format!("for n in range({first}, {last} + 1): length('cut/%d' % n)\n");
            let seen = cuts.iter().fold(String::new(), |mut seen, cut| {
                let whole = *cut == WHOLE.len();
                let _ = writeln!(seen, "{}", if whole { "10" } else { "refused" });
                seen
            });
            sees(
                format!("bytes {first} to {last}").leak(),
                script(&source),
                seen.leak(),
            )
        });
        contained_with(
            "cut answers",
            "8s",
            &["--allow", "*"],
            &attacks.collect::<Vec<_>>(),
        );
    });
}

#[test]
fn an_answer_without_end_ends_with_the_limits() {
    in_own_network(
        "servers::an_answer_without_end_ends_with_the_limits",
        || {
            Server::start(80, answer);
            let endless = ENDLESS.iter().map(|name| {
                let script = script(&format!("length('{name}')\n"));
                match *name {
                    "trickle" => ends(name, script, TIME),
                    // Chunks of one byte are slow to read: the time is over before their number is, or after it.
                    "endless chunks" => ends(name, script, &["timed_out", "succeeded"]),
                    _ => sees(name, script, "refused"),
                }
            });
            let attacks: Vec<Attack> = endless
            .chain([
                sees("a bomb", script("length('bomb')\n"), "refused"),
                sees("a million headers", script("length('many headers')\n"), "refused"),
                sees("a circle of redirects", script("length('circle')\n"), "refused"),
                sees(
                    "a circle of redirects for urllib2",
                    script("length('circle', lambda url: urllib2.urlopen(url, timeout=3).read())\n"),
                    "refused",
                ),
                sees("a redirect to a long name", script("length('long way')\n"), "0"),
            ])
            .collect();
            contained_with("endless answers", "4s", &["--allow", "*"], &attacks);
        },
    );
}
