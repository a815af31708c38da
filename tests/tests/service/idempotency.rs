//! `Idempotency-Key`: what makes something is done once.

use serde_json::json;

use crate::server::Service;

#[test]
fn the_same_request_with_the_same_key_is_done_once_and_answered_alike() {
    let service = Service::start();
    let client = &service.client;
    let path = "/v1/tenants/acme/keys";
    let body = json!({"name": "n", "scopes": ["read"]}).to_string();
    let make = |key: &str, body: &str| {
        client.send("POST", path, &[("idempotency-key", key)], body.as_bytes())
    };
    let first = make("a", &body).with(201);
    let again = make("a", &body).with(201);
    assert_eq!(first, again);
    assert_ne!(make("b", &body).with(201), first);
    assert_eq!(
        client.get(path).with(200).as_array().expect("keys").len(),
        2
    );
    // Another request with the key of an earlier one is a mistake.
    let other = json!({"name": "m", "scopes": ["read"]}).to_string();
    assert!(make("a", &other).problem(422).contains("Idempotency-Key"));
    // What was refused is refused again, and the key of somebody else is not this one.
    let hook = |client: &crate::server::Client| {
        client.send(
            "POST",
            "/v1/tenants/acme/hooks",
            &[("idempotency-key", "a")],
            br#"{"name": "h", "draft": {"template": "pass"}}"#,
        )
    };
    let manager = service.key("acme", &["manage"]);
    assert_eq!(hook(&manager).status, 201);
    let known = hook(&manager);
    assert_eq!((known.status, known.etag.as_deref()), (201, Some("\"1\"")));
    assert_eq!(
        client
            .without_key()
            .send("POST", path, &[("idempotency-key", "a")], body.as_bytes())
            .status,
        401
    );
}

#[test]
fn an_answer_outlives_the_process_and_holds_no_key_in_the_open() {
    let mut service = Service::start();
    let make = |client: &crate::server::Client| {
        let body = json!({"name": "n", "scopes": ["read"]}).to_string();
        let made = client.send(
            "POST",
            "/v1/tenants/acme/keys",
            &[("idempotency-key", "a")],
            body.as_bytes(),
        );
        made.with(201)["key"].as_str().expect("a key").to_owned()
    };
    let key = make(&service.client);
    service.kill();
    service.restart();
    assert_eq!(make(&service.client), key);
    service.terminate();
    let secret = key.rsplit('_').next().expect("a part").as_bytes();
    for file in std::fs::read_dir(service.data()).expect("a directory") {
        let path = file.expect("a file").path();
        if path.is_file() {
            let content = std::fs::read(&path).expect("a file");
            assert!(
                !content.windows(secret.len()).any(|window| window == secret),
                "{path:?}"
            );
        }
    }
}
