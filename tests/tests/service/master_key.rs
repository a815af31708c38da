//! The master key: from a file or the environment, and replaced.

use std::fs;

use codehook_tests::program::Program;
use serde_json::json;

use crate::server::Service;

fn uses_its_secret(service: &Service) -> bool {
    let client = &service.client;
    client.ended(&client.event(&json!({"n": "@"}))["runs"][0])["history"][0]["report"]["stdout"]
        == "7\n"
}

fn with_a_secret() -> Service {
    let service = Service::start();
    let client = &service.client;
    client
        .put("/v1/tenants/acme/secrets/KEY", &json!({"value": "hunter2"}))
        .with(204);
    let source = json!({"auth": {"hmac_sha256": {"secret": "s"}}});
    client.put("/v1/tenants/acme/sources/s", &source);
    client.publish(
        "h",
        json!({"template": "print len('@secret.KEY@')\n", "secrets": ["KEY"]}),
    );
    assert!(uses_its_secret(&service));
    service
}

#[test]
fn a_rotated_key_opens_what_the_old_one_sealed_and_the_old_one_nothing() {
    let mut service = with_a_secret();
    let data = service.data();
    let directory = data.to_str().expect("UTF-8").to_owned();
    let program = Program::new();
    let rotate = || program.run(&["rotate-master-key", "--data-dir", &directory]);
    // Not under a service that uses the old one.
    let refused = rotate();
    refused.says(3, "another process");
    service.terminate();
    let old = fs::read_to_string(data.join("master-key")).expect("a key");
    let rotated = rotate();
    assert_eq!(rotated.code, Some(0), "{rotated:?}");
    let new = fs::read_to_string(data.join("master-key")).expect("a key");
    assert_ne!(new, old);
    assert!(!rotated.stderr.contains(new.trim()) && !data.join("master-key.new").exists());
    service.restart();
    assert!(uses_its_secret(&service));
    service.terminate();
    fs::write(data.join("master-key"), &old).expect("a file");
    let wrong = rotate();
    wrong.says(3, "cannot be opened with this master key");
    assert!(!data.join("master-key.new").exists());
    fs::write(data.join("master-key"), &new).expect("a file");
    assert_eq!(rotate().code, Some(0));
    service.restart();
    assert!(uses_its_secret(&service));
}
