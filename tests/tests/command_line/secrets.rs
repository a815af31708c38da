//! A secret reaches the script and nobody else, however it is given and whatever the script does with it.

use codehook_tests::program::{Ended, Program};

/// A value that has to be escaped in a literal, around the word that must never be seen.
const SECRET: &str = "it's \"hunter2\"\\n Zoë";
const WORD: &str = "hunter2";

/// Proves that the secret arrived, and shows it in every way that a careless hook would.
const SHOWS_IT: &str = r#"# -*- coding: utf-8 -*-
import sys, urllib2
secret = '@secret.KEY@'
print len(secret), secret
print u'@secret.KEY@'.encode('utf-8')
sys.stdout.write(secret[:9])
sys.stdout.flush()
sys.stdout.write(secret[9:] + '\n')
sys.stderr.write(secret + '\n')
try:
    urllib2.urlopen('http://a.test/' + urllib2.quote('in the path') + '?q=' + urllib2.quote(secret))
except IOError:
    pass
raise ValueError('@secret.KEY@')
"#;

fn shows_nothing(ended: &Ended) {
    assert_eq!(ended.code, Some(1), "{ended:?}");
    for text in [&ended.stdout, &ended.stderr] {
        assert!(!text.contains(WORD), "{ended:?}");
    }
}

#[test]
fn a_secret_is_never_shown_to_a_person() {
    let program = Program::new();
    let given = format!("KEY={SECRET}");
    let ended = program.run_source(SHOWS_IT, &["--secret", &given, "--show-script"]);
    shows_nothing(&ended);
    let expected = format!("{} [redacted]\n[redacted]\n[redacted]\n", SECRET.len());
    assert_eq!(ended.stdout, expected);
    assert!(
        ended.stderr.contains("secret = '[redacted]'\n"),
        "{ended:?}"
    );
    assert!(
        ended.stderr.contains("ValueError: [redacted]\n"),
        "{ended:?}"
    );
}

#[test]
fn a_secret_is_never_in_a_report() {
    let program = Program::new();
    let given = format!("KEY={SECRET}");
    let options = ["--secret", &given, "--show-script", "--json"];
    let ended = program.run_source(SHOWS_IT, &options);
    shows_nothing(&ended);
    let report = ended.json();
    let script = report["script"].as_str().expect("the script");
    assert!(script.contains("secret = '[redacted]'\n"), "{script}");
    let stderr = report["stderr"].as_str().expect("text");
    assert!(stderr.starts_with("[redacted]\n"), "{stderr}");
}

#[test]
fn a_secret_in_the_path_of_a_request_is_not_in_the_transcript() {
    let program = Program::new();
    let source = "import urllib2\nurllib2.urlopen('https://a.test/hooks/@secret.KEY@')\n";
    for option in ["--json", "--show-script"] {
        let ended = program.run_source(source, &["--secret", "KEY=hunter2-token", option]);
        shows_nothing(&ended);
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert!(text.contains("https://a.test/hooks/[redacted]"), "{text}");
    }
}

#[test]
fn a_secret_comes_from_the_environment_or_a_file() {
    let program = Program::new();
    let source = "print '@secret.KEY@'[::-1]\n";
    let arguments = program.run_arguments(source, &["--secret", "KEY"]);
    let mut command = program.command(&arguments);
    command.env("KEY", "from the environment");
    let ended = program.finish(command);
    assert_eq!(ended.stdout, "tnemnorivne eht morf\n", "{ended:?}");
    let file = program.file("key.txt", "from a file\n");
    let ended = program.run_source(source, &["--secret-file", &format!("KEY={file}")]);
    assert_eq!(ended.stdout, "elif a morf\n", "{ended:?}");
}

#[test]
fn a_missing_secret_names_the_option() {
    let program = Program::new();
    let source = "print '@secret.OKTA_TOKEN@'\n";
    let ended = program.run_source(source, &[]);
    ended.says(2, "hook.py:1:8: ");
    assert!(ended.stderr.contains("`--secret OKTA_TOKEN`"), "{ended:?}");
    let ended = program.run_source(source, &["--secret", "OKTA_TOKEN"]);
    ended.says(2, "--secret OKTA_TOKEN");
}

#[test]
fn a_refusal_does_not_repeat_a_secret() {
    let program = Program::new();
    for (source, options) in [
        ("pass\n", &["--secret", "hunter2 forgot=its name"][..]),
        (
            "pass\n",
            &["--secret", "A=hunter2", "--secret", "A=hunter2"],
        ),
        ("print r'@secret.KEY@'\n", &["--secret", "KEY=hunter2'"]),
        ("print @secret.KEY@\n", &["--secret", "KEY=hunter2"]),
    ] {
        for format in [&[][..], &["--json"]] {
            let ended = program.run_source(source, &[options, format].concat());
            assert_eq!(ended.code, Some(2), "{ended:?}");
            let text = format!("{}{}", ended.stdout, ended.stderr);
            assert!(!text.contains(WORD), "{text}");
        }
    }
}
