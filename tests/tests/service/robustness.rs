//! No definition, client or run ends the service, stops it for others, or is acknowledged and then forgotten.

use std::io::Write;
use std::net::{Shutdown, TcpStream};

use serde_json::{Value, json};

use crate::server::Service;

/// Everything in a list of the API, page by page.
fn all(service: &Service, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = service
            .client
            .get(&format!("{path}?limit=500{cursor}"))
            .with(200);
        items.extend(page["items"].as_array().expect("a list").iter().cloned());
        match page["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

#[test]
fn a_definition_that_could_end_or_freeze_the_service_is_refused_when_it_is_saved() {
    let service = Service::start();
    let many = |part: &str, number: usize| part.repeat(number);
    let triggers = [
        format!("{}1 > 0", many("1 + ", 2000)),
        format!("event{} == 1", many(".b", 6000)),
        format!("event{} == 1", many("[0]", 2000)),
        "event.a.all(x, event.a.all(y, event.a.all(z, x + y + z >= 0)))".to_owned(),
        "event.x.matches(event.r)".to_owned(),
        "event.a.map(x, event.a).size() > 0".to_owned(),
    ];
    let mut drafts: Vec<Value> = triggers
        .iter()
        .map(|when| json!({"template": "pass", "trigger": {"when": when}}))
        .collect();
    drafts.push(json!({"template": "pass", "retry": {"first_delay_seconds": 4_000_000_000_u32}}));
    drafts.push(
        json!({"template": "pass", "mapping": {"tokens": {"A": format!("${}", many("..a", 5))}}}),
    );
    for (number, draft) in drafts.iter().enumerate() {
        let new = json!({"name": format!("h{number}"), "draft": draft});
        let refused = service.client.post("/v1/tenants/acme/hooks", &new);
        assert_eq!(
            refused.status,
            422,
            "{:.200}: {refused:?}",
            draft.to_string()
        );
    }
    let run = service.client.event(&json!({"a": [1, 2]}))["runs"].clone();
    assert_eq!(run, json!([]));
}

#[test]
fn an_event_whose_client_goes_away_is_run_all_the_same() {
    const EVENTS: usize = 120;
    let service = Service::start();
    service
        .client
        .publish("h", json!({"template": "print '@EventId@'\n"}));
    let (base, key) = service.client.address();
    let address = base.strip_prefix("http://").expect("an address");
    for number in 0..EVENTS {
        let body = json!({"EventId": number.to_string()}).to_string();
        let request = format!(
            "POST /v1/tenants/acme/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let mut client = TcpStream::connect(address).expect("it listens");
        client.write_all(request.as_bytes()).expect("it reads");
        // At once, and in other rounds a moment later: whatever the service is doing then.
        for _ in 0..number % 40 * 200 {
            std::hint::spin_loop();
        }
        client.shutdown(Shutdown::Both).expect("a connection");
    }
    // Behind everything that is under way.
    let last = service.client.event(&json!({"EventId": "last"}));
    service.client.ended(&last["runs"][0]);
    let events = all(&service, "/v1/tenants/acme/events");
    let runs = all(&service, "/v1/tenants/acme/runs");
    assert_eq!(
        events.len(),
        runs.len(),
        "every event that is kept has its run"
    );
    for run in runs {
        let ended = service.client.ended(&run["id"]);
        assert_eq!(ended["state"], "succeeded", "{ended}");
    }
}

#[test]
fn a_run_that_is_under_way_at_three_ends_of_the_process_in_a_row_is_a_dead_letter() {
    let mut service = Service::start();
    let hook = json!({"template": "import time\ntime.sleep(28)\n", "retry": {"attempts": 20}});
    service.client.publish("h", hook);
    let run = service.client.event(&json!({}))["runs"][0].clone();
    let path = format!("/v1/tenants/acme/runs/{}", run.as_str().expect("an id"));
    for attempt in 1..=3 {
        service.client.wait(&path, |run| {
            run["state"] == "running" && run["attempts"] == attempt
        });
        service.kill();
        service.restart();
    }
    let ended = service.client.ended(&run);
    assert_eq!(ended["state"], "dead_letter", "{ended}");
    assert_eq!(
        ended["history"].as_array().map(Vec::len),
        Some(3),
        "{ended}"
    );
    assert_eq!(ended["history"][2]["outcome"], "interrupted", "{ended}");
}

#[test]
fn the_address_of_one_source_says_nothing_of_anothers() {
    let service = Service::start();
    let id = |name: &str| {
        let made = service.client.put(
            &format!("/v1/tenants/acme/sources/{name}"),
            &json!({"auth": "url_only"}),
        );
        let made = made.json();
        made["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{made}"))
            .to_owned()
    };
    let ids: Vec<String> = (0..20).map(|number| id(&format!("s{number}"))).collect();
    for (at, one) in ids.iter().enumerate() {
        for other in &ids[at + 1..] {
            let common = one
                .chars()
                .zip(other.chars())
                .take_while(|(a, b)| a == b)
                .count();
            assert!(common < 8, "{one} {other}");
        }
    }
}

#[test]
fn an_empty_idempotency_key_makes_no_duplicates() {
    let service = Service::start();
    service.client.publish("h", json!({"template": "pass"}));
    for number in 0..3 {
        let body = json!({"UserName": number.to_string()}).to_string();
        let sent = service.client.send(
            "POST",
            "/v1/tenants/acme/events",
            &[("idempotency-key", "")],
            body.as_bytes(),
        );
        assert_eq!(sent.with(202)["duplicate"], false);
    }
}
