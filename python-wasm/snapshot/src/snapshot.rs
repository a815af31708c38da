//! `codehook_init` is called once, and the memory it leaves behind becomes part of the module (Wizer's method). The
//! file system is the one that runs see, so that nothing differs after the restore.

use std::io::Write;
use std::sync::Arc;

use anyhow::Context;
use codehook_sandbox::{GuestState, Library, OutputStream, link_guest};
use wasmparser::ValType;
use wasmtime::{Config, Engine, Instance, Linker, Module, OptLevel, Store, Val};
use wasmtime_wizer::{InstanceState, SnapshotVal, Wizer};

/// The interpreter after its start with `library`.
pub(crate) async fn snapshot(wasm: &[u8], library: Arc<Library>) -> anyhow::Result<Vec<u8>> {
    let mut config = Config::new();
    // Enough for the deepest import; a run has more. The code runs for a second and is thrown away, so it is not
    // optimised.
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
    let wizer = Wizer::new();
    let (context, instrumented) = wizer.instrument(wasm).map_err(readable)?;
    let module = Module::new(&engine, &instrumented).map_err(readable)?;
    let instance = linker
        .instantiate_async(&mut store, &module)
        .await
        .map_err(readable)?;
    for name in ["_initialize", "codehook_init"] {
        let function = instance
            .get_typed_func::<(), ()>(&mut store, name)
            .map_err(readable)?;
        function
            .call_async(&mut store, ())
            .await
            .map_err(readable)
            .context("the interpreter could not be initialised")?;
    }
    wizer
        .snapshot(&context, &mut Initialised { store, instance })
        .await
        .map_err(readable)
}

/// What Wizer reads of an instance. Its own implementation brings features of wasmtime that nothing here uses (a
/// cache, garbage collection, threads, component values), and each is compiled.
struct Initialised<T: 'static> {
    store: Store<T>,
    instance: Instance,
}

impl<T: Send> InstanceState for Initialised<T> {
    async fn global_get(&mut self, name: &str, _: ValType) -> SnapshotVal {
        let global = self.instance.get_global(&mut self.store, name);
        match global.expect("Wizer exports it").get(&mut self.store) {
            Val::I32(bits) => SnapshotVal::I32(bits),
            Val::I64(bits) => SnapshotVal::I64(bits),
            Val::F32(bits) => SnapshotVal::F32(bits),
            Val::F64(bits) => SnapshotVal::F64(bits),
            Val::V128(bits) => SnapshotVal::V128(bits.as_u128()),
            other => panic!("global {name}: {other:?} cannot be part of a snapshot"),
        }
    }

    async fn memory_contents(&mut self, name: &str, contents: impl FnOnce(&[u8]) + Send) {
        let memory = self.instance.get_memory(&mut self.store, name);
        contents(memory.expect("Wizer exports it").data(&self.store));
    }
}

/// wasmtime's errors are not `std::error::Error`; their text is what is wanted here.
fn readable(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
