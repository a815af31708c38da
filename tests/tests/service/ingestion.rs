//! Events in: every shape that is known, once each, and nothing forged.

use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::server::{Client, Service};

/// Prints what it was given.
const PRINTS: &str = "print '@UserName@|@Severity@|@EventId@'\n";

fn source(client: &Client, name: &str, auth: &str, secret: Option<&str>) -> String {
    let new = json!({"auth": auth, "secret": secret});
    let made = client
        .put(&format!("/v1/tenants/acme/sources/{name}"), &new)
        .with(200);
    made["path"].as_str().expect("a path").to_owned()
}

/// What the run of a delivery printed.
fn printed(client: &Client, receipt: &Value) -> String {
    let run = client.ended(&receipt["runs"][0]);
    assert_eq!(run["state"], "succeeded", "{run}");
    run["history"][0]["report"]["stdout"]
        .as_str()
        .expect("output")
        .to_owned()
}

fn hub_signature(secret: &str, body: &[u8]) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes())
        .expect("any length")
        .chain_update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[test]
fn an_event_runs_the_hooks_that_listen_and_is_taken_once() {
    let service = Service::start();
    let client = &service.client;
    client.publish(
        "prints",
        json!({"template": PRINTS, "trigger": {"on": "alert"}}),
    );
    client.publish(
        "warned",
        json!({"template": PRINTS, "trigger": {"on": "warning"}}),
    );
    let event = json!({"UserName": "ann", "Severity": "Alert", "EventId": "7"});
    let receipt = client.event(&event);
    assert_eq!(receipt["runs"].as_array().expect("runs").len(), 1);
    assert_eq!(printed(client, &receipt), "ann|Alert|7\n");
    let again = client.event(&event);
    assert_eq!(
        (&again["id"], &again["duplicate"]),
        (&receipt["id"], &json!(true))
    );
    assert_eq!(again["runs"], json!([]));
    let kept = client
        .get(&format!(
            "/v1/tenants/acme/events/{}",
            receipt["id"].as_str().unwrap()
        ))
        .with(200);
    assert_eq!(kept["event"], event);
    let runs = client
        .get("/v1/tenants/acme/runs?state=succeeded&hook=prints")
        .with(200);
    assert_eq!(runs["items"].as_array().expect("runs").len(), 1);
}

#[test]
fn the_products_webhook_is_taken_as_it_is_sent() {
    let service = Service::start();
    let client = &service.client;
    client.publish("prints", json!({"template": PRINTS}));
    let url = source(client, "pba", "hub_hmac", Some("k3y"));
    let anybody = client.without_key();
    // A mapped body with a raw line break in a string, and a form.
    let mapped = "{\"UserName\": \"a\nb\", \"Severity\": \"Alert\", \"EventId\": \"1\"}".as_bytes();
    let deliver = |content: &str, body: &[u8], signature: &str| {
        let headers = [("content-type", content), ("x-hub-signature", signature)];
        anybody.send("POST", &url, &headers, body)
    };
    let receipts = deliver("application/json", mapped, &hub_signature("k3y", mapped)).with(202);
    assert_eq!(printed(client, &receipts[0]), "a\nb|Alert|1\n");
    let form = b"UserName=j+doe&Severity=Warning&EventId=2";
    let receipts = deliver(
        "application/x-www-form-urlencoded",
        form,
        &hub_signature("k3y", form),
    )
    .with(202);
    assert_eq!(printed(client, &receipts[0]), "j doe|Warning|2\n");
    let repeated = deliver(
        "application/x-www-form-urlencoded",
        form,
        &hub_signature("k3y", form),
    )
    .with(202);
    assert_eq!(repeated[0]["duplicate"], true);
    deliver("application/json", mapped, &hub_signature("other", mapped)).problem(401);
    deliver("application/json", b"{}", &hub_signature("k3y", mapped)).problem(401);
    anybody.send("POST", &url, &[], mapped).problem(401);
    let broken = b"{\"UserName\": ";
    deliver("application/json", broken, &hub_signature("k3y", broken)).problem(400);
    anybody
        .send(
            "POST",
            "/v1/sources/01ARZ3NDEKTSV4RRFFQ69G5FAV",
            &[],
            mapped,
        )
        .problem(404);
}

