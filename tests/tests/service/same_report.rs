//! `codehook run --json` and the service run a hook alike: for random hooks and events both give the same report.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;

use codehook_tests::package_store::{PackageStore, rockets};
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestRunner};
use serde_json::{Value, json};

use crate::server::{Answer, Client, Service};

/// Tokens that hooks here use: fields of the event, and names that only mappings have.
const TOKENS: [&str; 6] = [
    "UserName",
    "UserEmail",
    "DisplayName",
    "Threshold",
    "Site",
    "Hostname",
];

/// A hook, what it is given, and an event.
#[derive(Debug, Clone)]
struct Case {
    lines: Vec<String>,
    ending: Ending,
    event: String,
    mapping: Option<Value>,
    hostname: Option<String>,
    secret: Option<String>,
    allow: Vec<String>,
}

/// How a script ends, and the limits that it is given for that.
#[derive(Debug, Clone)]
struct Ending {
    code: String,
    timeout_seconds: u32,
    memory_mib: u32,
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ -~]{0,12}",
        2 => "\\PC{0,6}",
        1 => prop::sample::select(vec!["line\nbreak", "\0", "'", "\"\"\"", "\\", "@UserName@", "é", "007", "-1"])
            .prop_map(str::to_owned),
    ]
}

/// A value as it stands in an event.
fn field() -> impl Strategy<Value = String> {
    let plain = [
        "7",
        "7.50",
        "1e3",
        "-2",
        "12345678901234567890",
        "true",
        "null",
        "[]",
        "{\"a\": 1}",
    ];
    prop_oneof![
        4 => text().prop_map(|text| Value::from(text).to_string()),
        1 => prop::sample::select(plain.to_vec()).prop_map(str::to_owned),
    ]
}

fn event() -> impl Strategy<Value = String> {
    let names = ["UserName", "UserEmail", "displayName", "Threshold", "user"];
    let fields = names.map(|name| {
        let value = match name {
            "Threshold" => prop_oneof![3 => Just("7.50".to_owned()), 1 => field()].boxed(),
            "user" => field()
                .prop_map(|email| format!("{{\"email\": {email}}}"))
                .boxed(),
            _ => field().boxed(),
        };
        prop::option::weighted(
            0.9,
            value.prop_map(move |value| format!("\"{name}\": {value}")),
        )
    });
    fields.prop_map(|fields| {
        format!(
            "{{{}}}",
            fields.into_iter().flatten().collect::<Vec<_>>().join(", ")
        )
    })
}

fn mapping() -> impl Strategy<Value = Value> {
    let rules = [
        ("UserEmail", json!("$.user.email")),
        (
            "DisplayName",
            json!({"path": "$['display name']", "default": "nobody"}),
        ),
        ("Site", json!({"default": "Bergen"})),
        ("Threshold", json!({"path": "$.Threshold", "default": 5})),
    ];
    prop::sample::subsequence(rules.to_vec(), 1..=4).prop_map(|rules| {
        let rules: BTreeMap<_, _> = rules.into_iter().collect();
        json!({"tokens": rules})
    })
}

/// A line of a script, with one of the tokens in one of the places where they may stand.
fn line(port: u16) -> impl Strategy<Value = String> {
    let lines = vec![
        "print '@T@'".to_owned(),
        "print \"<@T@>\"".to_owned(),
        "print u'@T@'.encode('utf-8')".to_owned(),
        "print '''@T@\n@UserName@'''".to_owned(),
        "print repr('@T@' + r'\\d'), len('@T@')".to_owned(),
        "# @T@".to_owned(),
        "print {'@T@': ['@UserName@']}".to_owned(),
        "import sys\nsys.stderr.write('@T@\\n')".to_owned(),
        "print '@Misspelt@ a@example.com'".to_owned(),
        "open('/tmp/x', 'a').write('@T@')\nprint len(open('/tmp/x').read())".to_owned(),
        "import codehook\nprint codehook.attempt".to_owned(),
        "import rockets\nprint rockets.thrust(2)".to_owned(),
    ];
    let rare = ["print r'@T@'", "print @Threshold@ + 1", "x@UserName@"];
    let token = || prop::sample::select(TOKENS.to_vec());
    let with_token = |lines: Vec<String>| {
        (prop::sample::select(lines), token())
            .prop_map(|(line, token)| line.replace("@T@", &format!("@{token}@")))
    };
    prop_oneof![
        8 => with_token(lines),
        1 => with_token(rare.map(str::to_owned).to_vec()),
        1 => Just("print '@secret.KEY@', len('@secret.KEY@')".to_owned()),
        3 => request(port),
    ]
}

