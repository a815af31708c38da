//! Hooks from draft to publication and back.

use serde_json::json;

use crate::server::Service;

#[test]
fn a_template_that_does_not_compile_is_refused_with_its_place() {
    let service = Service::start();
    let client = &service.client;
    let hook = |template: &str| {
        let new = json!({"name": "h", "draft": {"template": template}});
        client.post("/v1/tenants/acme/hooks", &new)
    };
    let answer = hook("x = 1\nif x print '@UserName@'\n");
    let problem = answer.json();
    assert_eq!(
        (answer.status, &problem["line"]),
        (422, &json!(2)),
        "{answer:?}"
    );
    assert!(
        problem["detail"].as_str().unwrap().contains("SyntaxError"),
        "{answer:?}"
    );
    let problem = hook("x = '@UserName@\n").with(422);
    assert_eq!(
        (&problem["line"], &problem["column"]),
        (&json!(1), &json!(5))
    );
    hook("x = '@UserName@'\n").with(201);
    hook("pass").problem(409);
}

#[test]
fn versions_are_published_compared_and_rolled_back_and_stale_edits_refused() {
    let service = Service::start();
    let client = &service.client;
    let (base, hook) = ("/v1/tenants/acme/hooks", "/v1/tenants/acme/hooks/h");
    let draft = |text: &str| json!({"template": format!("print '{text}'\n")});
    let made = client.post(base, &json!({"name": "h", "draft": draft("one")}));
    let first = made.etag.clone().expect("a tag");
    assert_eq!(made.with(201)["published"], json!(null));
    // A draft does not run.
    assert_eq!(client.event(&json!({}))["runs"], json!([]));
    client
        .post(&format!("{hook}/publish"), &json!({}))
        .with(200);
    let body = draft("two").to_string();
    client
        .send("PUT", hook, &[("if-match", &first)], body.as_bytes())
        .problem(412);
    let now = client.get(hook).etag.expect("a tag");
    client
        .send("PUT", hook, &[("if-match", &now)], body.as_bytes())
        .with(200);
    let diff = client.get(&format!("{hook}/diff"));
    assert!(
        diff.text.contains("-print 'one'") && diff.text.contains("+print 'two'"),
        "{diff:?}"
    );
    let printed = || {
        let run = client.ended(&client.event(&json!({}))["runs"][0]);
        (
            run["version"].clone(),
            run["history"][0]["report"]["stdout"].clone(),
        )
    };
    assert_eq!(printed(), (json!(1), json!("one\n")));
    client
        .post(&format!("{hook}/publish"), &json!({}))
        .with(200);
    assert_eq!(printed(), (json!(2), json!("two\n")));
    client
        .post(&format!("{hook}/rollback"), &json!({"version": 1}))
        .with(200);
    assert_eq!(printed(), (json!(1), json!("one\n")));
    client
        .post(&format!("{hook}/rollback"), &json!({"version": 9}))
        .problem(404);
    client
        .post(&format!("{hook}/disable"), &json!({}))
        .with(200);
    assert_eq!(client.event(&json!({}))["runs"], json!([]));
    client.post(&format!("{hook}/enable"), &json!({})).with(200);
    let versions = client.get(&format!("{hook}/versions")).with(200);
    assert_eq!(versions.as_array().expect("versions").len(), 2);
}

#[test]
fn a_secret_reaches_its_hook_and_nothing_else() {
    let service = Service::start();
    let client = &service.client;
    client
        .put(
            "/v1/tenants/acme/secrets/TOKEN",
            &json!({"value": "s3cret-of-acme"}),
        )
        .with(204);
    let template = "token = '@secret.TOKEN@'\nprint len(token), token\n";
    let undeclared = json!({"name": "h", "draft": {"template": template}});
    assert!(
        client
            .post("/v1/tenants/acme/hooks", &undeclared)
            .problem(422)
            .contains("secrets")
    );
    client.publish("h", json!({"template": template, "secrets": ["TOKEN"]}));
    let receipt = client.event(&json!({}));
    let run = client.ended(&receipt["runs"][0]);
    assert_eq!(run["history"][0]["report"]["stdout"], "14 [redacted]\n");
    for path in [
        "secrets",
        "hooks",
        "runs",
        "hooks/h",
        "hooks/h/versions",
        "events",
    ] {
        let answer = client.get(&format!("/v1/tenants/acme/{path}"));
        assert!(
            answer.status == 200 && !answer.text.contains("s3cret"),
            "{path}: {answer:?}"
        );
    }
    for entry in std::fs::read_dir(service.data()).expect("the data") {
        let content = std::fs::read(entry.expect("an entry").path()).expect("a file");
        assert!(!content.windows(6).any(|window| window == b"s3cret"));
    }
}

#[test]
fn the_api_is_explained_on_a_page_that_needs_nothing_from_elsewhere() {
    let service = Service::start();
    let client = service.client.without_key();
    let page = client.get("/docs/");
    assert_eq!(page.status, 200, "{page:?}");
    assert!(page.content.starts_with("text/html"), "{page:?}");
    for attribute in ["src=\"", "href=\""] {
        for place in page.text.split(attribute).skip(1) {
            let place = place.split('"').next().expect("a quote");
            let place = place.trim_start_matches("./");
            assert!(!place.contains("//"), "{place}");
            if place.ends_with(".png") {
                continue;
            }
            assert_eq!(client.get(&format!("/docs/{place}")).status, 200, "{place}");
        }
    }
    let start = client.get("/docs/swagger-initializer.js").text;
    assert!(start.contains("/openapi.json"), "{start}");
    let description = client.get("/openapi.json").with(200);
    assert_eq!(description["openapi"], "3.1.0");
}
