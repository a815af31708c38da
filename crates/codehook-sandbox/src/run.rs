//! Sandboxes and their runs: instance, script, limits, report.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use codehook_api_types::Outcome;
use codehook_egress::Session;
use tokio::sync::Notify;
use wasmtime::{Store, TypedFunc, Val};

use crate::abi::{ALLOC, LAST_EPOCH, MEMORY};
use crate::compiler::Metering;
use crate::engine::{SandboxConfig, SandboxEngine};
use crate::error::SandboxError;
use crate::fs::{LayeredLibrary, SCRIPT_DIRECTORY, ScriptFile};
use crate::guest_memory::copy_in;
use crate::interpreter::Interpreter;
use crate::library::Library;
use crate::limits::RunLimits;
use crate::linker::GuestExit;
use crate::output::OutputSink;
use crate::redaction::Secrets;
use crate::report::RunReport;
use crate::run_state::{GuestState, StateParts};
use crate::scheduler::{Metered, Spent};
use crate::script::{Purpose, Script};

/// The bit that the interpreter sets beside the exit code after an uncaught `MemoryError`.
const MEMORY_ERROR: i32 = 0x100;
const EXIT_CODE_MASK: i32 = 0xff;

/// Runs scripts. Cheap to clone; one serves a whole process.
#[derive(Clone)]
pub struct Sandbox {
    engine: Arc<SandboxEngine>,
}

/// End of the guest's code.
enum End {
    Returned(i32),
    Trapped(wasmtime::Error),
    TimedOut,
}

impl Sandbox {
    /// Loads the code of `interpreter` (a snapshot) from what comes with it or from the cache, or compiles it. That
    /// blocks for some seconds: `compiling` is called first.
    ///
    /// # Errors
    ///
    /// When the machine or the module cannot be used; see [`SandboxError`].
    pub fn new(
        config: SandboxConfig,
        interpreter: &Interpreter<'_>,
        library: Arc<Library>,
        compiling: impl FnOnce(),
    ) -> Result<Self, SandboxError> {
        let engine = SandboxEngine::new(config, interpreter, library, compiling)?;
        Ok(Self {
            engine: Arc::new(engine),
        })
    }

    /// Returns the runtime's name.
    pub fn runtime(&self) -> &str {
        &self.engine.runtime
    }

    /// Runs `script` to its end or to a limit. Output goes to `sink`, if there is one, as it comes.
    ///
    /// When as many runs as the sandbox allows are under way, this waits for one to end; that time does not count as
    /// the run's.
    ///
    /// Whatever the script does is in the report; there is no error. Dropping the future stops the run.
    pub async fn run(
        &self,
        script: &Script,
        purpose: Purpose,
        limits: &RunLimits,
        http: Session,
        sink: Option<OutputSink>,
    ) -> RunReport {
        // The semaphore is never closed, so there is no error.
        let _permit = self.engine.permits.acquire().await;
        let started = Instant::now();
        let secrets = Secrets::new(script.secrets.iter().cloned());
        let state = GuestState::new(StateParts {
            library: LayeredLibrary::new(Arc::clone(&self.engine.library), script.packages.clone()),
            script: Some(ScriptFile {
                name: script.name.clone(),
                content: Arc::clone(&script.content),
            }),
            tmp_root: self.engine.tmp_root.clone(),
            limits: limits.clone(),
            secrets: secrets.clone(),
            sink,
            http: Some(http),
            attempt: script.attempt.clone(),
        });
        let stop = Arc::new(Notify::new());
        let execution =
            self.clone()
                .execute(state, script.name.clone(), purpose, Arc::clone(&stop));
        let execution = Metered::new(execution);
        let mut running = pin!(async {
            match &self.engine.low_priority {
                Some(low_priority) => low_priority.run(execution, script.tenant.as_ref()).await,
                None => execution.await,
            }
        });
        let ended = tokio::select! {
            ended = &mut running => ended,
            () = tokio::time::sleep(limits.wall_time) => {
                stop.notify_one();
                running.await
            }
        };
        let Spent {
            output: (state, end, fuel),
            cpu,
        } = ended;
        self.report(state, end, started, (cpu, fuel), &secrets)
    }

