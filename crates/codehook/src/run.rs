//! `codehook run`: one template, one event, one run.

mod json;
mod live_output;
mod show_script;
mod summary;

use codehook_egress::{AllowRule, ConnectTo, Egress, EgressConfig, PrivateNetworks};
use codehook_runner::{Network, PackageLibraries, PrepareError, PreparedRun, RunRequest, Runner};
use codehook_sandbox::{Attempt, Metering, Outcome, OutputSink, RunLimits, RunReport};
use tokio::signal::unix::{SignalKind, signal};
use zeroize::Zeroizing;

use crate::cli::{RunArgs, TenantArgs};
use crate::exit::Exit;
use crate::hardening::{Permissions, Ports};
use crate::input;
use crate::interpreter;
use crate::packages;
use crate::project;
use crate::rejection::Rejection;
use crate::run::json::JsonReport;
use crate::run::live_output::LiveOutput;
use crate::run::summary::Summary;
use crate::secret;
use crate::terminal::{self, Format};

/// How the wait for a run ended.
enum Ended {
    Report(Box<RunReport>),
    Signal(Exit),
}

/// Runs the command.
///
/// # Errors
///
/// When this machine does not let the engine work. Whatever is wrong with the input is told here.
pub(crate) fn command(mut args: Box<RunArgs>) -> anyhow::Result<Exit> {
    if let Err(rejection) = project::complete(&mut args) {
        return reject(args.output.format(), rejection);
    }
    let args = &*args;
    let (run, egress) = match prepare(args).and_then(|run| Ok((run, egress(args)?))) {
        Ok(prepared) => prepared,
        Err(rejection) => return reject(args.output.format(), rejection),
    };
    let shown = args
        .show_script
        .then(|| show_script::redacted(run.rendered()));
    let sandbox = interpreter::start(
        args.cache.directory.as_deref(),
        metering(args),
        args.output.format(),
        Some(permissions(args)),
    )?;
    let packages = PackageLibraries::new(packages::store_directory(&args.tenant));
    let runner = Runner::new(sandbox, egress, network(args), packages);
    match args.output.format() {
        Format::Json => run_for_a_program(&runner, run, shown),
        Format::Human => run_for_a_person(&runner, run, shown.as_deref(), &args.tenant),
    }
}

fn reject(format: Format, rejection: Rejection) -> anyhow::Result<Exit> {
    match format {
        Format::Human => terminal::note(&rejection.message),
        Format::Json => terminal::json(&JsonReport::rejected(rejection))?,
    }
    Ok(Exit::Rejected)
}

fn prepare(args: &RunArgs) -> Result<PreparedRun, Rejection> {
    let name = input::display_name(&args.script);
    let mapping = input::mapping(args.mapping.as_deref())?;
    let template = input::template(&args.script, &mapping)?;
    let secrets = secret::read(&args.secret, &args.secret_file, |name| {
        std::env::var_os(name)
    })?;
    let event = input::event(args.event.as_deref())?;
    let request = RunRequest {
        tenant: args.tenant.tenant.clone(),
        script_name: &input::script_name(&args.script),
        template: &template,
        mapping: &mapping,
        event: &event,
        hostname: args.hostname.as_deref(),
        secrets: secrets
            .into_iter()
            .map(|(name, value)| (name, Zeroizing::new(value)))
            .collect(),
        allow: args.allow.clone(),
        limits: RunLimits {
            wall_time: args.timeout.unwrap_or(RunLimits::DEFAULT_WALL_TIME),
            fuel: args.fuel,
            memory_bytes: args.memory.unwrap_or(RunLimits::DEFAULT_MEMORY_BYTES),
            ..RunLimits::default()
        },
        attempt: Attempt {
            attempt: args.attempt,
            run_id: None,
        },
    };
    request.prepare().map_err(|error| match error {
        PrepareError::Render(error) => Rejection::render(&name, &error),
        PrepareError::Script(error) => Rejection::file(&name, error),
    })
}

