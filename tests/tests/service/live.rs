//! Runs as they happen: their output while they run, and what becomes of them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use serde_json::{Value, json};

use crate::server::{SOON, Service};

/// Reads a stream's events, names and data, until one is named `last` or the stream ends. `seen` is told of each piece of
/// output.
fn events(
    service: &Service,
    path: &str,
    last: &str,
    mut seen: impl FnMut(&str),
) -> Vec<(String, Value)> {
    let reader = BufReader::new(service.client.stream(path));
    let mut events: Vec<(String, Value)> = Vec::new();
    let mut name = String::new();
    for line in reader.lines() {
        let line = line.expect("a line");
        if let Some(text) = line.strip_prefix("event: ") {
            text.clone_into(&mut name);
        } else if let Some(text) = line.strip_prefix("data: ") {
            let data: Value = serde_json::from_str(text).expect("JSON");
            seen(data["text"].as_str().unwrap_or_default());
            // Output comes in pieces of any length.
            match events.last_mut() {
                Some((last, before))
                    if *last == "output"
                        && name == "output"
                        && before["stream"] == data["stream"] =>
                {
                    let whole =
                        [&before["text"], &data["text"]].map(|text| text.as_str().expect("text"));
                    before["text"] = whole.concat().into();
                }
                _ => events.push((name.clone(), data)),
            }
            if name == last {
                break;
            }
        }
    }
    events
}

#[test]
fn a_runs_output_is_seen_while_it_runs_and_its_secrets_are_not() {
    let service = Service::start_with(&["--allow-private"]);
    let client = &service.client;
    // The script waits for an answer, which comes when its first line has been seen.
    let web = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = web.local_addr().expect("an address").port();
    let (see, seen) = mpsc::channel();
    thread::spawn(move || {
        for mut connection in web.incoming().map_while(Result::ok) {
            let _ = connection.read(&mut [0; 4096]);
            seen.recv_timeout(SOON).expect("the first line is seen");
            let _ = connection.write_all(b"HTTP/1.1 204 Seen\r\n\r\n");
        }
    });
    client
        .put(
            "/v1/tenants/acme/secrets/KEY",
            &json!({"value": "hunter2hunter2"}),
        )
        .with(204);
    let template = format!(
        "import codehook, sys, urllib2\n\
         print 'caf\\xc3\\xa9', '@secret.KEY@'\n\
         sys.stdout.flush()\n\
         urllib2.urlopen('http://127.0.0.1:{port}/')\n\
         print >> sys.stderr, 'late'\n\
         if codehook.attempt == 1: codehook.retry(after=0)\n"
    );
    let allow = [format!("http://127.0.0.1:{port}")];
    client.publish(
        "h",
        json!({"template": template, "secrets": ["KEY"], "allow": allow}),
    );
    let run = client.event(&json!({}))["runs"][0]
        .as_str()
        .expect("an identifier")
        .to_owned();
    let path = format!("/v1/tenants/acme/runs/{run}/log");
    let live = events(&service, &path, "end", |text| {
        if text.contains('\n') && !text.contains("late") {
            see.send(()).expect("the script waits");
        }
    });
    let names: Vec<&str> = live.iter().map(|(name, _)| name.as_str()).collect();
    let attempt = ["attempt", "output", "output", "attempt_ended"];
    assert_eq!(names, [attempt.as_slice(), &attempt, &["end"]].concat());
    assert_eq!(
        live[1].1,
        json!({"stream": "stdout", "text": "caf\u{e9} [redacted]\n"})
    );
    assert_eq!(live[2].1, json!({"stream": "stderr", "text": "late\n"}));
    assert_eq!(live[3].1["outcome"], "failed");
    assert_eq!(live[8].1, json!({"state": "succeeded"}));
    // Whoever comes later is told the same.
    let later = events(&service, &path, "end", |_| {});
    assert_eq!(later, live);
}

#[test]
fn a_stream_ends_with_the_key_that_it_was_asked_for_with() {
    let service = Service::start();
    let key = service.key("acme", &["read"]);
    let mut stream = BufReader::new(key.stream("/v1/tenants/acme/runs/live"));
    let keys = service.client.get("/v1/tenants/acme/keys").with(200);
    let id = keys[0]["id"].as_str().expect("an identifier").to_owned();
    // Another key's end is none of this one's.
    let other = service.key("other", &["read"]);
    let others = service.client.get("/v1/tenants/other/keys").with(200);
    let path = format!(
        "/v1/tenants/other/keys/{}",
        others[0]["id"].as_str().expect("an identifier")
    );
    assert_eq!(service.client.send("DELETE", &path, &[], b"").status, 204);
    other.get("/v1/tenants/other/runs").problem(401);
    service.client.publish("h", json!({"template": "pass"}));
    service.client.event(&json!({}));
    let mut line = String::new();
    stream.read_line(&mut line).expect("a line");
    assert!(line.starts_with("event: run"), "{line}");
    let path = format!("/v1/tenants/acme/keys/{id}");
    assert_eq!(service.client.send("DELETE", &path, &[], b"").status, 204);
    // What is left, and then the end.
    while stream.read_line(&mut line).expect("a whole stream") > 0 {}
}

#[test]
fn a_tenants_runs_are_seen_as_they_begin_and_end_and_no_other_tenants() {
    let service = Service::start();
    let client = &service.client;
    client.publish("h", json!({"template": "pass"}));
    let reader = BufReader::new(client.stream("/v1/tenants/acme/runs/live"));
    let other = service.key("other", &["read"]);
    let unseen = thread::spawn(move || {
        let lines = BufReader::new(other.stream("/v1/tenants/other/runs/live")).lines();
        lines
            .map_while(Result::ok)
            .filter(|line| line.starts_with("data"))
            .count()
    });
    let run = client.event(&json!({}))["runs"][0].clone();
    let mut lines = reader.lines();
    let mut next = || loop {
        let line = lines.next().expect("an event").expect("a line");
        if let Some(text) = line.strip_prefix("data: ") {
            return serde_json::from_str::<Value>(text).expect("JSON");
        }
    };
    let (started, ended) = (next(), next());
    assert_eq!(
        (&started["what"], &started["run"]),
        (&json!("started"), &run)
    );
    assert_eq!(
        (&ended["what"], &ended["state"]),
        (&json!("ended"), &json!("succeeded"))
    );
    // Streams end with the service, and do not keep it from ending.
    let mut service = service;
    service.terminate();
    assert_eq!(unseen.join().expect("it ends"), 0);
}
