//! The commands that speak to a service, as a person types them.

use std::fs;
use std::io::{BufRead, BufReader};

use codehook_tests::program::{Ended, Program};
use serde_json::json;

use crate::server::Service;

/// A folder of somebody's who is logged in.
struct Person {
    program: Program,
    key: String,
    server: String,
}

impl Person {
    fn new(service: &Service) -> Self {
        let manager = service.key("acme", &["ingest", "read", "manage"]);
        let (server, key) = manager.address();
        let person = Self {
            program: Program::new(),
            key: key.to_owned(),
            server: server.to_owned(),
        };
        let server = person.server.clone();
        let ended = person.types(
            &["login", "--server", &server, "--tenant", "acme"],
            &person.key.clone(),
        );
        assert_eq!(ended.code, Some(0), "{ended:?}");
        person
    }

    fn types(&self, arguments: &[&str], input: &str) -> Ended {
        let mut command = self.program.command(arguments);
        command.env("XDG_CONFIG_HOME", self.program.path("config"));
        command.env("TOKEN", "from-the-environment");
        let file = self.program.file("input", input);
        command.stdin(fs::File::open(file).expect("a file"));
        let ended = self.program.finish(command);
        assert!(
            !ended.stderr.contains(&self.key) && !ended.stdout.contains(&self.key),
            "{ended:?}"
        );
        ended
    }

    /// What it prints when it succeeds, and what it says besides.
    #[track_caller]
    fn does(&self, arguments: &[&str]) -> (String, String) {
        let ended = self.types(arguments, "");
        assert_eq!(ended.code, Some(0), "{ended:?}");
        (ended.stdout, ended.stderr)
    }

    /// What it says when it refuses.
    #[track_caller]
    fn is_refused(&self, arguments: &[&str]) -> String {
        let ended = self.types(arguments, "");
        assert_eq!(ended.code, Some(2), "{ended:?}");
        ended.stderr
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.program.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.program.path(name)).expect("a file")
    }
}

