//! The packages that an operator adds reach the hooks of their tenants in the service, while it runs.

use std::fs;

use codehook_tests::program::Program;
use codehook_tests::wheels::wheel;
use serde_json::{Value, json};

use crate::server::Service;

/// Runs `codehook packages` on the store of a service.
fn packages(service: &Service, arguments: &str) {
    let program = Program::new();
    let file = wheel(
        "acme-rockets",
        "1.2",
        "",
        &[("rockets.py", "def thrust(n):\n    return 6 / n\n")],
    );
    fs::create_dir(program.path("wheels")).expect("a directory");
    fs::write(program.path("wheels").join(&file.name), &file.bytes).expect("a file");
    let mut command = program.command(&arguments.split(' ').collect::<Vec<_>>());
    command.env("CODEHOOK_PACKAGES_DIR", service.store());
    let ended = program.finish(command);
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

/// Sends events until a run ends with `outcome`; its attempt. A change of the store counts within a second or so.
fn until(service: &Service, outcome: &str) -> Value {
    let started = std::time::Instant::now();
    loop {
        let receipt = service.client.event(&json!({"UserName": "ann"}));
        let run = service.client.ended(&receipt["runs"][0]);
        let attempt = run["history"].as_array().expect("attempts").last().cloned();
        let attempt = attempt.expect("an attempt");
        if attempt["outcome"] == outcome {
            return attempt;
        }
        assert!(started.elapsed() < crate::server::SOON, "{run}");
    }
}

#[test]
fn an_added_package_reaches_the_hooks_of_its_tenant_without_a_restart() {
    let service = Service::start_with(&["--packages-dir", "store"]);
    let hook = json!({"template": "import rockets\nprint rockets.thrust(2)\n"});
    service.client.publish("launch", hook);
    let attempt = until(&service, "failed");
    let stderr = attempt["report"]["stderr"].as_str().expect("text");
    assert!(
        stderr.contains("ImportError: No module named rockets"),
        "{stderr}"
    );

    packages(
        &service,
        "packages add acme-rockets==1.2 --from wheels --tenant acme",
    );
    let attempt = until(&service, "succeeded");
    assert_eq!(attempt["report"]["stdout"], "3\n", "{attempt}");

    packages(&service, "packages remove acme-rockets");
    until(&service, "failed");
}

#[test]
fn another_tenants_packages_stay_out_of_sight() {
    let service = Service::start_with(&["--packages-dir", "store"]);
    packages(
        &service,
        "packages add acme-rockets==1.2 --from wheels --tenant other",
    );
    service
        .client
        .publish("launch", json!({"template": "import rockets\n"}));
    let attempt = until(&service, "failed");
    let stderr = attempt["report"]["stderr"].as_str().expect("text");
    assert!(stderr.contains("No module named rockets"), "{stderr}");
}

#[test]
fn a_changed_archive_is_not_run_and_the_report_names_no_file_of_the_operator() {
    let service = Service::start_with(&["--packages-dir", "store"]);
    packages(
        &service,
        "packages add acme-rockets==1.2 --from wheels --tenant acme",
    );
    let archives = fs::read_dir(service.store().join("archives")).expect("archives");
    for archive in archives {
        fs::write(archive.expect("an archive").path(), "changed").expect("a file");
    }
    let once = json!({"template": "import rockets\n", "retry": {"attempts": 1}});
    service.client.publish("launch", once);
    let attempt = until(&service, "rejected");
    let error = attempt["report"]["error"].as_str().expect("a reason");
    assert!(error.contains("packages of this tenant"), "{error}");
    assert!(!attempt.to_string().contains("store"), "{attempt}");
}

#[test]
fn a_run_whose_version_is_not_at_hand_still_has_the_hooks_name() {
    let mut service = Service::start();
    let failing = json!({"template": "raise ValueError('x')\n"});
    service.client.publish("launch", failing);
    let receipt = service.client.event(&json!({"UserName": "ann"}));
    let run = service.client.ended(&receipt["runs"][0]);
    // A disabled hook is not among those that a start makes ready.
    let enabled = service
        .client
        .send("POST", "/v1/tenants/acme/hooks/launch/disable", &[], b"");
    assert_eq!(enabled.status, 200, "{enabled:?}");
    service.terminate();
    service.restart();
    let replayed = service.client.post(
        &format!(
            "/v1/tenants/acme/runs/{}/replay",
            run["id"].as_str().expect("an id")
        ),
        &json!({}),
    );
    let replayed = replayed.json();
    let run = service.client.ended(&replayed["id"]);
    let stderr = run["history"][0]["report"]["stderr"]
        .as_str()
        .expect("text");
    assert!(stderr.contains("File \"/hook/launch.py\", line 1"), "{run}");
}
