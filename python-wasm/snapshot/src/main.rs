//! Makes the interpreter that runs start from: `codehook_init` is called once, and the memory it leaves behind becomes part of
//! the module (Wizer's method). The file system is the one that runs see, so that nothing differs after the restore.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context;
use clap::Parser;
use codehook_sandbox::{GuestState, Library, OutputStream, link_guest};
use sha2::{Digest, Sha256};
use wasmtime::{Config, Engine, Linker, Store};
use wasmtime_wizer::Wizer;

/// Snapshot an interpreter after its initialisation.
#[derive(Parser)]
struct Arguments {
    /// The interpreter as linked.
    #[arg(long)]
    wasm: PathBuf,
    /// The library archive (tar).
    #[arg(long)]
    library: PathBuf,
    /// Where to write the snapshot, its digest and the library's index.
    #[arg(long)]
    out: PathBuf,
}

fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    tracing_subscriber::fmt()
        .with_env_filter(tracing_subscriber::EnvFilter::from_default_env())
        .with_writer(std::io::stderr)
        .init();
    let wasm = std::fs::read(&arguments.wasm)
        .with_context(|| format!("cannot read {}", arguments.wasm.display()))?;
    let archive = std::fs::read(&arguments.library)
        .with_context(|| format!("cannot read {}", arguments.library.display()))?;
    let index = Library::index_of(&archive)?;
    let library = Arc::new(Library::from_tar(archive)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let snapshot = runtime.block_on(snapshot(&wasm, library))?;
    // What a program would have to compute at every start.
    let digest: [u8; 32] = Sha256::digest(&snapshot).into();
    for (name, bytes) in [
        ("python2.7.wasm", &snapshot[..]),
        ("python2.7.sha256", &digest),
        ("lib.index", &index),
    ] {
        let path = arguments.out.join(name);
        std::fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{}: {} bytes", path.display(), bytes.len());
    }
    Ok(())
}

async fn snapshot(wasm: &[u8], library: Arc<Library>) -> anyhow::Result<Vec<u8>> {
    let mut config = Config::new();
    // Enough for the deepest import; a run has more.
    config.max_wasm_stack(16 << 20).async_stack_size(18 << 20);
    let engine = Engine::new(&config).map_err(readable)?;
    let show = Arc::new(|stream: OutputStream, piece: &[u8]| {
        // Whatever the interpreter says while it starts is a defect of the build that its author wants to see.
        let written = match stream {
            OutputStream::Stdout => std::io::stdout().write_all(piece),
            OutputStream::Stderr => std::io::stderr().write_all(piece),
        };
        drop(written);
    });
    let mut store = Store::new(&engine, GuestState::for_snapshot(library, show)?);
    let mut linker = Linker::new(&engine);
    link_guest(&mut linker)?;
    let mut wizer = Wizer::new();
    wizer.init_func("codehook_init");
    wizer
        .run(&mut store, wasm, async |store, module| {
            linker.instantiate_async(store, module).await
        })
        .await
        .map_err(readable)
        .context("the interpreter could not be initialised")
}

/// wasmtime's errors are not `std::error::Error`; their text is what is wanted here.
fn readable(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