/// A request to the server on loopback, or to nowhere.
fn request(port: u16) -> impl Strategy<Value = String> {
    let hosts = [
        format!("127.0.0.1:{port}"),
        format!("localhost:{port}"),
        "denied.example".to_owned(),
    ];
    let paths = ["hello", "echo", "503", "drop", "cut", "redirect"];
    (
        prop::sample::select(hosts.to_vec()),
        prop::sample::select(paths.to_vec()),
        any::<bool>(),
    )
        .prop_map(|(host, path, posts)| {
            let body = if posts { ", '@UserName@'" } else { "" };
            format!(
                "import urllib2\ntry: print urllib2.urlopen('http://{host}/{path}'{body}).read()\n\
                 except Exception as error: print type(error).__name__, error"
            )
        })
}

fn ending() -> impl Strategy<Value = Ending> {
    let at_once = [
        "",
        "import sys\nsys.exit(3)",
        "import sys\nsys.exit('@UserName@')",
        "import os\nos._exit(7)",
        "import os\nos.abort()",
        "raise ValueError('@UserName@')",
        "def f(): return 1 / 0\nf()",
        "import codehook\ncodehook.retry()",
        "import codehook\ncodehook.retry(after=1.5, reason='@UserName@')",
        "import codehook\ncodehook.abort('@UserName@')",
    ];
    let plain = prop::sample::select(at_once.to_vec()).prop_map(|code| Ending {
        code: code.to_owned(),
        timeout_seconds: 25,
        memory_mib: 128,
    });
    let limited = |code: &str, timeout_seconds, memory_mib| {
        Just(Ending {
            code: code.to_owned(),
            timeout_seconds,
            memory_mib,
        })
    };
    prop_oneof![
        12 => plain,
        1 => limited("print 'before'\nwhile True: pass", 1, 64),
        1 => limited("import time\ntime.sleep(60)", 1, 64),
        1 => limited("x = 'x' * (1 << 30)", 25, 64),
    ]
}

fn case(port: u16) -> impl Strategy<Value = Case> {
    let rules = [
        "127.0.0.1".to_owned(),
        format!("http://127.0.0.1:{port}"),
        "localhost:1".to_owned(),
        "*".to_owned(),
    ];
    (
        prop::collection::vec(line(port), 1..6),
        ending(),
        event(),
        prop::option::of(mapping()),
        prop::option::weighted(0.9, "[a-z]{1,8}\\.example"),
        prop::option::weighted(0.9, "[!-~]{4,16}"),
        prop::sample::subsequence(rules.to_vec(), 0..=2),
    )
        .prop_map(
            |(lines, ending, event, mapping, hostname, secret, allow)| Case {
                lines,
                ending,
                event,
                mapping,
                hostname,
                secret,
                allow,
            },
        )
}

impl Case {
    fn template(&self) -> String {
        // Comments in the first two lines may not declare an encoding.
        format!(
            "'hook'\n\n{}\n{}\n",
            self.lines.join("\n"),
            self.ending.code
        )
    }

    fn run(&self, packages: &PackageStore) -> Value {
        let program = &packages.program;
        program.file("h.py", self.template());
        let event = program.file("event.json", &self.event);
        let mut arguments = vec![
            "run".to_owned(),
            "h.py".to_owned(),
            "--json".to_owned(),
            "--allow-private".to_owned(),
        ];
        let mut option = |name: &str, value: &str| arguments.push(format!("--{name}={value}"));
        option("event", &event);
        option("timeout", &format!("{}s", self.ending.timeout_seconds));
        option("memory", &format!("{}MiB", self.ending.memory_mib));
        self.allow.iter().for_each(|rule| option("allow", rule));
        if let Some(mapping) = &self.mapping {
            option(
                "mapping",
                &program.file("mapping.json", mapping.to_string()),
            );
        }
        if let Some(hostname) = &self.hostname {
            option("hostname", hostname);
        }
        if let Some(secret) = &self.secret {
            option("secret", &format!("KEY={secret}"));
        }
        let report = program
            .finish(packages.in_store(program.command(&arguments)))
            .json();
        let error = report["error"]["message"].as_str();
        common(&report["status"], &report, error)
    }

    fn definition(&self) -> Value {
        let mut definition = json!({
            "template": self.template(),
            "allow": self.allow,
            "secrets": ["KEY"],
            "limits": {"timeout_seconds": self.ending.timeout_seconds, "memory_mib": self.ending.memory_mib},
            "retry": {"attempts": 1},
        });
        if let Some(mapping) = &self.mapping {
            definition["mapping"] = mapping.clone();
        }
        if let Some(hostname) = &self.hostname {
            definition["hostname"] = json!(hostname);
        }
        definition
    }

