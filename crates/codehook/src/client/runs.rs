//! `codehook runs`.

use std::fmt::Write;
use std::time::SystemTime;

use serde_json::{Value, json};

use super::api::{Api, Call};
use super::stream::{Event, events};
use super::{Failure, connect, segment};
use crate::cli::{ListRunsArgs, ReplayArgs, RunsArgs, RunsCommand, ShowRunArgs};
use crate::exit::Exit;
use crate::say;

pub(super) fn command(args: &RunsArgs) -> Result<Exit, Failure> {
    let api = connect(&args.service)?;
    match &args.command {
        RunsCommand::List(list) => self::list(&api, list),
        RunsCommand::Show(show) => self::show(&api, show),
        RunsCommand::Tail(tail) => match &tail.run {
            Some(run) => follow(&api, run),
            None => watch(&api),
        },
        RunsCommand::Replay(replay) => self::replay(&api, replay),
        RunsCommand::Cancel(one) => {
            let path = format!("/runs/{}/cancel", segment(&one.run));
            api.call("POST", &path, Call::default())?;
            say::note(&format!("{} is cancelled, or stops now", one.run));
            Ok(Exit::Succeeded)
        }
    }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Names of hooks by their identifiers.
fn hook_names(api: &Api) -> Result<Vec<(String, String)>, Failure> {
    let hooks = api.call("GET", "/hooks", Call::default())?;
    let pair = |hook: &Value| (text(hook, "id").to_owned(), text(hook, "name").to_owned());
    Ok(hooks.as_array().into_iter().flatten().map(pair).collect())
}

/// A hook's name, or the identifier of one that is not there any more.
fn name_of<'a>(names: &'a [(String, String)], id: &'a str) -> &'a str {
    let found = names.iter().find(|(known, _)| known == id);
    found.map_or(id, |(_, name)| name)
}

fn list(api: &Api, args: &ListRunsArgs) -> Result<Exit, Failure> {
    let mut query = format!("?limit={}", args.limit);
    for (name, value) in [
        ("state", &args.state),
        ("hook", &args.hook),
        ("event", &args.event),
    ] {
        if let Some(value) = value {
            let _ = write!(query, "&{name}={}", segment(value));
        }
    }
    let page = api.call("GET", &format!("/runs{query}"), Call::default())?;
    if args.output.json {
        say::stdout(format!("{}\n", page["items"]).as_bytes());
        return Ok(Exit::Succeeded);
    }
    let names = hook_names(api)?;
    for run in page["items"].as_array().into_iter().flatten() {
        say::stdout(format!("{}\n", line(run, &names)).as_bytes());
    }
    Ok(Exit::Succeeded)
}

/// A run on one line.
fn line(run: &Value, names: &[(String, String)]) -> String {
    let attempts = run["attempts"].as_u64().unwrap_or_default();
    let plural = if attempts == 1 { "attempt" } else { "attempts" };
    let mut line = format!(
        "{}\t{}\t{}\tv{}\t{}\t{attempts} {plural}",
        text(run, "id"),
        text(run, "created_at"),
        name_of(names, text(run, "hook")),
        run["version"],
        text(run, "state"),
    );
    if let Some(due) = run["due_at"].as_str() {
        let _ = write!(line, ", next {due}");
    }
    line
}

fn show(api: &Api, args: &ShowRunArgs) -> Result<Exit, Failure> {
    let run = api.call(
        "GET",
        &format!("/runs/{}", segment(&args.run)),
        Call::default(),
    )?;
    if args.output.json {
        say::stdout(format!("{run}\n").as_bytes());
        return Ok(Exit::Succeeded);
    }
    let names = hook_names(api)?;
    let mut shown = format!("{}\nevent {}\n", line(&run, &names), text(&run, "event"));
    for attempt in run["history"].as_array().into_iter().flatten() {
        let report = &attempt["report"];
        let _ = writeln!(
            shown,
            "\nattempt {} at {}: {} ({} ms, CPU {} ms)",
            attempt["number"],
            text(attempt, "started_at"),
            attempt["outcome"].as_str().unwrap_or("under way"),
            report["duration_ms"].as_f64().unwrap_or_default(),
            report["cpu_ms"].as_f64().unwrap_or_default(),
        );
        if let Some(error) = report["error"].as_str() {
            let _ = writeln!(shown, "error: {error}");
        }
        if let Some(what) = report["asked"]["what"].as_str() {
            let _ = writeln!(
                shown,
                "asked for: {what} {}",
                text(&report["asked"], "reason")
            );
        }
        for request in report["http"].as_array().into_iter().flatten() {
            let result = match (request["status"].as_u64(), request["error"].as_str()) {
                (Some(status), None) => status.to_string(),
                (Some(status), Some(error)) => format!("{status}, then {error}"),
                (None, error) => error.unwrap_or("no answer").to_owned(),
            };
            let _ = writeln!(
                shown,
                "http: {} {} {result}",
                text(request, "method"),
                text(request, "url")
            );
        }
        shown.push_str(text(report, "stdout"));
        shown.push_str(text(report, "stderr"));
    }
    say::stdout(shown.as_bytes());
    Ok(Exit::Succeeded)
}

/// Shows a run's output as it comes, to the run's end.
pub(super) fn follow(api: &Api, run: &str) -> Result<Exit, Failure> {
    let mut stream = events(api.stream(&format!("/runs/{}/log", segment(run)))?);
    while let Some(Event { name, data }) = stream.next()? {
        match name.as_str() {
            "output" if text(&data, "stream") == "stdout" => {
                say::stdout(text(&data, "text").as_bytes())
            }
            "output" => say::stderr(text(&data, "text").as_bytes()),
            "attempt" => say::note(&format!("{run}: attempt {}", data["attempt"])),
            "attempt_ended" => {
                let error = data["error"]
                    .as_str()
                    .map_or_else(String::new, |error| format!(": {error}"));
                say::note(&format!(
                    "{run}: attempt {} {}{error}",
                    data["attempt"],
                    text(&data, "outcome")
                ));
            }
            "end" => {
                let state = text(&data, "state");
                say::note(&format!("{run}: {state}"));
                return Ok(match state {
                    "succeeded" => Exit::Succeeded,
                    _ => Exit::ScriptFailed,
                });
            }
            _ => {}
        }
    }
    Err(Failure::Unable(
        "the service ended the stream before the run had ended: follow it again in a moment"
            .to_owned(),
    ))
}

/// Shows every run as it begins and ends, until the service ends.
fn watch(api: &Api) -> Result<Exit, Failure> {
    let names = hook_names(api)?;
    let mut stream = events(api.stream("/runs/live")?);
    say::note(&format!(
        "watching the runs of {}; Ctrl-C ends it",
        api.target.tenant
    ));
    while let Some(Event { name, data }) = stream.next()? {
        if name == "behind" {
            say::note(&format!(
                "too slow: {} changes are missing here",
                data["missing"]
            ));
            continue;
        }
        let became = match text(&data, "what") {
            "started" => "started".to_owned(),
            _ => format!("{}, now {}", text(&data, "outcome"), text(&data, "state")),
        };
        let line = format!(
            "{}\t{}\tattempt {}\t{became}\n",
            text(&data, "run"),
            name_of(&names, text(&data, "hook")),
            data["attempt"],
        );
        say::stdout(line.as_bytes());
    }
    say::note("the service has ended the stream");
    Ok(Exit::Unable)
}

fn replay(api: &Api, args: &ReplayArgs) -> Result<Exit, Failure> {
    if let Some(run) = &args.run {
        let made = api.call(
            "POST",
            &format!("/runs/{}/replay", segment(run)),
            Call::default(),
        )?;
        say::stdout(format!("{}\n", text(&made, "id")).as_bytes());
        return Ok(Exit::Succeeded);
    }
    let since = args.since.unwrap_or_default();
    let since = SystemTime::now()
        .checked_sub(since)
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let mut body = json!({
        "state": args.state, "since": humantime::format_rfc3339_millis(since).to_string(),
    });
    if let Some(hook) = &args.hook {
        body["hook"] = json!(hook);
    }
    let made = api.call("POST", "/runs/replay", Call::with(&body))?;
    let made: Vec<&str> = made
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for run in &made {
        say::stdout(format!("{run}\n").as_bytes());
    }
    say::note(&format!("{} runs are made anew", made.len()));
    Ok(Exit::Succeeded)
}
