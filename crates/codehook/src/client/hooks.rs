//! `codehook hooks`.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::api::{Api, Call};
use super::synced::Synced;
use super::{Failure, connect, definition};
use crate::cli::{DiffArgs, HooksArgs, HooksCommand, PushArgs, SomeHooks};
use crate::exit::Exit;
use crate::project::{FILE, Project};
use crate::say;

pub(super) fn command(args: &HooksArgs) -> Result<Exit, Failure> {
    let api = connect(&args.service)?;
    match &args.command {
        HooksCommand::List(list) => self::list(&api, list.json),
        HooksCommand::Pull(some) => pull(&api, some),
        HooksCommand::Push(push) => self::push(&api, push),
        HooksCommand::Diff(diff) => self::diff(&api, diff),
        HooksCommand::Versions(one) => versions(&api, &one.name),
        HooksCommand::Publish(one) => change(&api, &one.name, "publish", None),
        HooksCommand::Rollback(back) => {
            let body = json!({"version": back.version});
            change(&api, &back.name, "rollback", Some(&body))
        }
        HooksCommand::Enable(one) => change(&api, &one.name, "enable", None),
        HooksCommand::Disable(one) => change(&api, &one.name, "disable", None),
        HooksCommand::Delete(one) => {
            api.call("DELETE", &path(&one.name), Call::default())?;
            say::note(&format!(
                "{} is deleted from {}",
                one.name, api.target.server
            ));
            Ok(Exit::Succeeded)
        }
    }
}

fn path(name: &str) -> String {
    format!("/hooks/{}", super::segment(name))
}

fn list(api: &Api, json: bool) -> Result<Exit, Failure> {
    let hooks = api.call("GET", "/hooks", Call::default())?;
    if json {
        say::stdout(format!("{hooks}\n").as_bytes());
        return Ok(Exit::Succeeded);
    }
    for hook in hooks.as_array().into_iter().flatten() {
        say::stdout(format!("{}\n", state(hook)).as_bytes());
    }
    Ok(Exit::Succeeded)
}

/// A hook on one line.
fn state(hook: &Value) -> String {
    let name = hook["name"].as_str().unwrap_or_default();
    let published = match hook["published"].as_u64() {
        Some(version) => format!("version {version} runs"),
        None => "a draft only".to_owned(),
    };
    let disabled = match hook["enabled"].as_bool() {
        Some(false) => ", disabled",
        _ => "",
    };
    let on = hook["draft"]["trigger"]["on"].as_str().unwrap_or("any");
    format!("{name}\t{published}{disabled}\ton {on}")
}

fn change(api: &Api, name: &str, what: &str, body: Option<&Value>) -> Result<Exit, Failure> {
    let call = Call {
        body,
        headers: Vec::new(),
    };
    let hook = api.call("POST", &format!("{}/{what}", path(name)), call)?;
    say::note(&state(&hook).replace('\t', ": "));
    Ok(Exit::Succeeded)
}

fn versions(api: &Api, name: &str) -> Result<Exit, Failure> {
    let hook = api.call("GET", &path(name), Call::default())?;
    let versions = api.call("GET", &format!("{}/versions", path(name)), Call::default())?;
    for version in versions.as_array().into_iter().flatten() {
        let number = version["version"].as_u64();
        let mark = match number == hook["published"].as_u64() {
            true => "\truns",
            false => "",
        };
        let at = version["created_at"].as_str().unwrap_or_default();
        let line = format!("{}\tpublished {at}{mark}\n", number.unwrap_or_default());
        say::stdout(line.as_bytes());
    }
    Ok(Exit::Succeeded)
}

fn must_have_project() -> Result<Project, Failure> {
    Project::find()?.ok_or_else(|| {
        Failure::Refused(format!(
            "there is no {FILE} here or above: `codehook hooks pull` makes one, and `codehook hooks --help` shows one"
        ))
    })
}

fn pull(api: &Api, some: &SomeHooks) -> Result<Exit, Failure> {
    // For a first pull there need not be one.
    let project = Project::find()?;
    let directory = match &project {
        Some(project) => project.directory().to_owned(),
        None => PathBuf::from("."),
    };
    let mut synced = Synced::read(&directory)?;
    let hooks = api.call("GET", "/hooks", Call::default())?;
    let hooks: Vec<&Value> = hooks.as_array().into_iter().flatten().collect();
    let name_of = |hook: &Value| hook["name"].as_str().unwrap_or_default().to_owned();
    for name in &some.names {
        if !hooks.iter().any(|hook| name_of(hook) == *name) {
            return Err(Failure::Refused(format!(
                "{} has no hook {name}",
                api.target.tenant
            )));
        }
    }
    for hook in hooks {
        let name = name_of(hook);
        if !some.names.is_empty() && !some.names.contains(&name) {
            continue;
        }
        let here = project
            .as_ref()
            .and_then(|project| Some((project, project.hooks().get(&name)?)));
        if let Some((project, ours)) = here
            && !some.force
            && let Ok(local) = definition::local(project, ours)
            && !synced.is_unchanged(&name, &local)
            && !compare(api, &name, &local, None)?.is_empty()
        {
            return Err(Failure::Refused(format!(
                "{name} was changed here: `codehook hooks diff {name}` shows how; push it, or replace it with --force"
            )));
        }
        definition::write(
            &directory,
            here.map(|(_, ours)| ours),
            &name,
            &hook["draft"],
        )?;
        let written = Project::read(&directory)?;
        let local = definition::local(&written, &written.hooks()[&name])?;
        synced.agree(&name, hook["revision"].as_u64().unwrap_or_default(), &local)?;
        say::note(&format!("{name} is as on {}", api.target.server));
    }
    Ok(Exit::Succeeded)
}

