//! The command line: what can be typed, and the help that teaches it.

mod client;
mod documents;
mod output;
mod packages;
mod serve;

use std::path::PathBuf;
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand};
use codehook_egress::{AllowRule, ConnectTo, ResolveOverride};
use codehook_sandbox::RunLimits;

use self::output::OutputArgs;
use crate::secret::SecretText;

pub(crate) use client::{
    DiffArgs, EventsArgs, EventsCommand, HooksArgs, HooksCommand, ListRunsArgs, LoginArgs,
    PushArgs, ReplayArgs, RunsArgs, RunsCommand, SecretsArgs, SecretsCommand, SendArgs,
    ServiceArgs, ShowRunArgs, SomeHooks,
};
pub(crate) use documents::{CompletionsArgs, ManArgs};
pub(crate) use packages::{
    AddArgs, ListArgs, PackagesArgs, PackagesCommand, RemoveArgs, SourceArgs, StoreArgs,
    TenantArgs, VerifyArgs,
};
pub(crate) use serve::{BackupArgs, RotateArgs, ServeArgs};

const EXIT_CODES: &str = "\
Exit codes:
    0  the script succeeded
    1  the script failed or crashed; its own exit code is in the summary and
       in the report
    2  bad usage or input: an unreadable file, a bad event, a refused rendering
       (with file:line:column)
    3  the engine cannot work on this machine; the message says why
  124  the script was stopped at its time limit, or at the end of its fuel
  130  interrupted (Ctrl-C); there is no report
  137  the script ran out of memory
  143  terminated (SIGTERM); there is no report";

const RUN_EXAMPLES: &str = "\
Examples:
  Run a hook for one event, without network:
    codehook run hook.py --event event.json

  A hook that calls one host with a token, which is @secret.OKTA_TOKEN@ in
  the template and the environment variable OKTA_TOKEN here:
    codehook run okta.py --event event.json --allow example.okta.com \\
      --secret OKTA_TOKEN

  The same, with a test server on this machine in place of the real host:
    codehook run okta.py --event event.json --allow example.okta.com \\
      --secret OKTA_TOKEN --allow-private --ca-cert ca.pem \\
      --connect-to example.okta.com:443:127.0.0.1:8443

  An event from a pipe, the report for a program:
    producer | codehook run hook.py --event - --json | jq .status";

const RUNTIME_EXAMPLES: &str = "\
Examples:
    codehook runtime
    codehook runtime --json | jq -r '.packages[].name'";

const CHECK_EXAMPLES: &str = "\
Warnings are about tokens that are probably misspelt, files left in /tmp,
credentials and placeholders in the script, imports that will fail, and features that
no hook can use (processes, servers, raw connections).

Examples:
    codehook check hook.py
    codehook check hook.py --mapping mapping.json
    codehook check hook.py --json | jq '.warnings[].message'

Exit codes:
    0  the script compiles, with or without warnings
    1  the script does not compile; the interpreter's message is shown
    2  bad usage or input: an unreadable file, a token where none is allowed
       (with file:line:column)
    3  the engine cannot work on this machine; the message says why";

/// Run Python 2.7 codehooks, each inside its own WebAssembly sandbox.
///
/// A codehook is a script template: Python 2.7 with tokens such as @UserName@, which are replaced by the values of an
/// event. It can reach a private /tmp and the HTTP hosts that it is allowed, and nothing else.
#[derive(Debug, Parser)]
#[command(name = "codehook", version, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a script template for one event.
    #[command(after_long_help = format!("{RUN_EXAMPLES}\n\n{EXIT_CODES}"))]
    Run(Box<RunArgs>),
    /// Compile a script template without running it; show its tokens, hosts and warnings.
    #[command(after_long_help = CHECK_EXAMPLES)]
    Check(CheckArgs),
    /// List, add, remove and verify the packages that hooks can import.
    Packages(PackagesArgs),
    /// Show the interpreter, its packages and where its compiled code is kept.
    #[command(after_long_help = RUNTIME_EXAMPLES)]
    Runtime(RuntimeArgs),
    /// Copy a service's whole database, also while the service runs.
    ///
    /// To restore it, put the copy into an empty data directory as codehook.sqlite, with the master key beside it.
    Backup(BackupArgs),
    /// Seal a service's secrets with another master key, while the service is down.
    RotateMasterKey(RotateArgs),
    /// Store an API key for a service, for the commands below.
    #[command(after_long_help = client::LOGIN_EXAMPLES)]
    Login(LoginArgs),
    /// Delete the stored API key of a service.
    Logout(ServiceArgs),
    /// List, pull, push, compare, publish and roll back a service's hooks.
    #[command(after_long_help = client::HOOKS_EXAMPLES)]
    Hooks(Box<HooksArgs>),
    /// Send events to a service.
    Events(Box<EventsArgs>),
    /// List, show, follow, replay and cancel a service's runs.
    #[command(after_long_help = client::RUNS_EXAMPLES)]
    Runs(Box<RunsArgs>),
    /// Set, list and delete a service's secrets.
    Secrets(Box<SecretsArgs>),
    /// Take events over HTTP and run the hooks that listen to them, durably and for many tenants.
    #[command(after_long_help = serve::EXAMPLES)]
    Serve(Box<ServeArgs>),
    /// Print a shell's completions for this program.
    #[command(after_long_help = documents::COMPLETIONS_EXAMPLES)]
    Completions(CompletionsArgs),
    /// Write the manual pages into a directory, for packaging.
    #[command(hide = true)]
    Man(ManArgs),
}