#[test]
fn standard_webhooks_and_cloud_events_are_taken() {
    let service = Service::start();
    let client = &service.client;
    client.publish("prints", json!({"template": PRINTS}));
    let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let url = source(client, "standard", "standard_webhooks", Some(secret));
    let body = br#"{"UserName": "ann", "Severity": "Alert", "EventId": "x"}"#;
    let now = std::time::SystemTime::UNIX_EPOCH
        .elapsed()
        .expect("a clock")
        .as_secs();
    let signed = |id: &str, at: u64| {
        let at = i64::try_from(at).expect("a time");
        let webhook = standardwebhooks::Webhook::new(secret).expect("a secret");
        let signature = webhook.sign(id, at, body).expect("a signature");
        let at = at.to_string();
        let headers = [
            ("webhook-id", id),
            ("webhook-timestamp", &at),
            ("webhook-signature", &signature),
        ];
        client.without_key().send("POST", &url, &headers, body)
    };
    let receipts = signed("msg_1", now).with(202);
    assert_eq!(printed(client, &receipts[0]), "ann|Alert|x\n");
    assert_eq!(signed("msg_1", now).with(202)[0]["duplicate"], true);
    assert_eq!(signed("msg_2", now).with(202)[0]["duplicate"], false);
    signed("msg_3", now - 3600).problem(401);

    let url = source(client, "cloud", "basic", Some("user:pass"));
    let one = |id: &str| json!({"specversion": "1.0", "id": id, "source": "/s", "type": "t", "data": {"UserName": id, "Severity": "", "EventId": ""}});
    let headers = [
        ("content-type", "application/cloudevents-batch+json"),
        ("authorization", "Basic dXNlcjpwYXNz"),
    ];
    let batch = json!([one("a"), one("b"), one("a")]).to_string();
    let receipts = client
        .without_key()
        .send("POST", &url, &headers, batch.as_bytes())
        .with(202);
    assert_eq!(printed(client, &receipts[0]), "a||\n");
    assert_eq!(printed(client, &receipts[1]), "b||\n");
    assert_eq!(receipts[2]["duplicate"], true);
}

#[test]
fn too_much_is_refused_with_the_right_status() {
    let service = Service::start();
    let client = &service.client;
    let large = vec![b' '; 5 * 1024 * 1024];
    client
        .send("POST", "/v1/tenants/acme/events", &[], &large)
        .problem(413);
    client
        .post("/v1/tenants/acme/events", &json!([1]))
        .problem(400);
    let quotas = json!({"events_per_second": 1, "concurrent_runs": 1, "queued_runs": 1});
    client.put("/v1/tenants/acme/quotas", &quotas).with(200);
    let answers: Vec<_> = (0..20)
        .map(|n| client.post("/v1/tenants/acme/events", &json!({"n": n})))
        .collect();
    let refused = answers
        .iter()
        .find(|answer| answer.status == 429)
        .expect("more than the quota");
    assert!(refused.retry_after.is_some());
    assert_eq!(answers[0].status, 202);
    // Another tenant has its own quota.
    client
        .post("/v1/tenants/other/events", &json!({}))
        .with(202);
}

#[test]
fn a_mapping_is_tried_before_it_is_saved() {
    let service = Service::start();
    let trial = json!({
        "mapping": {"tokens": {"UserName": {"path": "$.actor.name"}, "Ticket": {"path": "$.no", "default": "none"}}},
        "event": {"actor": {"name": "ann"}, "RiskScore": 7}
    });
    let tokens = service
        .client
        .post("/v1/tenants/acme/mappings/try", &trial)
        .with(200);
    assert_eq!(tokens["values"]["UserName"], "ann");
    assert_eq!(tokens["values"]["Ticket"], "none");
    assert_eq!(tokens["values"]["RiskScore"], "7");
    assert!(tokens["missing"]["UserEmail"].is_string());
    let wrong = json!({"mapping": {"tokens": {"A": {"path": "$.["}}}, "event": {}});
    service
        .client
        .post("/v1/tenants/acme/mappings/try", &wrong)
        .problem(422);
}
