//! Tenants see nothing of each other: every route that names a tenant, walked with another's key, with too small a key, and with none.

use serde_json::{Value, json};

use crate::server::{Answer, Client, Service};

/// What stands in for the parameters of paths, all of tenant `acme`.
struct Things {
    event: String,
    run: String,
    key: String,
}

fn things(service: &Service) -> Things {
    let client = &service.client;
    client.publish("h", json!({"template": "pass"}));
    client
        .put("/v1/tenants/acme/secrets/S", &json!({"value": "x"}))
        .with(204);
    client
        .put("/v1/tenants/acme/sources/s", &json!({"auth": "url_only"}))
        .with(200);
    let receipt = client.event(&json!({}));
    client.ended(&receipt["runs"][0]);
    let keys = client.get("/v1/tenants/acme/keys").with(200);
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    Things {
        event: text(&receipt["id"]),
        run: text(&receipt["runs"][0]),
        key: text(&keys[0]["id"]),
    }
}

/// Every method of every route that names a tenant.
fn routes(client: &Client, things: &Things) -> Vec<(String, String)> {
    let description = client.get("/openapi.json").with(200);
    let paths = description["paths"].as_object().expect("paths");
    let mut routes = Vec::new();
    for (path, methods) in paths.iter().filter(|(path, _)| path.contains("{tenant}")) {
        let filled = path
            .replace("{tenant}", "acme")
            .replace("{event}", &things.event)
            .replace("{run}", &things.run)
            .replace("{key}", &things.key)
            .replace("{hook}", "h")
            .replace("{source}", "s")
            .replace("{secret}", "S");
        assert!(!filled.contains('{'), "{filled}");
        for method in methods.as_object().expect("methods").keys() {
            if ["get", "put", "post", "delete"].contains(&method.as_str()) {
                routes.push((method.to_uppercase(), filled.clone()));
            }
        }
    }
    routes
}

/// A body that each route would take.
fn ask(client: &Client, method: &str, path: &str) -> Answer {
    let body = match path.rsplit('/').next().unwrap_or_default() {
        "quotas" => json!({"events_per_second": 1, "concurrent_runs": 1, "queued_runs": 1}),
        "keys" => json!({"name": "n", "scopes": ["read"]}),
        "hooks" => json!({"name": "new", "draft": {"template": "pass"}}),
        "h" | "diff" => json!({"template": "pass"}),
        "rollback" => json!({"version": 1}),
        "s" => json!({"auth": "url_only"}),
        "S" => json!({"value": "y"}),
        "try" => json!({"event": {}}),
        "replay" if path.ends_with("runs/replay") => {
            json!({"state": "failed", "since": "2020-01-01T00:00:00Z"})
        }
        _ => json!({}),
    };
    client.send(method, path, &[], body.to_string().as_bytes())
}

#[test]
fn no_route_answers_another_tenants_key_a_smaller_key_or_none() {
    let service = Service::start();
    let key = service.key("acme", &["manage"]);
    let things = things(&service);
    let routes = routes(&service.client, &things);
    assert!(routes.len() >= 25, "{routes:?}");
    let other = service.key("other", &["ingest", "read", "manage"]);
    let (ingest, read) = (
        service.key("acme", &["ingest"]),
        service.key("acme", &["read"]),
    );
    let mut refused = 0;
    for (method, path) in &routes {
        let answer = ask(&other, method, path);
        assert!(
            matches!(answer.status, 403 | 404),
            "{method} {path}: {answer:?}"
        );
        assert!(
            !answer.text.contains(&things.run) && !answer.text.contains(&things.event),
            "{answer:?}"
        );
        assert_eq!(
            ask(&service.client.without_key(), method, path).status,
            401,
            "{method} {path}"
        );
        assert_eq!(
            ask(&service.client.with_key("chk_nonsense"), method, path).status,
            401,
            "{method} {path}"
        );
        // What reads is not for those who send, and what changes is not for those who read.
        if !(method == "POST" && path.ends_with("/events")) {
            assert_eq!(ask(&ingest, method, path).status, 403, "{method} {path}");
        }
        if method != "GET" && !path.ends_with("/try") && !path.ends_with("/diff") {
            assert_eq!(ask(&read, method, path).status, 403, "{method} {path}");
            // Whatever the body is.
            let answer = read.send(method, path, &[], b"{");
            assert_eq!(answer.status, 403, "{method} {path}: {answer:?}");
        }
        refused += 1;
    }
    println!("{refused} routes refuse another tenant's key, none, a wrong one and a smaller one");
    // Nothing of it has had an effect, and the tenant's own key still opens.
    let hook = key.get("/v1/tenants/acme/keys").with(200);
    assert!(hook.as_array().expect("keys").len() >= 3);
    service.client.get("/v1/tenants/acme/hooks/h").with(200);
    service.client.get("/v1/tenants/other/runs").with(200);
}

#[test]
fn a_deleted_key_opens_nothing_from_then_on() {
    let service = Service::start();
    let key = service.key("acme", &["read"]);
    key.get("/v1/tenants/acme/runs").with(200);
    let keys = service.client.get("/v1/tenants/acme/keys").with(200);
    let id = keys[0]["id"].as_str().expect("an identifier").to_owned();
    let path = format!("/v1/tenants/acme/keys/{id}");
    assert_eq!(service.client.send("DELETE", &path, &[], b"").status, 204);
    key.get("/v1/tenants/acme/runs").problem(401);
}
