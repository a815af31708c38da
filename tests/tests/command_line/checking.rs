//! `codehook check`, `codehook runtime` and the help.

use serde_json::Value;

use codehook_tests::program::{Ended, Program, fixture};

/// The names in a list of a report, each once, in alphabetical order.
fn names(report: &Value, list: &str, field: &str) -> Vec<String> {
    let entries = report[list].as_array().expect("a list");
    let mut names: Vec<String> = entries
        .iter()
        .map(|entry| entry[field].as_str().expect("text").to_owned())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[test]
fn every_documented_hook_compiles_and_its_tokens_and_hosts_are_listed() {
    let program = Program::new();
    for (hook, tokens, hosts) in [
        ("hello.py", 12, &[][..]),
        ("okta_suspend_user.py", 2, &["example.okta.com"]),
        ("fax_alert.py", 12, &["@Hostname@"]),
    ] {
        let hook = fixture(&format!("hooks/{hook}"));
        let person = program.run(&["check", &hook]);
        assert_eq!(person.code, Some(0), "{person:?}");
        let first = format!("{hook}: compiles as python2.7\n");
        assert!(person.stdout.starts_with(&first), "{person:?}");
        assert!(person.stdout.contains(&format!("\ntokens: {tokens}\n")));
        assert!(person.stdout.contains("\nwarnings: none\n"), "{person:?}");
        let json = program.run(&["check", &hook, "--json"]);
        assert_eq!(json.code, Some(0), "{json:?}");
        let report = json.json();
        assert_eq!(report["status"], "compiles");
        let found = names(&report, "tokens", "name");
        assert_eq!(found.len(), tokens, "{found:?}");
        for token in &found {
            assert!(person.stdout.contains(&format!("\n  @{token}@ ")));
        }
        assert_eq!(names(&report, "hosts", "host"), hosts);
        for host in hosts {
            assert!(person.stdout.contains(&format!("\n  {host} ")));
        }
    }
}

#[test]
fn bad_indentation_is_told_with_the_templates_line() {
    let program = Program::new();
    let hook = program.file(
        "hook.py",
        "user = '''@UserName@\n@UserId@'''\nif user:\nprint user\n",
    );
    let person = program.run(&["check", &hook]);
    assert_eq!(person.code, Some(1), "{person:?}");
    let expected = format!("{hook}:4: IndentationError: expected an indented block\n");
    assert!(person.stdout.starts_with(&expected), "{person:?}");
    assert!(person.stdout.contains("    print user\n"), "{person:?}");
    let json = program.run(&["check", &hook, "--json"]);
    assert_eq!(json.code, Some(1), "{json:?}");
    let report = json.json();
    assert_eq!(report["status"], "does_not_compile");
    assert_eq!(report["error"]["line"], 4);
}

#[test]
fn a_checked_script_does_not_run() {
    let program = Program::new();
    let hook = program.file("hook.py", "print 'ran'\nwhile True: pass\n");
    let ended = program.run(&["check", &hook]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(!ended.stdout.contains("ran"), "{ended:?}");
}

#[test]
fn a_token_where_none_can_stand_is_refused_with_its_place() {
    let program = Program::new();
    let hook = program.file("hook.py", "x = 1\nname@UserName@ = 2\n");
    let ended = program.run(&["check", &hook]);
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains(&format!("{hook}:2:5: ")), "{ended:?}");
}

/// The warnings about `source`, which is one line.
fn warned(source: &str) -> String {
    let program = Program::new();
    let hook = program.file("hook.py", source);
    let ended: Ended = program.run(&["check", &hook]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        ended.stdout.contains(&format!("\n{hook}:1:")),
        "no warning: {ended:?}"
    );
    ended.stdout
}

#[test]
fn a_misspelt_token_is_warned_of() {
    let text = warned("user = '@Useremail@'\n");
    assert!(
        text.contains(":1:9: warning: @Useremail@ is no token"),
        "{text}"
    );
    assert!(text.contains("did you mean @UserEmail@?"), "{text}");
}

#[test]
fn a_credential_is_warned_of_and_not_repeated() {
    let text = warned("password = 'hunter2'\n");
    assert!(text.contains("@secret."), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
    let text = warned("headers = {'Authorization': 'SSWS 00hunter2ABCDEF'}\n");
    assert!(!text.contains("hunter2"), "{text}");
}

#[test]
fn a_tmp_file_that_is_never_removed_is_warned_of() {
    let text = warned("open('/tmp/report.pdf', 'w').write('x')\n");
    assert!(text.contains("os.remove"), "{text}");
}

#[test]
fn a_mappings_own_tokens_are_known() {
    let program = Program::new();
    let hook = program.file("hook.py", "print '@TenantId@'\n");
    let mapping = program.file("mapping.json", r#"{"tokens": {"TenantId": "$.TenantId"}}"#);
    let without = program.run(&["check", &hook]);
    assert!(without.stdout.contains("@TenantId@ is no token"));
    let with = program.run(&["check", &hook, "--mapping", &mapping]);
    assert!(with.stdout.contains("\nwarnings: none\n"), "{with:?}");
    assert!(with.stdout.contains("\n  @TenantId@ "), "{with:?}");
}

#[test]
fn the_runtime_and_its_packages_are_listed() {
    let program = Program::new();
    let person = program.run(&["runtime"]);
    assert_eq!(person.code, Some(0), "{person:?}");
    assert!(person.stdout.contains("python2.7"), "{person:?}");
    let report = program.run(&["runtime", "--json"]).json();
    assert_eq!(report["runtime"], "python2.7");
    let packages = names(&report, "packages", "name");
    for name in ["interfax", "requests", "xhtml2pdf"] {
        assert!(packages.iter().any(|own| own == name), "{packages:?}");
        assert!(person.stdout.contains(&format!("\n  {name} ")));
    }
    let cache = report["cache_directory"].as_str().expect("a directory");
    assert!(cache.ends_with("/test-cache-home/codehook"), "{cache}");
}

#[test]
fn the_help_of_every_command_shows_an_example() {
    let program = Program::new();
    for command in ["run", "check", "runtime"] {
        let ended = program.run(&[command, "--help"]);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("Example"), "{command}: {ended:?}");
        let example = format!("\n    codehook {command}");
        assert!(ended.stdout.contains(&example), "{command}: {ended:?}");
    }
}

#[test]
fn the_help_documents_every_exit_code() {
    let help = Program::new().run(&["run", "--help"]).stdout;
    let (_, codes) = help.split_once("Exit codes:").expect("a list");
    for code in ["0", "1", "2", "3", "124", "130", "137", "143"] {
        let listed = codes
            .lines()
            .any(|line| line.split_whitespace().next() == Some(code));
        assert!(listed, "{code} in {codes}");
    }
}
