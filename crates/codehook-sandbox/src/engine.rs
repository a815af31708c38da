//! The engine of a process: the interpreter compiled once, its instances pooled, and the clock that makes them yield.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, InstancePre, Linker, Module, OptLevel};

use crate::background::Background;
use crate::checks;
use crate::clock::Clock;
use crate::compiled_cache::CompiledCache;
use crate::interpreter::Interpreter;
use crate::library::Library;
use crate::memory::{Image, InitialData, MemoryPool, SplitError, split};
use crate::precompiled::CodePages;
use crate::stacks::StackPool;
use crate::state::GuestState;
use crate::tmp_root::TmpRoot;
use crate::unwinding::STACKS_OF_A_RUN;
use crate::wasi::{LinkError, link_guest};

/// How often a running instance gives way to others; also how late a time limit can be noticed.
const TICK: Duration = Duration::from_millis(5);

/// The native stack that WebAssembly code may use. It must hold what the guest's own stack of 16 MiB admits: the guest checks
/// its stack and raises `RuntimeError`; this limit is only the second fence.
const NATIVE_STACK_BYTES: usize = 48 * 1024 * 1024;
/// What host functions may use of the same stack beyond that.
const HOST_STACK_BYTES: usize = 2 * 1024 * 1024;

/// Reserved for each memory: what 32 bits can address.
const WASM_ADDRESS_SPACE: u64 = 4 * 1024 * 1024 * 1024;
/// Before and after each memory: an access whose fixed offset is below this needs no check.
const MEMORY_GUARD_BYTES: u64 = 32 * 1024 * 1024;
/// Memories and stacks that wait for a run, at most; each may hold a few megabytes.
const MAX_IDLE: usize = 64;

/// What compiled code counts while it runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Metering {
    /// Nothing; processor time is taken from the system's clocks.
    #[default]
    Time,
    /// Fuel as well, which takes about a quarter more time.
    Fuel,
}

/// Settings of a [`Sandbox`].
#[derive(Debug, Clone)]
pub struct SandboxConfig {
    /// The runtime's name, such as `python2.7`; part of every report.
    pub runtime: String,
    /// Runs at the same time. Each takes address space while it runs, and little memory.
    pub max_concurrent_runs: u32,
    /// Where compiled code is kept. Without it, what did not come compiled is compiled at every start (some seconds).
    pub cache: Option<CompiledCache>,
    /// Threads for runs that have computed for more than 20 ms: of low priority, so that short runs do not feel them; and for
    /// those of a tenant that has used its share of the others. None leaves every run on the executor that it was started on.
    pub background_threads: Option<NonZeroUsize>,
    /// Whether fuel is counted.
    pub metering: Metering,
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
            background_threads: None,
            metering: Metering::Time,
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
    /// The module's initial memory cannot be told from it.
    #[error("the interpreter is not as expected: {0}; build it again with `make python`")]
    Interpreter(String),
    /// A host function is missing or has another type.
    #[error(
        "the interpreter asks for something this version does not offer: {0:#}; build it again with `make python`"
    )]
    Imports(wasmtime::Error),
    /// See [`LinkError`].
    #[error(transparent)]
    Link(#[from] LinkError),
    /// The threads for long computations cannot be started.
    #[error("threads for long runs cannot be started: {0}")]
    Threads(std::io::Error),
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
    pub(crate) background: Option<Background>,
    pub(crate) metering: Metering,
    /// One permit for each pooled instance: a run beyond them waits, and its clock has not started.
    pub(crate) places: tokio::sync::Semaphore,
    pub(crate) clock: Clock,
    ticking: Arc<AtomicBool>,
}

