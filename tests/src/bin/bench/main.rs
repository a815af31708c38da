//! `make bench`: what a run costs here, and what it costs where hooks are run otherwise, measured side by side.
//!
//! Contenders take turns, so that whatever else the machine does disturbs all alike: **ratios are what counts**, absolute figures
//! are those of one machine at one hour. Results go to `docs/performance/`: a table, a chart and the figures as JSON.

mod attacked;
mod concurrent;
mod connection;
mod contender;
mod cpu;
mod hooks;
mod machine;
mod per_process;
mod report;
mod service;
mod slow_server;
mod start;
mod throughput;
mod timing;

use std::alloc::System;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Parser, Subcommand};
use codehook_tests::workspace;
use zeroizing_alloc::ZeroAlloc;

use crate::report::Report;

/// The program's own, so that its price is in the figures.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

/// Measure codehook beside native python2.7 and other ways to run a script in isolation.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// Runs of each kind that are measured.
    #[arg(long, default_value_t = 200, global = true)]
    rounds: usize,
    /// Where results are written; nothing is written for a part of the benchmark unless this is given.
    #[arg(long, global = true)]
    out: Option<PathBuf>,
}

#[derive(Subcommand, Clone, PartialEq, Eq)]
enum What {
    /// From a rendered script to its report, against a process for each script.
    Start,
    /// Runs a second, on one core and on two.
    Throughput,
    /// Thousands of runs that wait, and short runs beside them.
    Waiting,
    /// Short runs beside others that never stop computing.
    Busy,
    /// Short runs beside ten tenants that attack, and what 10,000 hostile runs leave in the process; not part of the whole.
    Attacked,
    /// The service under load: events acknowledged and runs ended a second, and the time from one to the other; not part of the whole.
    Service {
        /// How long each load lasts.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Processor time of scripts that compute.
    Cpu {
        /// These of `fixtures/bench`, without `.py`; all unless one is named.
        scripts: Vec<String>,
    },
    /// Runs one script again and again, for a profiler to look at.
    Profile {
        /// The script, or one of the hooks: `okta`.
        script: PathBuf,
    },
    /// Serves slow answers; started by `waiting`.
    #[command(hide = true)]
    SlowServer,
}

fn main() -> ExitCode {
    match measure(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn measure(arguments: &Arguments) -> anyhow::Result<()> {
    let all = arguments.what.is_none();
    match &arguments.what {
        Some(What::SlowServer) => return slow_server::serve(),
        Some(What::Attacked) => return attacked::measure(),
        Some(What::Service { seconds }) => return service::measure(*seconds),
        Some(What::Profile { script }) => return start::profile(script, arguments.rounds),
        _ => {}
    }
    let mut report = Report::new(machine::describe(), arguments.rounds);
    if all || arguments.what == Some(What::Start) {
        start::measure(&mut report, arguments.rounds)?;
    }
    if all || arguments.what == Some(What::Throughput) {
        throughput::measure(&mut report)?;
    }
    if all || arguments.what == Some(What::Waiting) {
        concurrent::waiting(&mut report)?;
    }
    if all || arguments.what == Some(What::Busy) {
        concurrent::busy(&mut report)?;
    }
    match &arguments.what {
        None => cpu::measure(&mut report, &[])?,
        Some(What::Cpu { scripts }) => cpu::measure(&mut report, scripts)?,
        _ => {}
    }
    let out = match &arguments.out {
        Some(out) => Some(out.clone()),
        None => all.then(|| workspace().join("docs/performance")),
    };
    if let Some(out) = out {
        report
            .write(&out)
            .with_context(|| format!("results cannot be written to {}", out.display()))?;
        println!("\nwritten to {}", out.display());
    }
    Ok(())
}