fn metering(args: &RunArgs) -> Metering {
    match args.fuel {
        Some(_) => Metering::Fuel,
        None => Metering::Time,
    }
}

/// What the process permissions once everything that was named on the command line is read.
fn permissions(args: &RunArgs) -> Permissions {
    let detours = args.connect_to.iter().filter_map(ConnectTo::port);
    Permissions {
        // For advice on a module that is missing.
        readable: packages::store_directory(&args.tenant)
            .into_iter()
            .collect(),
        ports: Ports::These(
            args.allow
                .iter()
                .flat_map(AllowRule::ports)
                .chain(detours)
                .collect(),
        ),
        ..Permissions::default()
    }
}

fn egress(args: &RunArgs) -> Result<Egress, Rejection> {
    let config = EgressConfig {
        ca_certificates: input::certificates(&args.ca_cert)?,
        ..EgressConfig::default()
    };
    Egress::new(config).map_err(Rejection::usage)
}

fn network(args: &RunArgs) -> Network {
    Network {
        private_networks: match args.allow_private {
            true => PrivateNetworks::Opened,
            false => PrivateNetworks::Refused,
        },
        resolve: args.resolve.clone(),
        connect_to: args.connect_to.clone(),
    }
}

fn run_for_a_program(
    runner: &Runner,
    run: PreparedRun,
    script: Option<Vec<u8>>,
) -> anyhow::Result<Exit> {
    match drive(runner, run, None)? {
        Ended::Report(report) => {
            let exit = Exit::from(report.outcome);
            terminal::json(&JsonReport::finished(*report, script.as_deref()))?;
            Ok(exit)
        }
        Ended::Signal(exit) => Ok(exit),
    }
}

fn run_for_a_person(
    runner: &Runner,
    run: PreparedRun,
    script: Option<&[u8]>,
    tenant: &TenantArgs,
) -> anyhow::Result<Exit> {
    if let Some(script) = script {
        show_script::show(script);
    }
    let limits = run.limits().clone();
    let output = LiveOutput::start();
    let ended = drive(runner, run, Some(output.sink()))?;
    match ended {
        Ended::Report(report) => {
            output.finish();
            terminal::stderr(Summary::new(&report, &limits).to_string().as_bytes());
            if let Some(hint) = import_hint(&report, tenant) {
                terminal::note(&hint);
            }
            Ok(report.outcome.into())
        }
        // Output that somebody does not read must not keep the program from ending.
        Ended::Signal(exit) => Ok(exit),
    }
}

/// What to do about a module whose absence the run died of, as far as its traceback has not said it.
fn import_hint(report: &RunReport, tenant: &TenantArgs) -> Option<String> {
    if report.outcome != Outcome::Failed {
        return None;
    }
    let module = packages::last_missing_module(&report.stderr.bytes)?;
    packages::about_missing_module(&module, tenant)
}

/// Runs the script, or stops it at a signal. Either way nothing of it is left when this returns.
fn drive(runner: &Runner, run: PreparedRun, sink: Option<OutputSink>) -> anyhow::Result<Ended> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ended = runtime.block_on(async {
        tokio::select! {
            // In this order: the signals must be listened to before the script can do anything.
            biased;
            exit = stopped() => Ok(Ended::Signal(exit)),
            report = runner.run(run, sink) => report.map(|report| Ended::Report(Box::new(report))),
        }
    });
    // A name look-up cannot be cancelled and must not be waited for.
    runtime.shutdown_background();
    Ok(ended?)
}

/// Ready once somebody wants the program to end; never, where signals cannot be listened to.
async fn stopped() -> Exit {
    let (Ok(mut interrupt), Ok(mut terminate)) = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    ) else {
        return std::future::pending().await;
    };
    tokio::select! {
        _ = interrupt.recv() => {
            terminal::note("interrupted: the run was stopped, and its files are deleted");
            Exit::Interrupted
        }
        _ = terminate.recv() => {
            terminal::note("terminated: the run was stopped, and its files are deleted");
            Exit::Terminated
        }
    }
}
