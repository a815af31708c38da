//! The engine of a process: the interpreter compiled once, its instances pooled, and the clock that makes them yield.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module, OptLevel,
    PoolingAllocationConfig,
};

use crate::compiled_cache::CompiledCache;
use crate::library::Library;
use crate::limits::RunLimits;
use crate::state::GuestState;
use crate::tmp_root::TmpRoot;
use crate::unwinding::STACKS_OF_A_RUN;
use crate::wasi::{LinkError, link_guest};

/// How often a running instance gives way to others; also how late a time limit can be noticed.
const EPOCH_TICK: Duration = Duration::from_millis(5);

/// Above the size of the interpreter's memory image, so that wasmtime maps it copy-on-write although most of it is zero (the
/// stack comes first): 2.4 ms of copying otherwise, at every start.
const MEMORY_IMAGE_BYTES: u64 = 256 * 1024 * 1024;

/// The native stack that WebAssembly code may use. It must hold what the guest's own stack of 16 MiB admits: the guest checks
/// its stack and raises `RuntimeError`; this limit is only the second fence.
const NATIVE_STACK_BYTES: usize = 48 * 1024 * 1024;
/// What host functions may use of the same stack beyond that.
const HOST_STACK_BYTES: usize = 2 * 1024 * 1024;

/// How much of an instance's memory stays with its slot after a run, above the interpreter's image and small beside a run's limit.
const KEPT_RESIDENT_BYTES: usize = 40 * 1024 * 1024;

/// Settings of a [`Sandbox`].
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// The runtime's name, such as `python2.7`; part of every report.
    pub runtime: String,
    /// Runs at the same time. Address space is reserved for each; memory is not.
    pub max_concurrent_runs: u32,
    /// Where compiled code is kept; without it the interpreter is compiled at every start (about two seconds).
    pub cache: Option<CompiledCache>,
    /// The directory below which the runs' `/tmp` directories are made.
    pub work_directory: PathBuf,
}

impl SandboxConfig {
    /// One run at a time, no cache, the system's directory for temporary files.
    pub fn new(runtime: &str) -> Self {
        Self {
            runtime: runtime.to_owned(),
            max_concurrent_runs: 1,
            cache: None,
            work_directory: std::env::temp_dir(),
        }
    }
}

/// Why a [`Sandbox`] cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The machine cannot run it, or the address space is limited.
    #[error(
        "the WebAssembly engine cannot start: {0:#}; if address space is limited (`ulimit -v`), lift the limit or allow fewer concurrent runs"
    )]
    Engine(wasmtime::Error),
    /// The module is not a usable interpreter.
    #[error("the interpreter cannot be compiled: {0:#}; build it again with `make python`")]
    Module(wasmtime::Error),
    /// A host function is missing or has another type.
    #[error(
        "the interpreter asks for something this version does not offer: {0:#}; build it again with `make python`"
    )]
    Imports(wasmtime::Error),
    /// See [`LinkError`].
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The work directory cannot be used.
    #[error("no private directory can be made in {path} ({source}): name another work directory")]
    WorkDirectory {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// Runs scripts. Cheap to clone; one serves a whole process.
#[derive(Clone)]
pub struct Sandbox {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) runtime: String,
    pub(crate) engine: Engine,
    pub(crate) interpreter: InstancePre<GuestState>,
    pub(crate) library: Arc<Library>,
    pub(crate) tmp_root: TmpRoot,
    /// One permit for each pooled instance: a run beyond them waits, and its clock has not started.
    pub(crate) places: tokio::sync::Semaphore,
    ticking: Arc<AtomicBool>,
}

impl Sandbox {
    /// Compiles `wasm` (the interpreter's snapshot) or takes it from the cache. This blocks for up to a few seconds:
    /// `compiling` is called first when the interpreter has to be compiled.
    ///
    /// # Errors
    ///
    /// When the machine or the module does not serve; see [`SandboxError`].
    pub fn new(
        config: SandboxConfig,
        wasm: &[u8],
        library: Arc<Library>,
        compiling: impl FnOnce(),
    ) -> Result<Self, SandboxError> {
        let engine = Engine::new(&engine_config(config.max_concurrent_runs))
            .map_err(SandboxError::Engine)?;
        let module = compiled(&engine, wasm, config.cache.as_ref(), compiling)?;
        let mut linker = Linker::new(&engine);
        link_guest(&mut linker)?;
        let interpreter = linker
            .instantiate_pre(&module)
            .map_err(SandboxError::Imports)?;
        let tmp_root =
            TmpRoot::new(&config.work_directory).map_err(|source| SandboxError::WorkDirectory {
                path: config.work_directory.clone(),
                source,
            })?;
        let ticking = start_ticking(&engine);
        Ok(Self {
            inner: Arc::new(Inner {
                runtime: config.runtime,
                engine,
                interpreter,
                library,
                tmp_root,
                places: tokio::sync::Semaphore::new(config.max_concurrent_runs as usize),
                ticking,
            }),
        })
    }

    /// The runtime's name.
    pub fn runtime(&self) -> &str {
        &self.inner.runtime
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.ticking.store(false, Ordering::Relaxed);
    }
}

fn engine_config(max_concurrent_runs: u32) -> Config {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(max_concurrent_runs)
        .total_memories(max_concurrent_runs)
        .total_tables(max_concurrent_runs)
        .total_stacks(max_concurrent_runs.saturating_mul(STACKS_OF_A_RUN))
        .max_memory_size(RunLimits::MAX_MEMORY_BYTES)
        .table_elements(20_000)
        .max_unused_warm_slots(max_concurrent_runs.min(64));
    // Where the kernel can say which pages a run wrote to (PAGEMAP_SCAN, Linux 6.7), only those are reset, by copying, and the next
    // run on the same slot takes no page fault for them. Without it all of them would be, most of them an empty stack: releasing
    // the pages is cheaper then.
    if PoolingAllocationConfig::is_pagemap_scan_available() {
        pool.pagemap_scan(Enabled::Yes)
            .linear_memory_keep_resident(KEPT_RESIDENT_BYTES)
            .table_keep_resident(KEPT_RESIDENT_BYTES);
    }
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .max_wasm_stack(NATIVE_STACK_BYTES)
        .async_stack_size(NATIVE_STACK_BYTES + HOST_STACK_BYTES)
        .memory_guaranteed_dense_image_size(MEMORY_IMAGE_BYTES)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    config
}

fn compiled(
    engine: &Engine,
    wasm: &[u8],
    cache: Option<&CompiledCache>,
    compiling: impl FnOnce(),
) -> Result<Module, SandboxError> {
    if let Some(module) = cache.and_then(|cache| cache.load(engine, wasm)) {
        return Ok(module);
    }
    compiling();
    let module = Module::new(engine, wasm).map_err(SandboxError::Module)?;
    if let Some(cache) = cache {
        cache.store(engine, wasm, &module);
    }
    Ok(module)
}

/// A thread of its own, since a busy executor must not be able to stop the clock that interrupts it.
fn start_ticking(engine: &Engine) -> Arc<AtomicBool> {
    let ticking = Arc::new(AtomicBool::new(true));
    let go_on = Arc::clone(&ticking);
    let engine = engine.weak();
    std::thread::spawn(move || {
        while go_on.load(Ordering::Relaxed) {
            std::thread::sleep(EPOCH_TICK);
            match engine.upgrade() {
                Some(engine) => engine.increment_epoch(),
                None => break,
            }
        }
    });
    ticking
}