    /// Executes the guest. The future owns all that it needs, so that it can move to another thread. Nothing is left of
    /// the instance when it ends.
    async fn execute(
        self,
        state: GuestState,
        name: String,
        purpose: Purpose,
        stop: Arc<Notify>,
    ) -> (GuestState, End, Option<u64>) {
        let mut store = Store::new(&self.engine.engine, state);
        store.limiter(|state| &mut state.memory_limit);
        let granted = self.grant_fuel(&mut store);
        let end = tokio::select! {
            biased;
            called = self.call(&mut store, &name, purpose) => match called {
                Ok(status) => End::Returned(status),
                Err(error) => match error.downcast_ref::<GuestExit>() {
                    // Only the low byte: the bits above are reserved for the interpreter itself.
                    Some(exit) => End::Returned(exit.0 as i32 & EXIT_CODE_MASK),
                    None => End::Trapped(error),
                },
            },
            () = stop.notified() => End::TimedOut,
        };
        let fuel =
            granted.map(|granted| granted.saturating_sub(store.get_fuel().unwrap_or_default()));
        (store.into_data(), end, fuel)
    }

    /// Grants the guest its fuel and returns the amount, if fuel is counted.
    fn grant_fuel(&self, store: &mut Store<GuestState>) -> Option<u64> {
        if self.engine.metering == Metering::Time {
            return None;
        }
        let granted = store.data().fuel.unwrap_or(u64::MAX);
        // Only an engine that does not count fuel refuses it.
        store.set_fuel(granted).ok()?;
        Some(granted)
    }

    async fn call(
        &self,
        store: &mut Store<GuestState>,
        name: &str,
        purpose: Purpose,
    ) -> wasmtime::Result<i32> {
        let instance = self
            .engine
            .interpreter
            .instantiate_async(&mut *store)
            .await?;
        let memory = instance
            .get_memory(&mut *store, MEMORY)
            .ok_or_else(|| wasmtime::Error::msg("the interpreter exports no memory"))?;
        store.data_mut().memory = Some(memory);
        let last_epoch = instance
            .get_global(&mut *store, LAST_EPOCH)
            .ok_or_else(|| wasmtime::Error::msg("the interpreter has no safepoints"))?;
        let now = self.engine.epoch.current().cast_signed();
        last_epoch.set(&mut *store, Val::I32(now))?;
        let alloc: TypedFunc<u32, u32> = instance.get_typed_func(&mut *store, ALLOC)?;
        let entry: TypedFunc<u32, i32> = instance.get_typed_func(&mut *store, purpose.export())?;
        let path = format!("{SCRIPT_DIRECTORY}/{name}\0");
        let pointer = alloc
            .call_async(&mut *store, u32::try_from(path.len()).unwrap_or(u32::MAX))
            .await?;
        copy_in(&mut *store, memory, pointer, path.as_bytes()).ok_or_else(|| {
            wasmtime::Error::msg("the interpreter has no memory for the path of the script")
        })?;
        entry.call_async(&mut *store, pointer).await
    }

    fn report(
        &self,
        mut state: GuestState,
        end: End,
        started: Instant,
        (cpu, fuel): (Duration, Option<u64>),
        secrets: &Secrets,
    ) -> RunReport {
        let (outcome, exit_code) = match end {
            End::TimedOut => (Outcome::TimedOut, None),
            End::Returned(status) if status & MEMORY_ERROR != 0 => {
                (Outcome::OutOfMemory, Some(status & EXIT_CODE_MASK))
            }
            End::Returned(status) => ended(status & EXIT_CODE_MASK),
            End::Trapped(error) if is_out_of_fuel(&error) => (Outcome::OutOfFuel, None),
            End::Trapped(error) => {
                tracing::info!(error = %format!("{error:#}"), "the interpreter trapped");
                let note = format!("\nThe interpreter crashed: {}\n", error.root_cause());
                state.stderr.write(note.as_bytes());
                (
                    if state.memory_limit.refused {
                        Outcome::OutOfMemory
                    } else {
                        Outcome::Crashed
                    },
                    None,
                )
            }
        };
        let mut http = state.http.map(Session::into_transcript).unwrap_or_default();
        for entry in &mut http {
            entry.url = secrets.redact_text(&entry.url);
        }
        RunReport {
            runtime: self.engine.runtime.clone(),
            outcome,
            exit_code,
            stdout: state.stdout.finish(),
            stderr: state.stderr.finish(),
            duration: started.elapsed(),
            cpu,
            fuel,
            peak_memory_bytes: state.memory_limit.peak as u64,
            http,
            tmp_leftovers: state.fs.tmp.leftovers(),
            asked: state
                .asked
                .map(|asked| asked.map_reason(|reason| secrets.redact_text(reason))),
        }
    }
}

fn is_out_of_fuel(error: &wasmtime::Error) -> bool {
    matches!(error.downcast_ref(), Some(wasmtime::Trap::OutOfFuel))
}

fn ended(exit_code: i32) -> (Outcome, Option<i32>) {
    let outcome = if exit_code == 0 {
        Outcome::Succeeded
    } else {
        Outcome::Failed
    };
    (outcome, Some(exit_code))
}
