//! `codehook_init` is called once, and the memory it leaves behind becomes part of the module (Wizer's method). The file system is the
//! one that runs see, so that nothing differs after the restore.

use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use codehook_sandbox::{GuestState, Library, OutputStream, link_guest};
use wasmtime::{Config, Engine, Linker, OptLevel, Store};
use wasmtime_wizer::Wizer;

/// The interpreter after its start with `library`.
pub(crate) async fn snapshot(wasm: &[u8], library: Arc<Library>) -> anyhow::Result<Vec<u8>> {
    let mut config = Config::new();
    // Enough for the deepest import; a run has more. The code runs for a second and is thrown away, so it is not optimised.
    config
        .max_wasm_stack(64 << 20)
        .async_stack_size(66 << 20)
        .cranelift_opt_level(OptLevel::None);
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
