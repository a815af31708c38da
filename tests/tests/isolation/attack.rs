//! One attack: a script, what it sees, and how its run ends.

use std::fs;

use codehook_tests::program::{Ended, Program};
use serde_json::Value;

/// In a file beside the script and in the program's environment: no script may ever see it.
pub(crate) const CANARY: &str = "canary-5f1c77d0";
/// What an attack may use.
const RESOURCES: [&str; 2] = ["--memory", "96MiB"];
/// How long an attack may take that ends of itself, on a machine that is busy with other things.
const PATIENCE: &str = "100s";
/// The exit code of the program when the time is over.
const TIMED_OUT: i32 = 124;
/// Before every script: tries something and prints what came of it, an error by its type and number.
const PRELUDE: &str = "\
def attempt(action, *arguments):
    try: print repr(action(*arguments))
    except Exception as error: print type(error).__name__, getattr(error, 'errno', None) or ''
";

/// What an attack is expected to come to.
pub(crate) enum Expected {
    /// The script ends well, and has printed these lines.
    Sees(&'static str),
    /// The run ends in one of these ways.
    Ends(&'static [&'static str]),
    /// The run ends in this way, and the last line on standard error begins like this.
    Says(&'static str, &'static str),
}

/// The limit of memory is reached: the script dies of it, or meets it as an error of its own.
pub(crate) const MEMORY: &[&str] = &["out_of_memory"];
/// The limit of time is reached.
pub(crate) const TIME: &[&str] = &["timed_out"];

pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) script: &'static str,
    pub(crate) expected: Expected,
}

impl Attack {
    /// Whether the end of its time is one of the ends that are expected.
    fn may_time_out(&self) -> bool {
        matches!(&self.expected, Expected::Ends(ways) if ways.contains(&"timed_out"))
    }
}

/// An attack whose script sees `lines`.
pub(crate) const fn sees(name: &'static str, script: &'static str, lines: &'static str) -> Attack {
    Attack {
        name,
        script,
        expected: Expected::Sees(lines),
    }
}

/// An attack whose run ends in one of these ways.
pub(crate) const fn ends(
    name: &'static str,
    script: &'static str,
    ways: &'static [&'static str],
) -> Attack {
    Attack {
        name,
        script,
        expected: Expected::Ends(ways),
    }
}

/// An attack whose script dies of an error that is shown like this.
pub(crate) const fn fails(name: &'static str, script: &'static str, error: &'static str) -> Attack {
    Attack {
        name,
        script,
        expected: Expected::Says("failed", error),
    }
}

/// Runs each attack within `time` and says of each what the script saw and what the report said.
pub(crate) fn contained(class: &str, time: &str, attacks: &[Attack]) {
    contained_with(class, time, &[], attacks);
}

/// The same with more options.
pub(crate) fn contained_with(class: &str, time: &str, options: &[&str], attacks: &[Attack]) {
    let failures: Vec<String> = attacks
        .iter()
        .filter_map(|attack| run(class, time, options, attack).err())
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn run(class: &str, time: &str, options: &[&str], attack: &Attack) -> Result<(), String> {
    let mut ended = perform(time, options, attack);
    if ended.code == Some(TIMED_OUT) && !attack.may_time_out() {
        ended = perform(PATIENCE, options, attack);
    }
    let verdict = check(attack, &ended);
    let (status, saw) = match &verdict {
        Ok((status, saw)) => (status.as_str(), saw.as_str()),
        Err(error) => ("not contained", error.as_str()),
    };
    println!(
        "attack | {class} | {} | script saw: {} | report: {status}",
        attack.name,
        first_line(saw)
    );
    match verdict {
        Ok(_) => Ok(()),
        Err(error) => Err(format!("{class}, {}: {error}", attack.name)),
    }
}

/// Runs the program with an attack until it ends, which it does soon after the time that it is given.
fn perform(time: &str, options: &[&str], attack: &Attack) -> Ended {
    let program = Program::new();
    fs::write(program.path("canary.txt"), CANARY).expect("the directory is writable");
    let script = format!("{PRELUDE}{}", attack.script);
    let arguments = program.run_arguments(
        &script,
        &[&RESOURCES[..], &["--timeout", time, "--json"], options].concat(),
    );
    let mut command = program.command(&arguments);
    command.env("CANARY", CANARY);
    program.finish(command)
}

/// The report's status and what the script printed.
fn check(attack: &Attack, ended: &Ended) -> Result<(String, String), String> {
    let said = format!("{}{}", ended.stdout, ended.stderr);
    if said.contains(CANARY) {
        return Err("it read the canary".to_owned());
    }
    if !matches!(ended.code, Some(0..=137)) || ended.code == Some(2) || ended.code == Some(3) {
        return Err(format!("the program did not report it: {ended:?}"));
    }
    let report = ended.json();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let status = text(&report["status"]);
    let printed = text(&report["stdout"]);
    match &attack.expected {
        Expected::Sees(lines)
            if status == "succeeded" && printed.trim_end() == lines.trim_end() => {}
        Expected::Ends(ways) if ways.contains(&status.as_str()) => {}
        Expected::Says(way, line) if status == *way && last_line(&report).starts_with(line) => {}
        _ => {
            return Err(format!(
                "unexpected: {status}, {printed:?}, {}",
                report["stderr"]
            ));
        }
    }
    Ok((status, printed))
}

fn last_line(report: &Value) -> &str {
    let said = report["stderr"].as_str().unwrap_or_default();
    said.trim_end().lines().last().unwrap_or_default()
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or("nothing");
    line.chars().take(90).collect()
}
