//! Makes the runtime file of an interpreter that was just linked: compiles the library's modules with it, snapshots it, and compiles
//! it for this platform.

mod compile;
mod pack;
mod snapshot;

use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::{Parser, Subcommand};

/// Make the runtime file of an interpreter.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Compile Python modules with the interpreter itself.
    ///
    /// Reads a job a line from standard input: source file, target file, path in the guest, separated by tabs. The sources are all that
    /// the interpreter has to start from, so the standard library must be among them. Prints a line for each source that is no Python
    /// 2.7: path in the guest, tab, reason.
    Compile(CompileArgs),
    /// Snapshot the interpreter after its start and write the runtime file.
    Pack(PackArgs),
}

#[derive(clap::Args)]
struct CompileArgs {
    /// The interpreter as linked.
    #[arg(long)]
    wasm: PathBuf,
}

#[derive(clap::Args)]
struct PackArgs {
    /// The interpreter as linked.
    #[arg(long)]
    wasm: PathBuf,
    /// The library archive (tar).
    #[arg(long)]
    library: PathBuf,
    /// What the library holds (JSON).
    #[arg(long)]
    manifest: PathBuf,
    /// The runtime file to write.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    match arguments.command {
        Command::Compile(args) => compile::command(&args),
        Command::Pack(args) => pack::command(&args),
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// Drives a future on this thread alone.
fn block_on<F: Future>(future: F) -> std::io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(future))
}
