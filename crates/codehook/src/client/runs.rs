//! `codehook runs`.

use std::fmt::Write;
use std::time::SystemTime;

use codehook_api_types::{
    AttemptOutcome, AttemptView, HookView, ListRunsQuery, MissedEvents, OutputChunk, OutputStream,
    ReplayRequest, RunDetail, RunEnded, RunLogEvent, RunPage, RunState, RunTransition, RunView,
    TenantRunEvent,
};

use super::api::{Api, Call};
use super::stream::{Event, events};
use super::{Failure, connect, print_json, query, segment};
use crate::cli::{ListRunsArgs, ReplayArgs, RunsArgs, RunsCommand, ShowRunArgs};
use crate::exit::Exit;
use crate::terminal;

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
            api.text("POST", &path, Call::default())?;
            terminal::note(&format!("{} is cancelled, or stops now", one.run));
            Ok(Exit::Succeeded)
        }
    }
}

/// Names of hooks by their identifiers.
fn hook_names(api: &Api) -> Result<Vec<(String, String)>, Failure> {
    let hooks: Vec<HookView> = api.get("/hooks")?;
    Ok(hooks.into_iter().map(|hook| (hook.id, hook.name)).collect())
}

/// A hook's name, or the identifier of one that is not there any more.
fn name_of<'a>(names: &'a [(String, String)], id: &'a str) -> &'a str {
    let found = names.iter().find(|(known, _)| known == id);
    found.map_or(id, |(_, name)| name)
}

fn list(api: &Api, args: &ListRunsArgs) -> Result<Exit, Failure> {
    let query = query(&ListRunsQuery {
        state: args.state,
        hook: args.hook.clone(),
        event: args.event.clone(),
        cursor: None,
        limit: Some(args.limit.into()),
    })?;
    let page: RunPage = api.get(&format!("/runs{query}"))?;
    if args.output.json {
        print_json(&page.items)?;
        return Ok(Exit::Succeeded);
    }
    let names = hook_names(api)?;
    for run in &page.items {
        terminal::stdout(format!("{}\n", line(run, &names)).as_bytes());
    }
    Ok(Exit::Succeeded)
}

/// A run on one line.
fn line(run: &RunView, names: &[(String, String)]) -> String {
    let attempts = run.attempts;
    let plural = if attempts == 1 { "attempt" } else { "attempts" };
    let mut line = format!(
        "{}\t{}\t{}\tv{}\t{}\t{attempts} {plural}",
        run.id,
        run.created_at,
        name_of(names, &run.hook),
        run.version,
        run.state,
    );
    if let Some(due) = &run.due_at {
        let _ = write!(line, ", next {due}");
    }
    line
}

fn show(api: &Api, args: &ShowRunArgs) -> Result<Exit, Failure> {
    let detail: RunDetail = api.get(&format!("/runs/{}", segment(&args.run)))?;
    if args.output.json {
        print_json(&detail)?;
        return Ok(Exit::Succeeded);
    }
    let names = hook_names(api)?;
    let run = &detail.run;
    let mut shown = format!("{}\nevent {}\n", line(run, &names), run.event);
    for attempt in detail.history {
        show_attempt(&mut shown, attempt);
    }
    terminal::stdout(shown.as_bytes());
    Ok(Exit::Succeeded)
}

fn show_attempt(shown: &mut String, attempt: AttemptView) {
    let report = attempt.report.unwrap_or_default();
    let _ = writeln!(
        shown,
        "\nattempt {} at {}: {} ({} ms, CPU {} ms)",
        attempt.number,
        attempt.started_at,
        attempt.outcome.map_or("under way", AttemptOutcome::as_str),
        report.duration_ms,
        report.cpu_ms,
    );
    if let Some(error) = &report.error {
        let _ = writeln!(shown, "error: {error}");
    }
    if let Some(asked) = &report.asked {
        let _ = writeln!(shown, "asked for: {} {}", asked.name(), asked.reason());
    }
    for request in &report.http {
        let (method, url) = (&request.method, &request.url);
        let _ = writeln!(shown, "http: {method} {url} {}", request.result());
    }
    shown.push_str(&report.stdout);
    shown.push_str(&report.stderr);
}

/// Shows a run's output as it comes, to the run's end.
pub(super) fn follow(api: &Api, run: &str) -> Result<Exit, Failure> {
    let mut stream = events(api.stream(&format!("/runs/{}/log", segment(run)))?);
    while let Some(Event { name, data }) = stream.next()? {
        match api.parse(RunLogEvent::parse(&name, &data))? {
            Some(RunLogEvent::Output(OutputChunk { stream, text })) => match stream {
                OutputStream::Stdout => terminal::stdout(text.as_bytes()),
                OutputStream::Stderr => terminal::stderr(text.as_bytes()),
            },
            Some(RunLogEvent::Attempt(started)) => {
                terminal::note(&format!("{run}: attempt {}", started.attempt));
            }
            Some(RunLogEvent::AttemptEnded(ended)) => {
                let error = ended
                    .error
                    .map_or_else(String::new, |error| format!(": {error}"));
                let (attempt, outcome) = (ended.attempt, ended.outcome);
                terminal::note(&format!("{run}: attempt {attempt} {outcome}{error}"));
            }
            Some(RunLogEvent::End(RunEnded { state })) => {
                terminal::note(&format!("{run}: {state}"));
                return Ok(match state {
                    RunState::Succeeded => Exit::Succeeded,
                    _ => Exit::ScriptFailed,
                });
            }
            // From a later version.
            None => {}
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
    terminal::note(&format!(
        "watching the runs of {}; Ctrl-C ends it",
        api.target.tenant
    ));
    while let Some(Event { name, data }) = stream.next()? {
        let event = match api.parse(TenantRunEvent::parse(&name, &data))? {
            Some(TenantRunEvent::Run(event)) => event,
            Some(TenantRunEvent::Behind(MissedEvents { missing })) => {
                terminal::note(&format!("too slow: {missing} changes are missing here"));
                continue;
            }
            // From a later version.
            None => continue,
        };
        let became = match event.transition {
            RunTransition::Started => "started".to_owned(),
            RunTransition::Ended { outcome, state } => format!("{outcome}, now {state}"),
        };
        let line = format!(
            "{}\t{}\tattempt {}\t{became}\n",
            event.run,
            name_of(&names, &event.hook),
            event.attempt,
        );
        terminal::stdout(line.as_bytes());
    }
    terminal::note("the service has ended the stream");
    Ok(Exit::Unable)
}

fn replay(api: &Api, args: &ReplayArgs) -> Result<Exit, Failure> {
    if let Some(run) = &args.run {
        let path = format!("/runs/{}/replay", segment(run));
        let made: RunView = api.call("POST", &path, Call::default())?;
        terminal::stdout(format!("{}\n", made.id).as_bytes());
        return Ok(Exit::Succeeded);
    }
    let Some(state) = args.state else {
        return Err(Failure::Refused(
            "give the run, or --state and --since".to_owned(),
        ));
    };
    let since = args.since.unwrap_or_default();
    let since = SystemTime::now()
        .checked_sub(since)
        .unwrap_or(SystemTime::UNIX_EPOCH);
    let request = ReplayRequest {
        state,
        hook: args.hook.clone(),
        since: humantime::format_rfc3339_millis(since).to_string(),
    };
    let made: Vec<String> = api.call("POST", "/runs/replay", Call::with(&request))?;
    for run in &made {
        terminal::stdout(format!("{run}\n").as_bytes());
    }
    terminal::note(&format!("{} runs are made anew", made.len()));
    Ok(Exit::Succeeded)
}
