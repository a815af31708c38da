//! What is given to the program: events in both forms, mappings, and the refusals that say where to correct what.

use serde_json::Value;

use codehook_tests::program::{Ended, Program, fixture};

/// Expects exit code 2 for a person, with `place` at the start of what is said on stderr, and the same in the report for programs.
fn rejected(program: &Program, arguments: &[&str], place: &str, said: &str) -> Value {
    let person = program.run(arguments);
    assert_eq!(person.code, Some(2), "{person:?}");
    assert_eq!(person.stdout, "", "{person:?}");
    assert!(
        person.stderr.starts_with(&format!("codehook: {place}")),
        "{person:?}"
    );
    assert!(person.stderr.contains(said), "{person:?}");
    let json = program.run(&[arguments, &["--json"]].concat());
    assert_eq!(json.code, Some(2), "{json:?}");
    assert_eq!(json.stderr, "", "{json:?}");
    let report = json.json();
    assert_eq!(report["status"], "rejected", "{report}");
    let message = report["error"]["message"].as_str().expect("text");
    assert!(message.starts_with(place), "{report}");
    assert!(message.contains(said), "{report}");
    report
}

#[test]
fn a_refused_rendering_names_file_line_column_and_token() {
    let program = Program::new();
    let hook = program.file("hook.py", "x = 1\nprint r'@UserName@'\n");
    let event = program.file("event.json", r#"{"UserName": "it's"}"#);
    let place = format!("{hook}:2:9: ");
    let report = rejected(
        &program,
        &["run", &hook, "--event", &event],
        &place,
        "UserName",
    );
    assert_eq!(report["error"]["file"], hook.as_str());
    assert_eq!(report["error"]["line"], 2);
    assert_eq!(report["error"]["column"], 9);
    assert_eq!(report["error"]["token"], "UserName");
    assert!(!report.to_string().contains("it's"), "{report}");
}

#[test]
fn a_bad_event_is_refused_at_its_place() {
    let program = Program::new();
    let hook = program.file("hook.py", "pass\n");
    for (content, line_and_column, said) in [
        ("{\n  \"UserName\": oops\n}", ":2:15: ", ""),
        ("{\"UserId\": 1, \"UserId\": 2}", ":1:", "UserId"),
        ("[1, 2]", ": ", "object"),
        ("", ": ", "empty"),
    ] {
        let event = program.file("bad.json", content);
        let place = format!("{event}{line_and_column}");
        rejected(&program, &["run", &hook, "--event", &event], &place, said);
    }
}

#[test]
fn missing_files_are_named() {
    let program = Program::new();
    let hook = program.file("hook.py", "pass\n");
    let event = program.file("event.json", "{}");
    let gone = "no/such/file";
    let place = "no/such/file: cannot be read: ";
    for arguments in [
        ["run", gone, "--event", &event, "--hostname", "a.test"],
        ["run", &hook, "--event", gone, "--hostname", "a.test"],
        ["run", &hook, "--event", &event, "--mapping", gone],
        ["run", &hook, "--event", &event, "--ca-cert", gone],
    ] {
        rejected(&program, &arguments, place, "No such file");
    }
    rejected(&program, &["check", gone], place, "No such file");
    rejected(&program, &["run", &hook], "no event is given", "--event -");
}

#[test]
fn unknown_flags_and_bad_values_are_usage_errors() {
    let program = Program::new();
    for (options, said) in [
        (&["--tmeout", "3s"][..], "--timeout"),
        (&["--timeout", "fast"], "30s"),
        (&["--timeout", "0s"], "30s"),
        (&["--memory", "1MiB"], "48MiB"),
        (&["--memory", "lots"], "256MiB"),
        (&["--allow", "http://a.test/path"], "host"),
        (&["--resolve", "a.test"], "--resolve"),
    ] {
        let ended = program.run_source("print 'ran'\n", options);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert_eq!(ended.stdout, "", "{ended:?}");
        assert!(ended.stderr.contains(said), "{ended:?}");
    }
    let ended = program.run(&["chekc"]);
    ended.says(2, "'check'");
}

/// Runs the hook that prints every token; what it printed.
fn printed(program: &Program, options: &[&str], input: &str) -> String {
    let hook = fixture("hooks/hello.py");
    let mut arguments = vec!["run", &hook, "--hostname", "pba.example.com"];
    arguments.extend(options);
    let ended: Ended = program.run_with_input(&arguments, input);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    ended.stdout
}

#[test]
fn an_event_may_come_from_standard_input_and_be_a_form() {
    let program = Program::new();
    let from_file = printed(&program, &["--event", &fixture("events/alert.json")], "");
    for line in [
        "UserName     maria.reyes",
        "RiskScore    92.5",
        "Hostname     pba.example.com",
    ] {
        assert!(from_file.lines().any(|own| own == line), "{from_file}");
    }
    let form = fixture("events/alert.form");
    assert_eq!(printed(&program, &["--event", &form], ""), from_file);
    for name in ["events/alert.json", "events/alert.form"] {
        let content = std::fs::read_to_string(fixture(name)).expect("an event");
        assert_eq!(printed(&program, &["--event", "-"], &content), from_file);
    }
}

#[test]
fn an_awkward_event_is_printed_as_it_is() {
    let program = Program::new();
    let text = printed(&program, &["--event", &fixture("events/warning.json")], "");
    for line in [
        "UserName     EXAMPLE\\zoe.o'brien",
        "DisplayName  Zoë O'Brien",
        "UserEmail    zoe.o'brien+pba@example.com",
    ] {
        assert!(text.lines().any(|own| own == line), "{text}");
    }
}

#[test]
fn a_mapping_finds_the_tokens_in_an_event_of_another_shape() {
    let program = Program::new();
    let text = printed(
        &program,
        &[
            "--event",
            &fixture("events/delinea_platform.json"),
            "--mapping",
            &fixture("mappings/delinea_platform.json"),
        ],
        "",
    );
    let expected = "\
EventId      0f9a3c52-6e1d-4b7f-a0c8-3d5e9b214f76
UserId       3310
UserName     daniel.okafor
UserEmail    daniel.okafor@example.com
DisplayName  Daniel Okafor
StartDate    2024-05-14T15:00:00Z
EndDate      2024-05-14T16:00:00Z
RiskScore    74.25
";
    assert!(text.starts_with(expected), "{text}");
    assert!(text.contains("\nSeverity     Warning\n"), "{text}");
    assert!(text.contains("\nThreshold    70\n"), "{text}");
}

#[test]
fn a_bad_mapping_is_refused_at_its_place() {
    let program = Program::new();
    let hook = program.file("hook.py", "pass\n");
    let event = program.file("event.json", "{}");
    let mapping = program.file("mapping.json", "{\"tokens\": {\n\"UserName\": }}");
    let place = format!("{mapping}:2:");
    let arguments = ["run", &hook, "--event", &event, "--mapping", &mapping];
    rejected(&program, &arguments, &place, "");
    let mapping = program.file("mapping.json", r#"{"tokens": {"UserName": "$..["}}"#);
    rejected(&program, &arguments, &format!("{mapping}: "), "UserName");
}

#[test]
fn a_token_without_a_value_is_refused_with_the_option_that_gives_it() {
    let program = Program::new();
    let hook = program.file("hook.py", "print '@Hostname@'\n");
    let event = program.file("event.json", "{}");
    let arguments = ["run", &hook, "--event", &event];
    rejected(
        &program,
        &arguments,
        &format!("{hook}:1:8: "),
        "--hostname HOST",
    );
    program.file("hook.py", "print '@UserName@'\n");
    let report = rejected(&program, &arguments, &format!("{hook}:1:8: "), "UserName");
    assert_eq!(report["error"]["token"], "UserName");
}
