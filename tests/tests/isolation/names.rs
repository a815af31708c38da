//! Names that resolve to where a script may not go: at once, among others, or at the second look-up. A real DNS server answers, and
//! every address is there to be connected to.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::thread;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::rdata::{A, AAAA, CNAME};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::attack::{Attack, contained_with, sees};
use crate::network::{PUBLIC, PUBLIC_V6, Server, in_own_network, respond, say_where};

/// What a name means: each look-up takes the next answer, the last one for good. Addresses, or a name that starts with `=`.
const ZONE: &[(&str, &[&str])] = &[
    ("good", &[PUBLIC]),
    ("good6", &[PUBLIC_V6]),
    ("loopback", &["127.0.0.1"]),
    ("loopback6", &["::1"]),
    ("any", &["0.0.0.0"]),
    ("any6", &["::"]),
    ("private10", &["10.0.0.1"]),
    ("private172", &["172.16.0.1"]),
    ("private192", &["192.168.0.1"]),
    ("shared", &["100.64.0.1"]),
    ("benchmark", &["198.18.0.1"]),
    ("unique", &["fd00::1"]),
    ("link", &["fe80::1"]),
    ("mapped", &["::ffff:127.0.0.1"]),
    ("mappedprivate", &["::ffff:10.0.0.1"]),
    ("translated", &["64:ff9b::7f00:1"]),
    ("sixtofour", &["2002:7f00:1::"]),
    ("metadata", &["169.254.169.254"]),
    ("mappedmetadata", &["::ffff:169.254.169.254"]),
    ("publicfirst", &["93.184.215.14 10.0.0.1 127.0.0.1"]),
    ("privatefirst", &["127.0.0.1 10.0.0.1 93.184.215.14"]),
    ("allprivate", &["127.0.0.1 10.0.0.1 ::1 fd00::1"]),
    ("moves", &[PUBLIC, "127.0.0.1"]),
    ("movesback", &["127.0.0.1", PUBLIC]),
    ("alias", &["=loopback.attack.test"]),
    ("aliasofalias", &["=alias.attack.test"]),
    ("circle", &["=circle.attack.test"]),
    ("aliasofgood", &["=good.attack.test"]),
    ("nobody", &[]),
];
/// A name to which the server does not answer.
const SILENT: &str = "silent.attack.test";
/// A name to which the server answers with rubbish.
const RUBBISH: &str = "rubbish.attack.test";

/// Answers on port 53 of the network, for as long as the process lives.
fn serve_names() {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 53)).expect("the port of DNS");
    thread::spawn(move || {
        let mut look_ups = HashMap::new();
        let mut packet = [0; 1500];
        while let Ok((length, client)) = socket.recv_from(&mut packet) {
            if let Some(answer) = answer(&packet[..length], &mut look_ups) {
                let _ = socket.send_to(&answer, client);
            }
        }
    });
}

fn answer(question: &[u8], look_ups: &mut HashMap<String, usize>) -> Option<Vec<u8>> {
    let question = Message::from_vec(question).ok()?;
    let query = question.queries.first()?.clone();
    let name = query.name().to_ascii().trim_end_matches('.').to_lowercase();
    match name.as_str() {
        SILENT => return None,
        RUBBISH => return Some(vec![0xFF; 40]),
        _ => {}
    }
    let mut answer = Message::response(question.metadata.id, question.metadata.op_code);
    answer.metadata.authoritative = true;
    answer.metadata.recursion_available = true;
    // A resolver asks for both kinds of addresses at once: one look-up of a name is one question for IPv4.
    let before = look_ups.entry(name.clone()).or_default();
    let turn = *before;
    *before += usize::from(query.query_type() == RecordType::A);
    let records = records(&name, query.name(), query.query_type(), turn);
    match records {
        Some(records) => drop(answer.add_answers(records)),
        None => answer.metadata.response_code = ResponseCode::NXDomain,
    }
    answer.add_query(query);
    answer.to_vec().ok()
}

/// The records for `name` at its look-up number `turn`; `None` where there is no such name.
fn records(name: &str, owner: &Name, wanted: RecordType, turn: usize) -> Option<Vec<Record>> {
    let label = name.strip_suffix(".attack.test")?;
    let (_, answers) = ZONE.iter().find(|(own, _)| *own == label)?;
    let answer = answers.get(turn.min(answers.len().wrapping_sub(1)))?;
    let record = |data| Record::from_rdata(owner.clone(), 0, data);
    if let Some(alias) = answer.strip_prefix('=') {
        let target = Name::from_ascii(format!("{alias}.")).expect("a name");
        let mut found = vec![record(RData::CNAME(CNAME(target.clone())))];
        if target != *owner {
            found.extend(records(alias, &target, wanted, turn).unwrap_or_default());
        }
        return Some(found);
    }
    let data = answer.split(' ').filter_map(|address| {
        match (address.parse().expect("an address"), wanted) {
            (IpAddr::V4(address), RecordType::A) => Some(RData::A(A(address))),
            (IpAddr::V6(address), RecordType::AAAA) => Some(RData::AAAA(AAAA(address))),
            _ => None,
        }
    });
    Some(data.map(record).collect())
}