impl Sandbox {
    /// Takes the compiled form of `interpreter` (a snapshot) from what it brings along or from the cache, or compiles it. That blocks
    /// for some seconds: `compiling` is called first.
    ///
    /// # Errors
    ///
    /// When the machine or the module does not serve; see [`SandboxError`].
    pub fn new(
        config: SandboxConfig,
        interpreter: &Interpreter<'_>,
        library: Arc<Library>,
        compiling: impl FnOnce(),
    ) -> Result<Self, SandboxError> {
        let max_idle = MAX_IDLE.min(config.max_concurrent_runs as usize);
        let clock = Clock::new(WASM_ADDRESS_SPACE as usize, MEMORY_GUARD_BYTES as usize)
            .map_err(|error| SandboxError::Engine(error.into()))?;
        let memories = MemoryPool::new(max_idle, clock.clone());
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
        let background = config
            .background_threads
            .map(Background::new)
            .transpose()
            .map_err(SandboxError::Threads)?;
        let ticking = start_ticking(&clock);
        Ok(Self {
            inner: Arc::new(Inner {
                runtime: config.runtime,
                engine,
                interpreter,
                library,
                tmp_root,
                background,
                metering: config.metering,
                places: tokio::sync::Semaphore::new(config.max_concurrent_runs as usize),
                clock,
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

fn engine_config(memories: &MemoryPool, stacks: &StackPool, metering: Metering) -> Config {
    let mut config = compiler_config(metering);
    config
        .with_host_memory(Arc::new(memories.clone()))
        .with_host_stack(Arc::new(stacks.clone()))
        .with_custom_code_memory(Some(Arc::new(CodePages)));
    config
}

/// What shapes compiled code, on whatever machine it is compiled.
pub(crate) fn compiler_config(metering: Metering) -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .wasm_branch_hinting(true)
        .consume_fuel(metering == Metering::Fuel)
        .max_wasm_stack(NATIVE_STACK_BYTES)
        .async_stack_size(NATIVE_STACK_BYTES + HOST_STACK_BYTES)
        .allocation_strategy(InstanceAllocationStrategy::OnDemand)
        .memory_init_cow(false)
        // All that 32 bits can address: compiled code then needs no check of its own for each access.
        .memory_reservation(WASM_ADDRESS_SPACE)
        .memory_guard_size(MEMORY_GUARD_BYTES)
        .memory_may_move(false);
    config
}

fn compiled(
    engine: &Engine,
    interpreter: &Interpreter<'_>,
    config: &SandboxConfig,
    compiling: impl FnOnce(),
) -> Result<(Module, Image), SandboxError> {
    // What is brought along counts no fuel.
    let brought = interpreter
        .precompiled
        .filter(|_| config.metering == Metering::Time);
    if let Some(found) = brought.and_then(|precompiled| precompiled.load(engine, interpreter)) {
        return Ok(found);
    }
    let cache = config.cache.as_ref();
    if let Some(found) = cache.and_then(|cache| cache.load(engine, interpreter)) {
        return Ok(found);
    }
    compiling();
    let (checked, data) = with_checks(interpreter)?;
    let module = Module::new(engine, &checked).map_err(SandboxError::Module)?;
    if let Some(cache) = cache {
        cache.store(engine, interpreter, &module, &data);
    }
    let image =
        Image::in_memory(&data).map_err(|error| SandboxError::Interpreter(error.to_string()))?;
    Ok((module, image))
}

/// The interpreter as it is compiled: without its data, and with checks in its code.
pub(crate) fn with_checks(
    interpreter: &Interpreter<'_>,
) -> Result<(Vec<u8>, InitialData), SandboxError> {
    let unexpected = |error: SplitError| SandboxError::Interpreter(error.to_string());
    let parts = split(interpreter.wasm).map_err(unexpected)?;
    let checked = checks::write(&parts.module, interpreter.own_calls)
        .map_err(|error| SandboxError::Interpreter(error.to_string()))?;
    Ok((checked, parts.data))
}

/// A thread of its own, since a busy executor must not be able to stop the clock that interrupts it.
fn start_ticking(clock: &Clock) -> Arc<AtomicBool> {
    let ticking = Arc::new(AtomicBool::new(true));
    let go_on = Arc::clone(&ticking);
    let clock = clock.clone();
    std::thread::spawn(move || {
        while go_on.load(Ordering::Relaxed) {
            #[expect(clippy::disallowed_methods, reason = "no thread of a runtime")]
            std::thread::sleep(TICK);
            clock.tick();
        }
    });
    ticking
}