const PROJECT: &str = "\
# Ours.
[hooks.greet]
template = \"hooks/greet.py\"
mapping = \"mapping.json\"
secrets = [\"TOKEN\"]
trigger = { on = \"any\", when = \"has(event.who)\" }
limits = { timeout_seconds = 5 }
";
const TEMPLATE: &str = "print 'hello @Who@', len('@secret.TOKEN@')\n";
const MAPPING: &str = r#"{"tokens": {"Who": "$.who"}}"#;

fn with_a_project(service: &Service) -> Person {
    let person = Person::new(service);
    person.write("codehook.toml", PROJECT);
    person.write("hooks/greet.py", TEMPLATE);
    person.write("mapping.json", MAPPING);
    person
}

#[test]
fn a_hook_goes_from_a_folder_to_the_service_and_answers_an_event() {
    let service = Service::start();
    let person = with_a_project(&service);
    // First here, with the same settings.
    person.write("event.json", r#"{"who": "ann"}"#);
    let (printed, said) = person.does(&["run", "greet", "--event", "event.json"]);
    assert_eq!(printed, "hello ann 20\n");
    assert!(said.contains("codehook.toml"), "{said}");
    let ended = person.types(&["secrets", "set", "TOKEN"], "ten bytes!\n");
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(person.does(&["secrets", "list"]).0.starts_with("TOKEN\t"));
    let differs = person.types(&["hooks", "diff"], "");
    assert_eq!(differs.code, Some(1), "{differs:?}");
    let (_, said) = person.does(&["hooks", "push", "--publish"]);
    assert!(said.contains("version 1 runs"), "{said}");
    assert!(
        person
            .does(&["hooks", "list"])
            .0
            .starts_with("greet\tversion 1 runs")
    );
    let (printed, said) = person.does(&["events", "send", "event.json", "--wait"]);
    assert!(printed.contains("hello ann 10\n"), "{printed}");
    assert!(said.contains("succeeded"), "{said}");
    let listed = person.does(&["runs", "list"]).0;
    assert!(
        listed.contains("\tgreet\tv1\tsucceeded\t1 attempt"),
        "{listed}"
    );
    let run = listed.split('\t').next().expect("an identifier");
    assert!(
        person
            .does(&["runs", "show", run])
            .0
            .contains("hello ann 10\n")
    );
    let followed = person.does(&["runs", "tail", run]);
    assert_eq!(followed.0, "hello ann 10\n");
    let again = person.does(&["runs", "replay", run]).0;
    assert_eq!(
        person.does(&["runs", "tail", again.trim()]).0,
        "hello ann 10\n"
    );
    let many = person.does(&["runs", "replay", "--state", "failed", "--since", "1h"]);
    assert!(many.1.contains("0 runs"), "{many:?}");
}

#[test]
fn two_people_do_not_overwrite_each_others_changes() {
    let service = Service::start();
    let (ann, bob) = (with_a_project(&service), Person::new(&service));
    ann.does(&["hooks", "push"]);
    bob.does(&["hooks", "pull"]);
    assert_eq!(bob.read("hooks/greet.py"), TEMPLATE);
    assert_eq!(bob.types(&["hooks", "diff"], "").code, Some(0));
    bob.write("hooks/greet.py", "print 'bob'\n");
    bob.does(&["hooks", "push", "--publish"]);
    ann.write("hooks/greet.py", "print 'ann'\n");
    let said = ann.is_refused(&["hooks", "push"]);
    assert!(
        said.contains("changed on") && said.contains("hooks diff greet"),
        "{said}"
    );
    let said = ann.is_refused(&["hooks", "pull"]);
    assert!(said.contains("changed here"), "{said}");
    let differs = ann.types(&["hooks", "diff", "greet"], "");
    assert!(
        differs.stdout.contains("-print 'bob'") && differs.stdout.contains("+print 'ann'"),
        "{differs:?}"
    );
    ann.does(&["hooks", "pull", "--force"]);
    assert_eq!(ann.read("hooks/greet.py"), "print 'bob'\n");
    assert!(ann.read("codehook.toml").starts_with("# Ours."));
    ann.write("hooks/greet.py", "print 'both'\n");
    ann.does(&["hooks", "push", "--publish"]);
    ann.does(&["hooks", "rollback", "greet", "1"]);
    let versions = ann.does(&["hooks", "versions", "greet"]).0;
    assert!(
        versions.contains("\truns") && versions.lines().count() >= 2,
        "{versions}"
    );
    assert!(
        ann.does(&["hooks", "disable", "greet"])
            .1
            .contains("disabled")
    );
}

#[test]
fn what_is_wrong_is_said_with_what_to_do() {
    let service = Service::start();
    let person = with_a_project(&service);
    person.write("hooks/greet.py", "print 'hello\n");
    let said = person.is_refused(&["hooks", "push"]);
    assert!(said.contains("greet") && said.contains("line 1"), "{said}");
    let said = person.is_refused(&["runs", "show", "../../tenants"]);
    assert!(said.contains("404"), "{said}");
    let said = person.is_refused(&["hooks", "list", "--tenant", "other"]);
    assert!(said.contains("codehook login"), "{said}");
    let nobody = Program::new();
    let ended = nobody.run(&["hooks", "list"]);
    ended.says(2, "codehook login");
    let asks = |server: &str| {
        let mut command =
            nobody.command(&["hooks", "list", "--server", server, "--tenant", "acme"]);
        command.env("CODEHOOK_API_KEY", "chk_x");
        nobody.finish(command)
    };
    let ended = asks("http://127.0.0.1:9");
    ended.says(3, "cannot be reached");
    let ended = asks("http://hooks.example");
    assert!(ended.stderr.contains("use https"), "{ended:?}");
}

#[test]
fn a_key_is_kept_for_its_owner_alone_and_forgotten_when_asked() {
    let service = Service::start();
    let person = Person::new(&service);
    let file = person.program.path("config/codehook/credentials.toml");
    assert!(
        fs::read_to_string(&file)
            .expect("a file")
            .contains(&person.key)
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(&file).expect("a file").permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    person.does(&["hooks", "list"]);
    let wrong = person.types(&["login", "--tenant", "other"], &person.key);
    assert!(
        wrong.code == Some(2) && wrong.stderr.contains("acme"),
        "{wrong:?}"
    );
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644))
        .expect("a file");
    assert!(
        person
            .is_refused(&["hooks", "list"])
            .contains("others can read")
    );
    fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))
        .expect("a file");
    person.does(&["logout"]);
    assert!(
        person
            .is_refused(&["hooks", "list"])
            .contains("codehook login")
    );
}

#[test]
fn a_watcher_sees_runs_begin_and_end() {
    let service = Service::start();
    let person = with_a_project(&service);
    let client = &service.client;
    client.publish("h", json!({"template": "pass"}));
    let mut command = person.program.command(&["runs", "tail"]);
    command.env("XDG_CONFIG_HOME", person.program.path("config"));
    let mut watching = codehook_tests::program::spawn(&mut command);
    let mut said = BufReader::new(watching.stderr.take().expect("a pipe"));
    let mut line = String::new();
    said.read_line(&mut line).expect("it says that it watches");
    assert!(line.contains("watching the runs of acme"), "{line}");
    watching.stderr = Some(said.into_inner());
    client.ended(&client.event(&json!({}))["runs"][0]);
    let mut service = service;
    service.terminate();
    let ended = person.program.wait(watching);
    assert!(
        ended.stdout.contains("\th\tattempt 1\tstarted\n"),
        "{ended:?}"
    );
    assert!(
        ended
            .stdout
            .contains("\th\tattempt 1\tsucceeded, now succeeded\n"),
        "{ended:?}"
    );
}
