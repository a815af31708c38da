//! Arguments of the commands that speak to a service.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use codehook_api_types::RunState;

use super::output::OutputArgs;

pub(crate) const LOGIN_EXAMPLES: &str = "\
The key is read from the terminal without echo, from standard input if that
is not a terminal, or from --key-file. It is stored in
$XDG_CONFIG_HOME/codehook/credentials.toml (~/.config), readable by you only.

Server and tenant are taken from the first of these that is set: --server and
--tenant; CODEHOOK_SERVER and CODEHOOK_TENANT; [service] in codehook.toml; the
last login. The key is taken from CODEHOOK_API_KEY, or else from the login for
that server and tenant.

Examples:
    codehook login --server https://hooks.example.com --tenant acme
    vault read -field=key secret/codehook | codehook login \\
      --server https://hooks.example.com --tenant acme";

pub(crate) const HOOKS_EXAMPLES: &str = "\
The hooks of a project are in codehook.toml, which `codehook run NAME` uses as
well. Paths in it are relative to its folder.

    [service]
    server = \"https://hooks.example.com\"
    tenant = \"acme\"

    [hooks.suspend-user]
    template = \"hooks/okta.py\"
    mapping = \"mappings/pba.json\"
    allow = [\"example.okta.com\"]
    secrets = [\"OKTA_TOKEN\"]
    hostname = \"pba.example.com\"
    trigger = { on = \"alert\", when = \"event.RiskScore > 80\" }
    limits = { timeout_seconds = 30, memory_mib = 256, concurrent_runs = 4 }
    retry = { attempts = 5, first_delay_seconds = 10, failures = false }

Examples:
    codehook hooks pull                  the service's hooks into this folder
    codehook hooks diff                  differences from the drafts
    codehook hooks push --publish        this folder's hooks to the service
    codehook hooks rollback suspend-user 3";

pub(crate) const RUNS_EXAMPLES: &str = "\
Examples:
    codehook runs list --state failed
    codehook runs show 01J9ZQ4T7Y3XW8K2M5N6P7R8S9
    codehook runs tail                   every run as it begins and ends
    codehook runs tail 01J9ZQ4T7Y3X...   one run's output as it comes
    codehook runs replay --state failed --since 2h";

/// The service and the tenant that a command addresses.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServiceArgs {
    /// The service's URL.
    #[arg(
        long,
        value_name = "URL",
        env = "CODEHOOK_SERVER",
        help_heading = "Service",
        global = true
    )]
    pub(crate) server: Option<String>,
    /// The tenant.
    #[arg(
        long,
        value_name = "NAME",
        env = "CODEHOOK_TENANT",
        help_heading = "Service",
        global = true
    )]
    pub(crate) tenant: Option<String>,
    /// Trust the certificates in this PEM file, in addition to the system's. May be repeated.
    #[arg(long, value_name = "FILE", help_heading = "Service", global = true)]
    pub(crate) ca_cert: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
    /// Read the API key from this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct HooksArgs {
    #[command(subcommand)]
    pub(crate) command: HooksCommand,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HooksCommand {
    /// List the service's hooks.
    List(OutputArgs),
    /// Write the drafts of hooks into this folder and its codehook.toml.
    Pull(SomeHooks),
    /// Send this folder's hooks to the service as drafts.
    Push(PushArgs),
    /// Show the differences between this folder's hooks and the service's drafts. Exit code 1 if there are any.
    Diff(DiffArgs),
    /// Publish the draft as a new version.
    Publish(OneHook),
    /// Make an earlier version the published one again.
    Rollback(RollbackArgs),
    /// List a hook's published versions.
    Versions(OneHook),
    /// Enable a hook: events start it.
    Enable(OneHook),
    /// Disable a hook: no event starts it.
    Disable(OneHook),
    /// Delete a hook from the service. Local files stay.
    Delete(OneHook),
}

