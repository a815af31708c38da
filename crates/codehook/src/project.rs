//! `codehook.toml`: the hooks of a folder, which are tried here and kept by a service.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bytesize::ByteSize;
use codehook_egress::AllowRule;
use serde::Deserialize;
use serde_json::Value;

use crate::cli::RunArgs;
use crate::input;
use crate::rejection::Rejection;
use crate::terminal;

pub(crate) const FILE: &str = "codehook.toml";
const MAX_PROJECT_BYTES: usize = 1024 * 1024;

/// `[service]`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Service {
    pub(crate) server: Option<String>,
    pub(crate) tenant: Option<String>,
}

/// `[hooks.NAME]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProjectHook {
    /// The script template's file.
    pub(crate) template: PathBuf,
    /// The mapping's file.
    pub(crate) mapping: Option<PathBuf>,
    pub(crate) runtime: Option<String>,
    #[serde(default)]
    pub(crate) allow: Vec<String>,
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
    pub(crate) hostname: Option<String>,
    pub(crate) trigger: Option<Value>,
    pub(crate) limits: Option<Value>,
    pub(crate) retry: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Content {
    service: Service,
    hooks: BTreeMap<String, ProjectHook>,
}

/// A folder with a `codehook.toml`.
#[derive(Debug)]
pub(crate) struct Project {
    directory: PathBuf,
    content: Content,
}

impl Project {
    /// That of the current directory, or of the nearest one above it.
    pub(crate) fn find() -> Result<Option<Self>, Rejection> {
        let Ok(current) = std::env::current_dir() else {
            return Ok(None);
        };
        let directory = current
            .ancestors()
            .find(|directory| directory.join(FILE).is_file());
        directory.map(Self::read).transpose()
    }

    /// That of `directory`.
    pub(crate) fn read(directory: &Path) -> Result<Self, Rejection> {
        let path = directory.join(FILE);
        let name = input::display_name(&path);
        let text = input::read_file(&path, MAX_PROJECT_BYTES)?;
        let text = String::from_utf8(text).map_err(|error| Rejection::file(&name, error))?;
        let content = toml::from_str(&text).map_err(|error| Rejection::file(&name, error))?;
        Ok(Self {
            directory: directory.to_owned(),
            content,
        })
    }

    pub(crate) fn service(&self) -> Service {
        self.content.service.clone()
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    pub(crate) fn hooks(&self) -> &BTreeMap<String, ProjectHook> {
        &self.content.hooks
    }

    /// A file that `codehook.toml` names.
    pub(crate) fn path(&self, file: &Path) -> PathBuf {
        self.directory.join(file)
    }

    /// The hook that `script` names, by its name or by its template's file.
    fn hook(&self, script: &Path) -> Option<(&str, &ProjectHook)> {
        let by_name = script
            .to_str()
            .and_then(|name| self.content.hooks.get_key_value(name))
            .filter(|_| !script.is_file());
        let same = |hook: &ProjectHook| {
            let there = self.path(&hook.template).canonicalize();
            there.is_ok_and(|there| script.canonicalize().is_ok_and(|script| script == there))
        };
        by_name
            .or_else(|| self.content.hooks.iter().find(|(_, hook)| same(hook)))
            .map(|(name, hook)| (name.as_str(), hook))
    }
}

/// Adds what `codehook.toml` says of the hook that is to be run, where the arguments do not say otherwise.
pub(crate) fn complete(args: &mut RunArgs) -> Result<(), Rejection> {
    let Some(project) = Project::find()? else {
        return Ok(());
    };
    let Some((name, hook)) = project.hook(&args.script) else {
        return Ok(());
    };
    let file = input::display_name(&project.path(Path::new(FILE)));
    args.script = project.path(&hook.template);
    if let Some(mapping) = &hook.mapping
        && args.mapping.is_none()
    {
        args.mapping = Some(project.path(mapping));
    }
    if args.hostname.is_none() {
        args.hostname.clone_from(&hook.hostname);
    }
    for rule in &hook.allow {
        let rule: AllowRule = rule
            .parse()
            .map_err(|error| Rejection::file(&file, format!("{name}: {error}")))?;
        args.allow.push(rule);
    }
    for secret in &hook.secrets {
        let files = args.secret_file.iter().map(String::as_str);
        let given = args
            .secret
            .iter()
            .map(|text| text.name())
            .chain(files.map(|text| text.split('=').next()));
        if !given.flatten().any(|given| given == secret) {
            args.secret.push(std::ffi::OsString::from(secret).into());
        }
    }
    let limits = hook.limits.clone().unwrap_or_default();
    if let Some(seconds) = limits["timeout_seconds"].as_u64()
        && args.timeout.is_none()
    {
        args.timeout = Some(std::time::Duration::from_secs(seconds));
    }
    if let Some(mib) = limits["memory_mib"].as_u64()
        && args.memory.is_none()
    {
        let bytes = ByteSize::mib(mib).as_u64();
        args.memory = Some(usize::try_from(bytes).unwrap_or(usize::MAX));
    }
    if args.output.format().wants_progress() {
        terminal::note(&format!("with what {file} says of {name}"));
    }
    Ok(())
}
