//! What scripts know of their runs, and ask for: told the attempt, tried again when they say so, and given up when they say so.

use serde_json::json;

use crate::server::Service;

#[test]
fn a_script_is_told_its_attempt_and_asks_for_another_one() {
    let service = Service::start();
    let client = &service.client;
    let template = "import codehook\nprint codehook.attempt, codehook.run_id\nif codehook.attempt < 3:\n    codehook.retry(after=0.1, reason='not yet')\n";
    // The hook's own delay would be an hour.
    client.publish(
        "h",
        json!({"template": template, "retry": {"attempts": 5, "first_delay_seconds": 3600}}),
    );
    let run = client.ended(&client.event(&json!({}))["runs"][0]);
    assert_eq!(
        (&run["state"], &run["attempts"]),
        (&json!("succeeded"), &json!(3))
    );
    let id = run["id"].as_str().expect("an identifier");
    for (place, attempt) in run["history"]
        .as_array()
        .expect("attempts")
        .iter()
        .enumerate()
    {
        assert_eq!(attempt["report"]["stdout"], format!("{} {id}\n", place + 1));
    }
    let asked = &run["history"][0]["report"]["asked"];
    assert_eq!(
        asked,
        &json!({"what": "retry", "after_seconds": 0.1, "reason": "not yet"})
    );
}

#[test]
fn a_script_that_asks_for_ever_ends_as_a_dead_letter_and_one_that_aborts_has_failed() {
    let service = Service::start();
    let client = &service.client;
    let draft =
        |template: &str| json!({"template": template, "retry": {"attempts": 2, "failures": true}});
    client.publish("again", draft("import codehook\ncodehook.retry(after=0)\n"));
    client.publish(
        "never",
        draft("import codehook\ncodehook.abort('no such user')\n"),
    );
    let runs = client.event(&json!({}))["runs"].clone();
    let ended = |place: usize| {
        let run = client.ended(&runs[place]);
        (run["state"].clone(), run["attempts"].clone())
    };
    let mut both = [ended(0), ended(1)];
    both.sort_by_key(|(state, _)| state.to_string());
    assert_eq!(both[0], (json!("dead_letter"), json!(2)));
    assert_eq!(both[1], (json!("failed"), json!(1)));
}