#[derive(Debug, Args)]
pub(crate) struct SomeHooks {
    /// The hooks; all when none is named.
    pub(crate) names: Vec<String>,
    /// Overwrite local changes made since the last pull or push.
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// The hooks; all of codehook.toml when none is named.
    pub(crate) names: Vec<String>,
    /// Overwrite changes made on the service since the last pull or push.
    #[arg(long)]
    pub(crate) force: bool,
    /// Publish them as well.
    #[arg(long)]
    pub(crate) publish: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DiffArgs {
    /// The hooks; all of codehook.toml when none is named.
    pub(crate) names: Vec<String>,
    /// Compare with this published version.
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<u32>,
}

#[derive(Debug, Args)]
pub(crate) struct OneHook {
    /// The hook's name.
    pub(crate) name: String,
}

#[derive(Debug, Args)]
pub(crate) struct RollbackArgs {
    /// The hook's name.
    pub(crate) name: String,
    /// The version, as `codehook hooks versions` lists it.
    pub(crate) version: u32,
}

#[derive(Debug, Args)]
pub(crate) struct EventsArgs {
    #[command(subcommand)]
    pub(crate) command: EventsCommand,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Send an event, and print its identifier and those of the runs that it started.
    Send(SendArgs),
}

#[derive(Debug, Args)]
pub(crate) struct SendArgs {
    /// The event, a JSON object: a file, or `-` for standard input.
    pub(crate) event: PathBuf,
    /// Idempotency key: the same event with the same key starts nothing again.
    #[arg(long, value_name = "KEY")]
    pub(crate) idempotency_key: Option<String>,
    /// Show the output of the runs and wait until they end. Exit code 1 unless all succeed.
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct RunsArgs {
    #[command(subcommand)]
    pub(crate) command: RunsCommand,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RunsCommand {
    /// List runs, newest first.
    List(ListRunsArgs),
    /// Show a run with its attempts, their output and their HTTP requests.
    Show(ShowRunArgs),
    /// Follow one run's output, or all runs of the tenant as they begin and end.
    Tail(TailArgs),
    /// Replay ended runs: one, or all in a state since a time.
    Replay(ReplayArgs),
    /// Cancel a run: a queued one never starts, a running one is stopped.
    Cancel(OneRun),
}

/// Parses the name of one of `states`.
fn one_of(states: &[RunState]) -> impl TypedValueParser<Value = RunState> + use<> {
    PossibleValuesParser::new(states.iter().map(|state| state.as_str()))
        .try_map(|name| name.parse::<RunState>())
}

#[derive(Debug, Args)]
pub(crate) struct ListRunsArgs {
    /// Only runs in this state.
    #[arg(long, value_parser = one_of(RunState::ALL))]
    pub(crate) state: Option<RunState>,
    /// Only runs of this hook.
    #[arg(long)]
    pub(crate) hook: Option<String>,
    /// Only runs for this event.
    #[arg(long)]
    pub(crate) event: Option<String>,
    /// Maximum number of runs to list.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=500))]
    pub(crate) limit: u16,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct ShowRunArgs {
    /// The run's identifier.
    pub(crate) run: String,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

#[derive(Debug, Args)]
pub(crate) struct TailArgs {
    /// The run's identifier; without it, the start and end of every run are shown.
    pub(crate) run: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The run's identifier.
    #[arg(required_unless_present = "state", conflicts_with = "state")]
    pub(crate) run: Option<String>,
    /// All runs in this state, at most 500 at once.
    #[arg(long, requires = "since", value_parser = one_of(&RunState::REPLAYABLE))]
    pub(crate) state: Option<RunState>,
    /// Only runs created within this time: 2h, 3d.
    #[arg(long, value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) since: Option<std::time::Duration>,
    /// Only runs of this hook.
    #[arg(long, requires = "state")]
    pub(crate) hook: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OneRun {
    /// The run's identifier.
    pub(crate) run: String,
}

#[derive(Debug, Args)]
pub(crate) struct SecretsArgs {
    #[command(subcommand)]
    pub(crate) command: SecretsCommand,
    #[command(flatten)]
    pub(crate) service: ServiceArgs,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SecretsCommand {
    /// Set a secret, read from the terminal without echo, from standard input, or from a file.
    Set(SetSecretArgs),
    /// List the names of secrets. Values are never shown.
    List(OutputArgs),
    /// Delete a secret.
    Delete(OneSecret),
}

#[derive(Debug, Args)]
pub(crate) struct SetSecretArgs {
    /// The secret's name: templates refer to it as @secret.NAME@.
    pub(crate) name: String,
    /// Read the value from this file, without the final line break.
    #[arg(long, value_name = "FILE")]
    pub(crate) from_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct OneSecret {
    /// The secret's name.
    pub(crate) name: String,
}