/// Asks for `http://NAME.attack.test/` as often as there are lines to expect.
fn ask(name: &'static str, lines: &'static str) -> Attack {
    let times = lines.lines().count();
    let script = format!(
        "import urllib2\nfor _ in range({times}):\n    \
         try: print urllib2.urlopen('http://{name}.attack.test/', timeout=3).read()\n    \
         except urllib2.URLError: print 'refused'\n"
    );
    sees(name, script.leak(), lines)
}

const REFUSED: &str = "refused";
const REACHED: &str = "reached 93.184.215.14";

#[test]
fn no_name_leads_to_an_address_inside() {
    in_own_network("names::no_name_leads_to_an_address_inside", || {
        serve_names();
        let server = Server::start(80, |_, stream| say_where(stream));
        let refused = ZONE.iter().map(|(name, _)| *name).filter(|name| {
            ![
                "good",
                "good6",
                "publicfirst",
                "privatefirst",
                "moves",
                "movesback",
                "aliasofgood",
            ]
            .contains(name)
        });
        let mut attacks: Vec<_> = refused.map(|name| ask(name, REFUSED)).collect();
        attacks.extend([
            ask("silent", REFUSED),
            ask("rubbish", REFUSED),
            ask("nosuchname", REFUSED),
            ask("good", REACHED),
            ask("good6", "reached 2606:2800:21f::1"),
            ask("aliasofgood", REACHED),
            ask("publicfirst", REACHED),
            ask("privatefirst", REACHED),
            ask("moves", "reached 93.184.215.14\nrefused\nrefused"),
            ask("movesback", "refused\nreached 93.184.215.14"),
        ]);
        contained_with("names", "8s", &["--allow", "*"], &attacks);
        assert_eq!(server.reached(), [PUBLIC, PUBLIC_V6]);
    });
}

#[test]
fn no_name_leads_to_metadata_even_where_private_networks_are_open() {
    let test = "names::no_name_leads_to_metadata_even_where_private_networks_are_open";
    in_own_network(test, || {
        serve_names();
        let server = Server::start(80, |_, stream| say_where(stream));
        let attacks = [
            ask("metadata", REFUSED),
            ask("mappedmetadata", REFUSED),
            ask("private10", "reached 10.0.0.1"),
        ];
        let open = ["--allow", "*", "--allow-private"];
        contained_with("names, private networks open", "8s", &open, &attacks);
        assert_eq!(server.reached(), ["10.0.0.1"]);
    });
}

#[test]
fn a_redirect_is_judged_like_a_request() {
    in_own_network("names::a_redirect_is_judged_like_a_request", || {
        serve_names();
        let server = Server::start(80, |head, stream| {
            let path = head.split(' ').nth(1).unwrap_or_default();
            match path.strip_prefix("/to/") {
                Some(target) => {
                    let location = format!("Location: {target}");
                    respond(stream, "302 Found", &[&location], "")
                }
                None => say_where(stream),
            }
        });
        let targets = [
            "http://127.0.0.1/",
            "http://loopback.attack.test/",
            "http://[::1]/",
            "http://169.254.169.254/latest/",
            "//10.0.0.1/",
            "http://0x7f.1/",
            "http://other.test/",
            "file:///etc/passwd",
            "ftp://127.0.0.1/",
            "gopher://127.0.0.1/",
            "http://good.attack.test:81/",
            "/public",
        ];
        let attacks = targets.map(|target| {
            let script = format!(
                "import urllib2, requests\nurl = 'http://good.attack.test/to/{target}'\n\
                 for fetch in (lambda: urllib2.urlopen(url, timeout=3).read()), (lambda: requests.get(url, timeout=3).text):\n    \
                 try: print fetch()\n    \
                 except Exception: print 'refused'\n"
            );
            let reached = "reached 93.184.215.14\nreached 93.184.215.14";
            let seen = if target == "/public" { reached } else { "refused\nrefused" };
            sees(target, script.leak(), seen)
        });
        contained_with("redirects", "8s", &["--allow", "*.attack.test"], &attacks);
        assert_eq!(server.reached(), [PUBLIC]);
    });
}