    /// Publishes the hook for a tenant of its own and sends it the event.
    fn run_by_service(&self, client: &Client, tenant: &str) -> Value {
        client.post("/v1/tenants", &json!({"id": tenant})).with(201);
        let path = |rest: &str| format!("/v1/tenants/{tenant}/{rest}");
        if let Some(secret) = &self.secret {
            client
                .put(&path("secrets/KEY"), &json!({"value": secret}))
                .with(204);
        }
        let new = json!({"name": "h", "draft": self.definition()});
        let event = || client.send("POST", &path("events"), &[], self.event.as_bytes());
        let accepted = refused(client.post(&path("hooks"), &new), 201)
            .and_then(|_| refused(client.post(&path("hooks/h/publish"), &json!({})), 200))
            .and_then(|_| refused(event(), 202));
        let receipt = match accepted {
            Ok(receipt) => receipt,
            Err(detail) => return common(&json!("rejected"), &Value::Null, Some(&detail)),
        };
        let run = receipt["runs"][0].as_str().expect("a run").to_owned();
        let run = client.wait(&path(&format!("runs/{run}")), |run| {
            !run["ended_at"].is_null()
        });
        let attempts = run["history"].as_array().expect("attempts");
        assert_eq!(attempts.len(), 1, "{run}");
        let report = &attempts[0]["report"];
        common(&attempts[0]["outcome"], report, report["error"].as_str())
    }
}

/// The answer's document, or why it was refused.
fn refused(answer: Answer, status: u16) -> Result<Value, String> {
    if answer.status == status {
        return Ok(answer.with(status));
    }
    assert_eq!(answer.status, 422, "{answer:?}");
    Err(answer.json()["detail"]
        .as_str()
        .expect("a detail")
        .to_owned())
}

/// What both reports say, under the same names.
fn common(status: &Value, report: &Value, error: Option<&str>) -> Value {
    let requests = report["http"].as_array().cloned().unwrap_or_default();
    let without_times = requests.into_iter().map(|mut request| {
        let fields = request.as_object_mut().expect("an object");
        fields.remove("started_ms");
        fields.remove("duration_ms");
        request
    });
    let cut = ["truncated", "stdout_truncated", "stderr_truncated"];
    json!({
        "status": status,
        "exit_code": report["exit_code"],
        "stdout": report["stdout"].as_str().unwrap_or_default(),
        "stderr": report["stderr"].as_str().unwrap_or_default(),
        "truncated": cut.iter().any(|name| report[name] == true),
        "http": without_times.collect::<Vec<_>>(),
        "asked": report["asked"],
        // The advice after it names options of the program, or fields of the definition.
        "error": error.map(|error| error.split(" has no value").next()),
    })
}

/// A server on loopback; its port.
fn server() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for connection in listener.incoming().map_while(Result::ok) {
            thread::spawn(move || respond(connection));
        }
    });
    port
}

fn respond(connection: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(connection);
    let mut first = String::new();
    reader.read_line(&mut first).ok()?;
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line).ok()? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let (head, body): (&str, &[u8]) = match first.split(' ').nth(1)? {
        "/drop" => return None,
        "/cut" => ("200 OK\r\nContent-Length: 100", b"cut"),
        "/redirect" => ("302 Found\r\nContent-Length: 0\r\nLocation: /hello", b""),
        "/503" => ("503 Busy\r\nContent-Length: 4", b"busy"),
        "/echo" => ("200 OK", &body),
        _ => ("200 OK\r\nContent-Length: 5", b"hello"),
    };
    let connection = reader.get_mut();
    write!(connection, "HTTP/1.1 {head}\r\nConnection: close\r\n\r\n").ok()?;
    connection.write_all(body).ok()
}

#[test]
fn the_command_line_and_the_service_give_the_same_report() {
    let port = server();
    let packages = PackageStore::new();
    packages.offer(&rockets());
    packages.added("acme-rockets==1.2 --all-tenants");
    let service = Service::start_with_packages(packages.directory(), &["--allow-private"]);
    let (number, ran) = (Cell::new(0), Cell::new(0));
    let mut config = codehook_tests::cases(64);
    // The failing case is printed, and a case says all that is needed to run it again.
    config.failure_persistence = None;
    config.max_shrink_iters = 100;
    let outcome = TestRunner::new(config).run(&case(port), |case| {
        number.set(number.get() + 1);
        let here = case.run(&packages);
        let there = case.run_by_service(&service.client, &format!("t{}", number.get()));
        if here == there {
            ran.set(ran.get() + u32::from(here["status"] != "rejected"));
            return Ok(());
        }
        Err(TestCaseError::fail(format!(
            "run: {here:#}\nservice: {there:#}\n{}",
            case.template()
        )))
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    let (number, ran) = (number.get(), ran.get());
    println!("{number} cases, of which {ran} ran and the others were rejected");
    assert!(ran * 3 > number, "only {ran} of {number} cases ran");
}
