//! `codehook hooks`.

use std::path::PathBuf;

use codehook_api_types::{CompareQuery, HookVersionView, HookView, ProblemKind, RollbackRequest};
use serde_json::{Value, json};

use super::api::{Api, Call};
use super::sync_state::SyncState;
use super::{Failure, connect, definition, print_json, query};
use crate::cli::{DiffArgs, HooksArgs, HooksCommand, PushArgs, SomeHooks};
use crate::exit::Exit;
use crate::project::{FILE, Project};
use crate::terminal;

pub(super) fn command(args: &HooksArgs) -> Result<Exit, Failure> {
    let api = connect(&args.service)?;
    match &args.command {
        HooksCommand::List(list) => self::list(&api, list.json),
        HooksCommand::Pull(some) => pull(&api, some),
        HooksCommand::Push(push) => self::push(&api, push),
        HooksCommand::Diff(diff) => self::diff(&api, diff),
        HooksCommand::Versions(one) => versions(&api, &one.name),
        HooksCommand::Publish(one) => change(&api, &one.name, "publish", Call::default()),
        HooksCommand::Rollback(back) => {
            let body = RollbackRequest {
                version: back.version,
            };
            change(&api, &back.name, "rollback", Call::with(&body))
        }
        HooksCommand::Enable(one) => change(&api, &one.name, "enable", Call::default()),
        HooksCommand::Disable(one) => change(&api, &one.name, "disable", Call::default()),
        HooksCommand::Delete(one) => {
            api.text("DELETE", &path(&one.name), Call::default())?;
            terminal::note(&format!(
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
    let hooks: Vec<HookView> = api.get("/hooks")?;
    if json {
        print_json(&hooks)?;
        return Ok(Exit::Succeeded);
    }
    for hook in &hooks {
        terminal::stdout(format!("{}\n", state(hook)).as_bytes());
    }
    Ok(Exit::Succeeded)
}

/// A hook on one line.
fn state(hook: &HookView) -> String {
    let published = match hook.published {
        Some(version) => format!("version {version} runs"),
        None => "a draft only".to_owned(),
    };
    let disabled = if hook.enabled { "" } else { ", disabled" };
    let (name, on) = (&hook.name, hook.draft.trigger.on);
    format!("{name}\t{published}{disabled}\ton {on}")
}

fn change(api: &Api, name: &str, what: &str, call: Call) -> Result<Exit, Failure> {
    let hook: HookView = api.call("POST", &format!("{}/{what}", path(name)), call)?;
    terminal::note(&state(&hook).replace('\t', ": "));
    Ok(Exit::Succeeded)
}

fn versions(api: &Api, name: &str) -> Result<Exit, Failure> {
    let hook: HookView = api.get(&path(name))?;
    let versions: Vec<HookVersionView> = api.get(&format!("{}/versions", path(name)))?;
    for version in versions {
        let number = version.version;
        let mark = match hook.published == Some(number) {
            true => "\truns",
            false => "",
        };
        let line = format!("{number}\tpublished {}{mark}\n", version.created_at);
        terminal::stdout(line.as_bytes());
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
    let mut sync_state = SyncState::read(&directory)?;
    let hooks: Vec<HookView> = api.get("/hooks")?;
    for name in &some.names {
        if !hooks.iter().any(|hook| hook.name == *name) {
            return Err(Failure::Refused(format!(
                "{} has no hook {name}",
                api.target.tenant
            )));
        }
    }
    for hook in hooks {
        let name = &hook.name;
        if !some.names.is_empty() && !some.names.contains(name) {
            continue;
        }
        let here = project
            .as_ref()
            .and_then(|project| Some((project, project.hooks().get(name)?)));
        if let Some((project, ours)) = here
            && !some.force
            && let Ok(local) = definition::local(project, ours)
            && !sync_state.is_unchanged(name, &local)
            && !compare(api, name, &local, None)?.is_empty()
        {
            return Err(Failure::Refused(format!(
                "{name} was changed here: `codehook hooks diff {name}` shows how; push it, or replace it with --force"
            )));
        }
        definition::write(&directory, here.map(|(_, ours)| ours), name, &hook.draft)?;
        let written = Project::read(&directory)?;
        let local = definition::local(&written, &written.hooks()[name])?;
        sync_state.record(name, hook.revision, &local)?;
        terminal::note(&format!("{name} is as on {}", api.target.server));
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
    let query = query(&CompareQuery { from: version })?;
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
                terminal::stdout(format!("hook {name}\n{diff}").as_bytes());
            }
            Err(failure) if failure.is_refusal() && !names(api)?.contains(&name) => {
                differs = true;
                terminal::note(&format!(
                    "{name} is not on {} yet ({failure})",
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
    let hooks: Vec<HookView> = api.get("/hooks")?;
    Ok(hooks.into_iter().map(|hook| hook.name).collect())
}

fn push(api: &Api, args: &PushArgs) -> Result<Exit, Failure> {
    let project = must_have_project()?;
    let mut sync_state = SyncState::read(project.directory())?;
    let there = names(api)?;
    for name in chosen(&project, &args.names)? {
        let local = definition::local(&project, &project.hooks()[&name])?;
        let hook: HookView = if !there.contains(&name) {
            let new = json!({"name": name, "draft": local});
            let made = api.call("POST", "/hooks", Call::with(&new));
            let made = made.map_err(|failure| failure.about(&name))?;
            terminal::note(&format!("{name} is new on {}", api.target.server));
            made
        } else if compare(api, &name, &local, None)
            .map_err(|failure| failure.about(&name))?
            .is_empty()
        {
            terminal::note(&format!("{name} is on {} as it is here", api.target.server));
            api.get(&path(&name))?
        } else {
            let changed = edit(api, &name, &local, args.force, &sync_state)?;
            terminal::note(&format!(
                "{name}: the draft on {} is as here now",
                api.target.server
            ));
            changed
        };
        sync_state.record(&name, hook.revision, &local)?;
        if args.publish && needs_publishing(api, &name, &hook)? {
            let call = Call::default().if_match(hook.revision);
            let hook: HookView = api.call("POST", &format!("{}/publish", path(&name)), call)?;
            sync_state.record(&name, hook.revision, &local)?;
            terminal::note(&state(&hook).replace('\t', ": "));
        }
    }
    Ok(Exit::Succeeded)
}

/// Whether the draft is another one than what runs.
fn needs_publishing(api: &Api, name: &str, hook: &HookView) -> Result<bool, Failure> {
    if hook.published.is_none() {
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
    sync_state: &SyncState,
) -> Result<HookView, Failure> {
    let mut call = Call::with(local);
    if !force {
        let synced_hook = sync_state.of(name).ok_or_else(|| {
            Failure::Refused(format!(
                "{name} is on {} already and was not pulled from there: `codehook hooks diff {name}` shows what differs; pull it, or \
                 replace it with --force",
                api.target.server
            ))
        })?;
        call = call.if_match(synced_hook.revision);
    }
    api.call("PUT", &path(name), call).map_err(|failure| match failure.kind() {
        Some(ProblemKind::Changed) => Failure::Refused(format!(
            "{name} was changed on {} since it was pulled: `codehook hooks diff {name}` shows what differs; pull it, or replace it with \
             --force",
            api.target.server
        )),
        _ => failure.about(name),
    })
}