/// Hooks of this folder by name, all when none is named.
fn chosen(project: &Project, names: &[String]) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        return Ok(project.hooks().keys().cloned().collect());
    }
    for name in names {
        if !project.hooks().contains_key(name) {
            return Err(Failure::Refused(format!("{FILE} has no hook {name}")));
        }
    }
    Ok(names.to_vec())
}

/// What differs between a hook here and there, as a unified diff; nothing when nothing does.
fn compare(api: &Api, name: &str, local: &Value, version: Option<u32>) -> Result<String, Failure> {
    let query = version.map_or_else(String::new, |version| format!("?from={version}"));
    api.text(
        "POST",
        &format!("{}/diff{query}", path(name)),
        Call::with(local),
    )
}

fn diff(api: &Api, args: &DiffArgs) -> Result<Exit, Failure> {
    let project = must_have_project()?;
    let mut differs = false;
    for name in chosen(&project, &args.names)? {
        let local = definition::local(&project, &project.hooks()[&name])?;
        match compare(api, &name, &local, args.version) {
            Ok(diff) if diff.is_empty() => {}
            Ok(diff) => {
                differs = true;
                say::stdout(format!("hook {name}\n{diff}").as_bytes());
            }
            Err(Failure::Refused(reason)) if !names(api)?.contains(&name) => {
                differs = true;
                say::note(&format!(
                    "{name} is not on {} yet ({reason})",
                    api.target.server
                ));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(match differs {
        true => Exit::ScriptFailed,
        false => Exit::Succeeded,
    })
}

/// The service's hooks.
fn names(api: &Api) -> Result<Vec<String>, Failure> {
    let hooks = api.call("GET", "/hooks", Call::default())?;
    let hooks = hooks.as_array().into_iter().flatten();
    Ok(hooks
        .filter_map(|hook| hook["name"].as_str().map(str::to_owned))
        .collect())
}

fn push(api: &Api, args: &PushArgs) -> Result<Exit, Failure> {
    let project = must_have_project()?;
    let mut synced = Synced::read(project.directory())?;
    let there = names(api)?;
    for name in chosen(&project, &args.names)? {
        let local = definition::local(&project, &project.hooks()[&name])?;
        let hook = if !there.contains(&name) {
            let body = json!({"name": name, "draft": local});
            let made = api.call("POST", "/hooks", Call::with(&body));
            let made = made.map_err(|failure| about(&name, failure))?;
            say::note(&format!("{name} is new on {}", api.target.server));
            made
        } else if compare(api, &name, &local, None)
            .map_err(|failure| about(&name, failure))?
            .is_empty()
        {
            say::note(&format!("{name} is on {} as it is here", api.target.server));
            api.call("GET", &path(&name), Call::default())?
        } else {
            let changed = edit(api, &name, &local, args.force, &synced)?;
            say::note(&format!(
                "{name}: the draft on {} is as here now",
                api.target.server
            ));
            changed
        };
        synced.agree(&name, revision(&hook), &local)?;
        if args.publish && needs_publishing(api, &name, &hook)? {
            let headers = vec![("if-match", format!("\"{}\"", revision(&hook)))];
            let call = Call {
                body: None,
                headers,
            };
            let hook = api.call("POST", &format!("{}/publish", path(&name)), call)?;
            synced.agree(&name, revision(&hook), &local)?;
            say::note(&state(&hook).replace('\t', ": "));
        }
    }
    Ok(Exit::Succeeded)
}

fn revision(hook: &Value) -> u64 {
    hook["revision"].as_u64().unwrap_or_default()
}

fn about(name: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Refused(text) => Failure::Refused(format!("{name}: {text}")),
        Failure::Unable(text) => Failure::Unable(format!("{name}: {text}")),
    }
}

/// Whether the draft is another one than what runs.
fn needs_publishing(api: &Api, name: &str, hook: &Value) -> Result<bool, Failure> {
    if hook["published"].is_null() {
        return Ok(true);
    }
    let diff = api.text("GET", &format!("{}/diff", path(name)), Call::default())?;
    Ok(!diff.is_empty())
}

fn edit(
    api: &Api,
    name: &str,
    local: &Value,
    force: bool,
    synced: &Synced,
) -> Result<Value, Failure> {
    let mut headers = Vec::new();
    if !force {
        let agreed = synced.of(name).ok_or_else(|| {
            Failure::Refused(format!(
                "{name} is on {} already and was not pulled from there: `codehook hooks diff {name}` shows what differs; pull it, or \
                 replace it with --force",
                api.target.server
            ))
        })?;
        headers.push(("if-match", format!("\"{}\"", agreed.revision)));
    }
    let call = Call {
        body: Some(local),
        headers,
    };
    api.call("PUT", &path(name), call).map_err(|failure| match failure {
        Failure::Refused(text) if text.contains("412") => Failure::Refused(format!(
            "{name} was changed on {} since it was pulled: `codehook hooks diff {name}` shows what differs; pull it, or replace it with \
             --force",
            api.target.server
        )),
        other => about(name, other),
    })
}
