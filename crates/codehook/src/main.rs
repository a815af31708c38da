//! The `codehook` program: runs and checks Python 2.7 codehooks on one's own machine, on the same path as a server
//! would.
//!
//! It owns what a person types and reads: arguments, files, progress, summaries, reports, exit codes. What a run may
//! do is the sandbox's business, what a template means the template crate's.

mod check;
mod cli;
mod client;
mod completions;
mod exit;
mod hardening;
mod input;
mod interpreter;
mod man;
mod packages;
mod project;
mod rejection;
mod run;
mod runtime;
mod secret;
mod serve;
mod settings;
mod terminal;

use std::alloc::System;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;
use zeroizing_alloc::ZeroAlloc;

use crate::cli::{Cli, Command};
use crate::exit::Exit;

/// The environment variable that says what to log, such as `codehook_egress=debug`.
const LOG_VARIABLE: &str = "CODEHOOK_LOG";

/// Secrets pass through many hands: the renderer, TLS, HTTP, copies that growing buffers leave behind. So all memory
/// is overwritten when it is given back, whoever used it and for what.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    let cli = Cli::parse();
    let filter = EnvFilter::try_from_env(LOG_VARIABLE).unwrap_or_else(|_| EnvFilter::new("warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // A log that cannot be written must not end the thread that writes it.
        .log_internal_errors(false)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    let result = match cli.command {
        Command::Run(args) => run::command(args),
        Command::Check(args) => check::command(&args),
        Command::Packages(args) => packages::command(&args),
        Command::Runtime(args) => runtime::command(&args),
        Command::Backup(args) => serve::backup(&args),
        Command::RotateMasterKey(args) => serve::rotate(&args),
        Command::Login(args) => client::login(&args),
        Command::Logout(args) => client::logout(&args),
        Command::Hooks(args) => client::hooks(&args),
        Command::Events(args) => client::events(&args),
        Command::Runs(args) => client::runs(&args),
        Command::Secrets(args) => client::secrets(&args),
        Command::Serve(args) => serve::command(args),
        Command::Completions(args) => completions::command(&args),
        Command::Man(args) => man::command(&args),
    };
    let exit = result.unwrap_or_else(|error| {
        terminal::note(&format!("{error:#}"));
        Exit::Unable
    });
    exit.into()
}
