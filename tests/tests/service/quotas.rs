//! Quotas: what a tenant or a hook may use, and what happens beyond.

use std::time::Duration;

use serde_json::{Value, json};

use crate::server::{Client, Service};

/// Sets the quotas of tenant `acme`, large ones but for `change`.
fn set(client: &Client, change: Value) {
    let mut quotas = json!({
        "events_per_second": 1000, "concurrent_runs": 10, "queued_runs": 1000,
        "cpu_seconds_per_day": 1000, "stored_mib": 100,
    });
    for (name, value) in change.as_object().expect("an object") {
        quotas[name] = value.clone();
    }
    client.put("/v1/tenants/acme/quotas", &quotas).with(200);
}

#[test]
fn a_tenant_without_time_left_waits_for_the_next_day_or_a_larger_quota() {
    let service = Service::start();
    let client = &service.client;
    set(client, json!({"cpu_seconds_per_day": 1}));
    let template = "import time\nend = time.time() + 0.6\nwhile time.time() < end: pass\n";
    client.publish("h", json!({"template": template}));
    // On a busy machine a run has less of a processor than it takes time.
    loop {
        let run = client.ended(&client.event(&json!({}))["runs"][0]);
        assert_eq!(run["state"], "succeeded");
        let used = client.get("/v1/tenants/acme").with(200);
        if used["cpu_seconds_today"].as_f64().expect("a number") >= 1.0 {
            break;
        }
    }
    let waits = client.event(&json!({}))["runs"][0].clone();
    // A run of another tenant that comes later is started and ends: the one before it has been passed over.
    let new = json!({"name": "h", "draft": {"template": "pass"}});
    client.post("/v1/tenants/other/hooks", &new).with(201);
    let publish = "/v1/tenants/other/hooks/h/publish";
    client.post(publish, &json!({})).with(200);
    let later = client
        .post("/v1/tenants/other/events", &json!({}))
        .with(202)["runs"][0]
        .clone();
    let later = later.as_str().expect("an identifier");
    client.wait(&format!("/v1/tenants/other/runs/{later}"), |run| {
        run["state"] == "succeeded"
    });
    let path = format!(
        "/v1/tenants/acme/runs/{}",
        waits.as_str().expect("an identifier")
    );
    assert_eq!(client.get(&path).with(200)["state"], "queued");
    set(client, json!({}));
    assert_eq!(client.ended(&waits)["state"], "succeeded");
}

#[test]
fn what_a_tenant_has_used_is_known_after_a_restart() {
    let mut service = Service::start();
    let client = service.client.clone();
    client.publish("h", json!({"template": "print 'x' * 1000\n"}));
    client.ended(&client.event(&json!({"a": "y".repeat(1000)}))["runs"][0]);
    let before = client.get("/v1/tenants/acme").with(200);
    assert!(
        before["held_bytes"].as_u64().expect("a number") > 2000,
        "{before}"
    );
    service.kill();
    service.restart();
    assert_eq!(service.client.get("/v1/tenants/acme").with(200), before);
}

#[test]
fn what_has_ended_makes_room_and_without_it_events_are_refused() {
    let service = Service::start();
    let client = &service.client;
    set(client, json!({"stored_mib": 1}));
    let event = |n: u32| {
        client.post(
            "/v1/tenants/acme/events",
            &json!({"n": n, "a": "y".repeat(100_000)}),
        )
    };
    let mut taken = Vec::new();
    let refused = loop {
        let answer = event(taken.len() as u32);
        match answer.status {
            202 => taken.push(
                answer.json()["id"]
                    .as_str()
                    .expect("an identifier")
                    .to_owned(),
            ),
            _ => break answer,
        }
    };
    assert!(taken.len() >= 9, "{}", taken.len());
    assert!(refused.retry_after.is_some(), "{refused:?}");
    assert!(refused.problem(429).contains("quota"));
    // No run waits for any of them: the oldest go.
    let path = |id: &str| format!("/v1/tenants/acme/events/{id}");
    let started = std::time::Instant::now();
    while client.get(&path(&taken[0])).status == 200 {
        assert!(started.elapsed() < crate::server::SOON);
        std::thread::sleep(Duration::from_millis(100));
    }
    let newest = taken.last().expect("events");
    assert_eq!(client.get(&path(newest)).status, 200);
    client.wait("/v1/tenants/acme", |now| {
        now["held_bytes"].as_u64() < Some(950_000)
    });
    assert_eq!(event(100).status, 202);
}

#[test]
fn a_hook_at_its_limit_does_not_hold_up_another_one() {
    let service = Service::start();
    let client = &service.client;
    let slow = json!({"template": "import time\ntime.sleep(20)\n", "limits": {"concurrent_runs": 1}, "trigger": {"when": "event.slow"}});
    client.publish("slow", slow);
    client.publish(
        "quick",
        json!({"template": "pass", "trigger": {"when": "!event.slow"}}),
    );
    let waiting: Vec<Value> = (0..3)
        .map(|n| client.event(&json!({"slow": true, "n": n}))["runs"][0].clone())
        .collect();
    let quick = client.event(&json!({"slow": false}))["runs"][0].clone();
    assert_eq!(client.ended(&quick)["state"], "succeeded");
    let state = |run: &Value| {
        let path = format!(
            "/v1/tenants/acme/runs/{}",
            run.as_str().expect("an identifier")
        );
        client.get(&path).with(200)["state"].clone()
    };
    let states: Vec<Value> = waiting.iter().map(state).collect();
    assert_eq!(states, ["running", "queued", "queued"]);
}