#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// The script template: a file, or the name of a hook in codehook.toml.
    ///
    /// Options override the hook's settings in codehook.toml (`codehook hooks --help` shows one). The hook's secrets
    /// are taken from the environment variables with their names.
    pub(crate) script: PathBuf,
    /// The event: a file, or `-` for standard input. JSON if it starts with `{`, `[` or `"`, form-encoded otherwise.
    #[arg(long, value_name = "FILE")]
    pub(crate) event: Option<PathBuf>,
    /// Paths to the tokens' values in the event: a JSON file such as {"tokens": {"UserEmail": "$.user.email"}}.
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// The value of @Hostname@: the instance that the event comes from.
    #[arg(long, value_name = "HOST")]
    pub(crate) hostname: Option<String>,
    /// A host that the script may reach: `[scheme://]host[:port]`, `*.example.com`, or `*` for all. May be repeated.
    #[arg(long, value_name = "HOST", help_heading = "Network")]
    pub(crate) allow: Vec<AllowRule>,
    /// Allowed hosts may be at private, loopback and link-local addresses.
    #[arg(long, help_heading = "Network")]
    pub(crate) allow_private: bool,
    /// Use this address for this host and port, as in curl. May be repeated.
    #[arg(long, value_name = "HOST:PORT:ADDR", help_heading = "Network")]
    pub(crate) resolve: Vec<ResolveOverride>,
    /// Connect to HOST2:PORT2 for requests to HOST1:PORT1, as in curl. May be repeated.
    ///
    /// The URL, the Host header and the name in the server's certificate stay HOST1's. An empty HOST1 or PORT1 matches
    /// any; an empty HOST2 or PORT2 keeps that of the request.
    #[arg(long, value_name = "HOST1:PORT1:HOST2:PORT2", help_heading = "Network")]
    pub(crate) connect_to: Vec<ConnectTo>,
    /// Trust the certificates in this PEM file, in addition to the system's. May be repeated.
    #[arg(long, value_name = "FILE", help_heading = "Network")]
    pub(crate) ca_cert: Vec<PathBuf>,
    /// A secret for @secret.NAME@ in the template: NAME takes the value from the environment variable NAME, NAME=VALUE
    /// gives it. May be repeated.
    ///
    /// Prefer NAME alone or --secret-file: other users of this machine can read command lines, and shells keep them.
    /// Secrets are replaced by `[redacted]` in all output.
    #[arg(long, value_name = "NAME[=VALUE]", help_heading = "Secrets")]
    pub(crate) secret: Vec<SecretText>,
    /// A secret from a file, without the file's final line break. May be repeated.
    #[arg(long, value_name = "NAME=PATH", help_heading = "Secrets")]
    pub(crate) secret_file: Vec<String>,
    /// Time limit of the script, including waits: 30s, 1m 30s, 500ms [default: 30s].
    #[arg(long, value_name = "TIME", value_parser = parse_timeout, help_heading = "Limits")]
    pub(crate) timeout: Option<Duration>,
    /// Count fuel, about one unit for each WebAssembly instruction, and stop the script after this many: a budget that
    /// is the same on every machine, at the cost of a quarter more time. The report says how much was used. A short
    /// hook takes a few million.
    #[arg(long, value_name = "UNITS", help_heading = "Limits")]
    pub(crate) fuel: Option<u64>,
    /// Memory limit of the script, including the interpreter's own 30 MiB: from 48MiB to 2GiB [default: 256MiB].
    #[arg(long, value_name = "SIZE", value_parser = parse_memory, help_heading = "Limits")]
    pub(crate) memory: Option<usize>,
    /// The number of the attempt that the script sees (codehook.attempt).
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) attempt: u32,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    /// Show the script as it is run, values filled in and secrets redacted (on standard error; with --json, in the
    /// report).
    #[arg(long)]
    pub(crate) show_script: bool,
    #[command(flatten, next_help_heading = "Packages")]
    pub(crate) tenant: TenantArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// The script template.
    pub(crate) script: PathBuf,
    /// The mapping of the hook; tokens that it adds are then known.
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) tenant: TenantArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
pub(crate) struct RuntimeArgs {
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

#[derive(Debug, Args)]
pub(crate) struct CacheArgs {
    /// The directory for the compiled interpreter [default: $XDG_CACHE_HOME/codehook or ~/.cache/codehook].
    ///
    /// It must belong to you and be closed to other users, since its content is executed.
    #[arg(id = "cache_dir", long = "cache-dir", value_name = "DIR")]
    pub(crate) directory: Option<PathBuf>,
}

fn parse_timeout(text: &str) -> Result<Duration, String> {
    let time = humantime::parse_duration(text)
        .map_err(|error| format!("{error}; write 30s, 1m 30s or 500ms"))?;
    if time.is_zero() {
        return Err("no script can end in no time; write 30s, for instance".to_owned());
    }
    Ok(time)
}

fn parse_memory(text: &str) -> Result<usize, String> {
    let size: ByteSize = text
        .parse()
        .map_err(|_| "not a size; write 256MiB or 1GiB".to_owned())?;
    let bytes = usize::try_from(size.as_u64()).unwrap_or(usize::MAX);
    let allowed = RunLimits::MIN_MEMORY_BYTES..=RunLimits::MAX_MEMORY_BYTES;
    if !allowed.contains(&bytes) {
        return Err("must be from 48MiB, in which the interpreter just starts, to 2GiB".to_owned());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
