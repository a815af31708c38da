//! The commands that speak to a service, over the same HTTP API as everybody else.

mod api;
mod credentials;
mod definition;
mod events;
mod hooks;
mod login;
mod runs;
mod secrets;
mod stream;
mod sync_state;

use std::io::IsTerminal;
use std::path::Path;

use codehook_api_types::ProblemKind;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::cli::{EventsArgs, HooksArgs, LoginArgs, RunsArgs, SecretsArgs, ServiceArgs};
use crate::client::api::Api;
use crate::client::credentials::Credentials;
use crate::exit::Exit;
use crate::input;
use crate::project::Project;
use crate::rejection::Rejection;
use crate::terminal;

/// The environment variable with an API key.
const KEY_VARIABLE: &str = "CODEHOOK_API_KEY";
/// The most bytes of a key or a secret.
const MAX_SECRET_BYTES: usize = 64 * 1024;

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// What was asked for cannot be done as it was asked.
    #[error("{0}")]
    Refused(String),
    /// The service cannot be reached, or failed.
    #[error("{0}")]
    Unable(String),
    /// The service answered with a problem.
    #[error("{message}")]
    Problem {
        kind: ProblemKind,
        message: String,
        /// The program's exit code.
        exit: Exit,
    },
}

impl From<Rejection> for Failure {
    fn from(rejection: Rejection) -> Self {
        Self::Refused(rejection.message)
    }
}

impl Failure {
    /// About a file that cannot be read or written.
    fn file(path: &Path, error: impl std::fmt::Display) -> Self {
        Self::Refused(format!("{}: {error}", path.display()))
    }

    fn exit(&self) -> Exit {
        match self {
            Self::Refused(_) => Exit::Rejected,
            Self::Unable(_) => Exit::Unable,
            Self::Problem { exit, .. } => *exit,
        }
    }

    /// Returns whether what was asked for cannot be done as it was asked.
    fn is_refusal(&self) -> bool {
        self.exit() == Exit::Rejected
    }

    /// Returns the kind of the service's problem, where it is one.
    fn kind(&self) -> Option<ProblemKind> {
        match self {
            Self::Problem { kind, .. } => Some(*kind),
            Self::Refused(_) | Self::Unable(_) => None,
        }
    }

    /// Adds the name of what the failure is about.
    fn about(mut self, name: &str) -> Self {
        let (Self::Refused(text) | Self::Unable(text) | Self::Problem { message: text, .. }) =
            &mut self;
        text.insert_str(0, &format!("{name}: "));
        self
    }
}

/// A part of a path or a query.
fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn told(result: Result<Exit, Failure>) -> anyhow::Result<Exit> {
    Ok(result.unwrap_or_else(|failure| {
        terminal::note(&failure.to_string());
        failure.exit()
    }))
}

/// A query, with its question mark.
fn query(parameters: &impl Serialize) -> Result<String, Failure> {
    serde_urlencoded::to_string(parameters)
        .map(|query| format!("?{query}"))
        .map_err(|error| Failure::Refused(format!("the query cannot be written: {error}")))
}

/// Prints a response as JSON.
fn print_json(response: &impl Serialize) -> Result<(), Failure> {
    terminal::json(response).map_err(|error| Failure::Unable(format!("{error:#}")))
}

/// Runs `codehook login`.
pub(crate) fn login(args: &LoginArgs) -> anyhow::Result<Exit> {
    told(login::command(args))
}

/// Runs `codehook logout`.
pub(crate) fn logout(args: &ServiceArgs) -> anyhow::Result<Exit> {
    told(login::logout(args))
}

/// Runs `codehook hooks`.
pub(crate) fn hooks(args: &HooksArgs) -> anyhow::Result<Exit> {
    told(hooks::command(args))
}

/// Runs `codehook events`.
pub(crate) fn events(args: &EventsArgs) -> anyhow::Result<Exit> {
    told(events::command(args))
}

/// Runs `codehook runs`.
pub(crate) fn runs(args: &RunsArgs) -> anyhow::Result<Exit> {
    told(runs::command(args))
}

/// Runs `codehook secrets`.
pub(crate) fn secrets(args: &SecretsArgs) -> anyhow::Result<Exit> {
    told(secrets::command(args))
}

/// A service and a tenant there.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Target {
    server: String,
    tenant: String,
}

impl Target {
    /// As arguments, environment, project and the last login say, in this order. What is wanted from one of them is
    /// not mixed with a tenant from an unrelated login: a login counts as a whole.
    fn find(
        args: &ServiceArgs,
        project: Option<&Project>,
        logins: &Credentials,
    ) -> Result<Self, Failure> {
        let ours = project.map(Project::service).unwrap_or_default();
        let server = args.server.clone().or(ours.server);
        let tenant = args.tenant.clone().or(ours.tenant);
        let last = logins.last(server.as_deref());
        let server = server.or_else(|| last.map(|login| login.server.clone()));
        let tenant = tenant.or_else(|| last.map(|login| login.tenant.clone()));
        let (Some(server), Some(tenant)) = (server, tenant) else {
            return Err(Failure::Refused(
                "no service is known: run `codehook login --server URL --tenant NAME`, or give --server and --tenant".to_owned(),
            ));
        };
        Ok(Self {
            server: server.trim_end_matches('/').to_owned(),
            tenant,
        })
    }
}

/// The service as the arguments say, with the key for it.
fn connect(args: &ServiceArgs) -> Result<Api, Failure> {
    let project = Project::find()?;
    let logins = Credentials::read()?;
    let target = Target::find(args, project.as_ref(), &logins)?;
    let key = match std::env::var(KEY_VARIABLE) {
        Ok(key) if !key.is_empty() => key,
        _ => logins.key(&target).ok_or_else(|| {
            Failure::Refused(format!(
                "there is no API key for {} and tenant {}: run `codehook login --server {} --tenant {}`, or set {KEY_VARIABLE}",
                target.server, target.tenant, target.server, target.tenant
            ))
        })?,
    };
    Api::new(target, key, &args.ca_cert)
}

/// A key or a secret: from a file, from the terminal without being shown, or from standard input. Without the line
/// end at its end.
fn read_secret(file: Option<&Path>, prompt: &str) -> Result<String, Failure> {
    let content = match file {
        Some(file) => input::read_file(file, MAX_SECRET_BYTES)?,
        None if std::io::stdin().is_terminal() => rpassword::prompt_password(prompt)
            .map_err(|error| {
                Failure::Refused(format!("nothing can be read from the terminal: {error}"))
            })?
            .into_bytes(),
        None => input::read_standard_input(MAX_SECRET_BYTES)?,
    };
    let text = String::from_utf8(content)
        .map_err(|_| Failure::Refused("the value is no UTF-8 text".to_owned()))?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    if text.is_empty() || text.len() > MAX_SECRET_BYTES {
        return Err(Failure::Refused(format!(
            "the value has 1 to {MAX_SECRET_BYTES} bytes"
        )));
    }
    Ok(text.to_owned())
}
