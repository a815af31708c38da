//! The engine of a process: the interpreter compiled once, pools for its instances, and the epoch that makes them
//! yield.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sha2::Digest;
use tokio::sync::Semaphore;
use wasmtime::{Config, Engine, InstancePre, Linker, Module};

use crate::compiled_cache::CompiledCache;
use crate::compiler::{
    MEMORY_GUARD_BYTES, Metering, WASM_ADDRESS_SPACE, compiler_config, with_safepoints,
};
use crate::error::SandboxError;
use crate::fs::TmpRoot;
use crate::host_functions::unwind::STACKS_OF_A_RUN;
use crate::interpreter::Interpreter;
use crate::library::Library;
use crate::linker::link_guest;
use crate::memory::{EpochCounter, Image, MemoryPool, StackPool};
use crate::precompiled::CodePages;
use crate::run_state::GuestState;
use crate::scheduler::LowPriority;

/// Length of an epoch: how often a running instance yields to others, and how late a time limit can be noticed.
const EPOCH_INTERVAL: Duration = Duration::from_millis(5);

/// The most unused memories and stacks that are kept for the next runs; each may hold a few megabytes.
const MAX_IDLE: usize = 64;

/// Settings of a [`Sandbox`](crate::Sandbox).
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// The runtime's name, such as `python2.7`; part of every report.
    pub runtime: String,
    /// The most runs at the same time. Each takes address space while it runs, and little memory.
    pub max_concurrent_runs: u32,
    /// Directory of compiled code. Without it, an interpreter that does not come with its code is compiled at every
    /// start (some seconds).
    pub cache: Option<CompiledCache>,
    /// Low-priority threads for runs that have computed for more than 20 ms, so that short runs do not wait behind
    /// them, and for runs of a tenant that has used its share of the executor's. Without them every run stays on the
    /// executor that started it.
    pub low_priority_threads: Option<NonZeroUsize>,
    /// Quantities that runs are measured by.
    pub metering: Metering,
    /// The directory in which the runs' `/tmp` directories are created.
    pub work_directory: PathBuf,
}

impl SandboxConfig {
    /// Returns settings for one run at a time, without a cache, in the system's directory for temporary files.
    pub fn new(runtime: &str) -> Self {
        Self {
            runtime: runtime.to_owned(),
            max_concurrent_runs: 1,
            cache: None,
            low_priority_threads: None,
            metering: Metering::Time,
            work_directory: std::env::temp_dir(),
        }
    }
}

/// Everything that the runs of a [`Sandbox`](crate::Sandbox) share.
pub(crate) struct SandboxEngine {
    pub(crate) runtime: String,
    pub(crate) engine: Engine,
    pub(crate) interpreter: InstancePre<GuestState>,
    pub(crate) library: Arc<Library>,
    pub(crate) tmp_root: TmpRoot,
    pub(crate) low_priority: Option<LowPriority>,
    pub(crate) metering: Metering,
    /// One permit for each concurrent run. A run beyond them waits, and its time has not started.
    pub(crate) permits: Semaphore,
    pub(crate) epoch: EpochCounter,
    ticking: Arc<AtomicBool>,
}

impl SandboxEngine {
    /// Loads or compiles the interpreter, and starts the threads.
    pub(crate) fn new(
        config: SandboxConfig,
        interpreter: &Interpreter<'_>,
        library: Arc<Library>,
        compiling: impl FnOnce(),
    ) -> Result<Self, SandboxError> {
        let max_idle = MAX_IDLE.min(config.max_concurrent_runs as usize);
        let epoch = EpochCounter::new(WASM_ADDRESS_SPACE as usize, MEMORY_GUARD_BYTES as usize)
            .map_err(|error| SandboxError::Engine(error.into()))?;
        let memories = MemoryPool::new(max_idle, epoch.clone());
        let stacks = StackPool::new(max_idle * STACKS_OF_A_RUN);
        let engine = Engine::new(&engine_config(&memories, &stacks, config.metering))
            .map_err(SandboxError::Engine)?;
        let (module, image) = compiled(&engine, interpreter, &config, compiling)?;
        memories.set_image(image);
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
        let low_priority = config
            .low_priority_threads
            .map(LowPriority::new)
            .transpose()
            .map_err(SandboxError::Threads)?;
        let ticking = start_ticking(&epoch);
        Ok(Self {
            runtime: config.runtime,
            engine,
            interpreter,
            library,
            tmp_root,
            low_priority,
            metering: config.metering,
            permits: Semaphore::new(config.max_concurrent_runs as usize),
            epoch,
            ticking,
        })
    }
}

impl Drop for SandboxEngine {
    fn drop(&mut self) {
        self.ticking.store(false, Ordering::Relaxed);
    }
}

fn engine_config(memories: &MemoryPool, stacks: &StackPool, metering: Metering) -> Config {
    let mut config = compiler_config(metering);
    config
        .with_host_memory(Arc::new(memories.clone()))
        .with_host_stack(Arc::new(stacks.clone()))
        .with_custom_code_memory(Some(Arc::new(CodePages)));
    config
}

/// Loads the interpreter's code from what comes with it or from the cache, or compiles it.
fn compiled(
    engine: &Engine,
    interpreter: &Interpreter<'_>,
    config: &SandboxConfig,
    compiling: impl FnOnce(),
) -> Result<(Module, Image), SandboxError> {
    // Code that comes with an interpreter counts no fuel.
    let precompiled = interpreter
        .precompiled
        .filter(|_| config.metering == Metering::Time);
    let key = interpreter.code_key().finalize().into();
    if let Some(found) = precompiled.and_then(|precompiled| precompiled.load(engine, key)) {
        return Ok(found);
    }
    let cache = config.cache.as_ref();
    if let Some(found) = cache.and_then(|cache| cache.load(engine, interpreter)) {
        return Ok(found);
    }
    compiling();
    let (wasm, data) = with_safepoints(interpreter)?;
    let module = Module::new(engine, &wasm).map_err(SandboxError::Module)?;
    if let Some(cache) = cache {
        cache.store(engine, interpreter, &module, &data);
    }
    let image =
        Image::in_memory(&data).map_err(|error| SandboxError::Interpreter(error.to_string()))?;
    Ok((module, image))
}

/// Starts the thread that increments the epoch. It is a thread of its own, since a busy executor must not be able to
/// stop what interrupts it.
fn start_ticking(epoch: &EpochCounter) -> Arc<AtomicBool> {
    let ticking = Arc::new(AtomicBool::new(true));
    let go_on = Arc::clone(&ticking);
    let epoch = epoch.clone();
    std::thread::spawn(move || {
        while go_on.load(Ordering::Relaxed) {
            #[expect(clippy::disallowed_methods, reason = "no thread of a runtime")]
            std::thread::sleep(EPOCH_INTERVAL);
            epoch.increment();
        }
    });
    ticking
}
