//! Runs: tried again, given up, replayed, cancelled, shared out fairly, and given back when the service ends.

use serde_json::{Value, json};

use crate::server::Service;

#[test]
fn a_failure_that_may_pass_is_tried_again_until_the_dead_letter_and_can_be_replayed() {
    let service = Service::start();
    let client = &service.client;
    let draft = |template: &str| json!({"template": template, "limits": {"timeout_seconds": 1}, "retry": {"attempts": 3, "first_delay_seconds": 0}});
    client.publish("h", draft("while True: pass\n"));
    let run = client.ended(&client.event(&json!({}))["runs"][0]);
    assert_eq!(
        (&run["state"], &run["attempts"]),
        (&json!("dead_letter"), &json!(3))
    );
    let outcomes: Vec<_> = run["history"]
        .as_array()
        .expect("attempts")
        .iter()
        .map(|attempt| &attempt["outcome"])
        .collect();
    assert_eq!(outcomes, ["timed_out"; 3]);
    client
        .put("/v1/tenants/acme/hooks/h", &draft("print 'well'\n"))
        .with(200);
    client
        .post("/v1/tenants/acme/hooks/h/publish", &json!({}))
        .with(200);
    let path = format!(
        "/v1/tenants/acme/runs/{}/replay",
        run["id"].as_str().expect("an identifier")
    );
    let again = client.post(&path, &json!({})).with(202);
    let replayed = client.ended(&again["id"]);
    assert_eq!(
        (&replayed["state"], &replayed["version"]),
        (&json!("succeeded"), &json!(2))
    );
    assert_eq!(replayed["replay_of"], run["id"]);
    let many = json!({"state": "dead_letter", "since": "2020-01-01T00:00:00Z"});
    let made = client.post("/v1/tenants/acme/runs/replay", &many).with(202);
    assert_eq!(made.as_array().expect("runs").len(), 1);
    assert_eq!(client.ended(&made[0])["state"], "succeeded");
}

#[test]
fn a_scripts_own_failure_ends_its_run_and_one_without_a_script_says_why() {
    let service = Service::start();
    let client = &service.client;
    client.publish("h", json!({"template": "raise SystemExit(int('@Code@'))\n", "mapping": {"tokens": {"Code": {"path": "$.code"}}}}));
    let failed = client.ended(&client.event(&json!({"code": 3}))["runs"][0]);
    assert_eq!(
        (&failed["state"], &failed["attempts"]),
        (&json!("failed"), &json!(1))
    );
    assert_eq!(failed["history"][0]["report"]["exit_code"], 3);
    let rejected = client.ended(&client.event(&json!({"other": 3}))["runs"][0]);
    assert_eq!(rejected["history"][0]["outcome"], "rejected");
    let error = rejected["history"][0]["report"]["error"]
        .as_str()
        .expect("an error");
    assert!(error.contains("@Code@"), "{error}");
}

#[test]
fn a_run_under_way_and_one_that_waits_can_be_cancelled() {
    let service = Service::start();
    let client = &service.client;
    let quotas = json!({"events_per_second": 100, "concurrent_runs": 1, "queued_runs": 10});
    client.put("/v1/tenants/acme/quotas", &quotas).with(200);
    client.publish("h", json!({"template": "import time\ntime.sleep(25)\n"}));
    let runs: Vec<Value> = (0..2)
        .map(|n| client.event(&json!({"n": n}))["runs"][0].clone())
        .collect();
    let path = |run: &Value| {
        format!(
            "/v1/tenants/acme/runs/{}",
            run.as_str().expect("an identifier")
        )
    };
    client.wait(&path(&runs[0]), |run| run["state"] == "running");
    for run in runs.iter().rev() {
        client
            .post(&format!("{}/cancel", path(run)), &json!({}))
            .with(202);
    }
    assert_eq!(client.ended(&runs[0])["history"][0]["outcome"], "cancelled");
    let waited = client.ended(&runs[1]);
    assert_eq!(
        (&waited["state"], &waited["attempts"]),
        (&json!("cancelled"), &json!(0))
    );
    client
        .post(&format!("{}/cancel", path(&runs[0])), &json!({}))
        .problem(409);
}

#[test]
fn a_flood_of_one_tenant_delays_anothers_event_by_the_runs_under_way_alone() {
    let service = Service::start_with(&["--concurrent-runs", "2"]);
    let client = &service.client;
    client.publish("h", json!({"template": "import time\ntime.sleep(0.5)\n"}));
    let new = json!({"name": "h", "draft": {"template": "pass"}});
    client.post("/v1/tenants/other/hooks", &new).with(201);
    client
        .post("/v1/tenants/other/hooks/h/publish", &json!({}))
        .with(200);
    let flood: Vec<Value> = (0..20).map(|n| client.event(&json!({"n": n}))).collect();
    let receipt = client
        .post("/v1/tenants/other/events", &json!({}))
        .with(202);
    let run = receipt["runs"][0].as_str().expect("an identifier");
    let other = client.wait(&format!("/v1/tenants/other/runs/{run}"), |run| {
        run["state"] == "succeeded"
    });
    // Times are texts of one form. What has not started yet has none.
    let (made, began) = (text(&other["created_at"]), started(&other));
    let between = flood.iter().filter(|receipt| {
        let run = text(&receipt["runs"][0]);
        let run = client
            .get(&format!("/v1/tenants/acme/runs/{run}"))
            .with(200);
        let start = started(&run);
        !start.is_empty() && made < start && start < began
    });
    // One for each place, and those that may be chosen before the event is seen.
    assert!(between.count() <= 4, "{other}");
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}

/// When a run's first attempt started, or nothing.
fn started(run: &Value) -> String {
    let start = run["history"][0]["started_at"].as_str();
    start.unwrap_or_default().to_owned()
}

#[test]
fn runs_that_outlast_the_end_of_the_service_are_given_back_and_run_at_the_next_start() {
    let mut service = Service::start_with(&["--grace", "200ms"]);
    service.client.publish(
        "h",
        json!({"template": "import time\ntime.sleep(3)\nprint 'done'\n"}),
    );
    let run = service.client.event(&json!({}))["runs"][0].clone();
    let path = format!(
        "/v1/tenants/acme/runs/{}",
        run.as_str().expect("an identifier")
    );
    service.client.wait(&path, |run| run["state"] == "running");
    service.terminate();
    service.restart();
    let run = service.client.ended(&run);
    assert_eq!(
        (&run["state"], &run["attempts"]),
        (&json!("succeeded"), &json!(2))
    );
    assert_eq!(run["history"][0]["outcome"], "interrupted");
    assert_eq!(run["history"][1]["report"]["stdout"], "done\n");
}

#[test]
fn health_metrics_and_the_description_are_served() {
    let service = Service::start();
    let client = &service.client;
    client.event(&json!({}));
    assert_eq!(client.without_key().get("/healthz").status, 200);
    assert_eq!(client.without_key().get("/readyz").status, 200);
    client.without_key().get("/metrics").problem(401);
    let metrics = client.get("/metrics").text;
    assert!(metrics.contains("codehook_events_total 1"), "{metrics}");
    let description = client.without_key().get("/openapi.json").with(200);
    assert_eq!(
        description["openapi"]
            .as_str()
            .expect("a version")
            .split('.')
            .take(2)
            .collect::<Vec<_>>(),
        ["3", "1"]
    );
    client.get("/nothing").problem(404);
    client.send("PATCH", "/v1/tenants", &[], b"").problem(405);
}

#[test]
fn a_backup_of_a_running_service_is_a_service_of_its_own() {
    let service = Service::start();
    service
        .client
        .publish("h", json!({"template": "print 'here'\n"}));
    let run = service.client.event(&json!({}))["runs"][0].clone();
    service.client.ended(&run);
    let copy = service.backup();
    let restored = Service::restored(&service, copy);
    let run = restored.client.ended(&run);
    assert_eq!(run["history"][0]["report"]["stdout"], "here\n");
    assert_eq!(
        restored.client.event(&json!({}))["runs"]
            .as_array()
            .expect("runs")
            .len(),
        1
    );
}
