//! One run: instance, script, limits, report.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use codehook_api_types::Outcome;
use codehook_egress::Session;
use tokio::sync::Notify;
use wasmtime::{Store, TypedFunc, Val};

use crate::checks::SEEN;
use crate::cpu_time::{Metered, Spent};
use crate::engine::{Metering, Sandbox};
use crate::fs::{SCRIPT_DIRECTORY, ScriptFile};
use crate::guest_memory::copy_in;
use crate::library::Library;
use crate::limits::RunLimits;
use crate::output::OutputSink;
use crate::own_run::Attempt;
use crate::redaction::Secrets;
use crate::report::RunReport;
use crate::state::{GuestState, StateParts};
use crate::trees::Trees;
use crate::wasi::GuestExit;

/// The bit that the interpreter sets beside the exit code after an uncaught `MemoryError`.
const MEMORY_ERROR: i32 = 0x100;
const EXIT_CODE_MASK: i32 = 0xff;

/// What to do with a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Run it as `__main__`.
    Run,
    /// Compile it only; a syntax error is on standard error, as the interpreter says it.
    Check,
}

impl Purpose {
    fn export(self) -> &'static str {
        match self {
            Self::Run => "codehook_run",
            Self::Check => "codehook_check",
        }
    }
}

/// A script that is ready to run.
pub struct Script {
    name: String,
    content: Arc<[u8]>,
    secrets: Vec<String>,
    packages: Option<Arc<Library>>,
    tenant: Option<Arc<str>>,
    attempt: Attempt,
}

/// Why something is not a script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScriptError {
    /// The name cannot be a file's name.
    #[error("`{0}` cannot be the name of a script: use a plain file name such as hook.py")]
    Name(String),
}

impl Script {
    /// A script named `name` (a plain file name, as tracebacks show it) with the given source.
    ///
    /// # Errors
    ///
    /// When the name is empty, too long, or holds a slash or NUL.
    pub fn new(name: &str, source: impl Into<Arc<[u8]>>) -> Result<Self, ScriptError> {
        let bad = name.is_empty()
            || name.len() > 255
            || name == "."
            || name == ".."
            || name.contains(['/', '\0']);
        if bad {
            return Err(ScriptError::Name(name.to_owned()));
        }
        Ok(Self {
            name: name.to_owned(),
            content: source.into(),
            secrets: Vec::new(),
            packages: None,
            tenant: None,
            attempt: Attempt::default(),
        })
    }

    /// Whose run it is. Tenants share the threads that serve short runs
    /// ([`SandboxConfig::background_threads`](crate::SandboxConfig::background_threads)) in equal parts.
    #[must_use]
    pub fn for_tenant(mut self, tenant: impl Into<Arc<str>>) -> Self {
        self.tenant = Some(tenant.into());
        self
    }

    /// Which attempt of which run it is, which the script can ask for; the first one of none, where nobody says.
    #[must_use]
    pub fn as_attempt(mut self, attempt: Attempt) -> Self {
        self.attempt = attempt;
        self
    }

    /// Values that are replaced wherever the run's output or transcript shows them.
    #[must_use]
    pub fn with_secrets(mut self, secrets: impl IntoIterator<Item = String>) -> Self {
        self.secrets.extend(secrets);
        self
    }

    /// A second read-only tree that this script sees and others do not, such as its tenant's packages. What the
    /// sandbox's own library holds cannot be replaced by it.
    #[must_use]
    pub fn with_packages(mut self, packages: Option<Arc<Library>>) -> Self {
        self.packages = packages;
        self
    }
}

impl std::fmt::Debug for Script {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Script")
            .field("name", &self.name)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// How the guest's code came to its end.
enum End {
    Returned(i32),
    Trapped(wasmtime::Error),
    TimedOut,
}

impl Sandbox {
    /// Runs `script` to its end or to a limit. Output is shown to `sink`, if there is one, as it comes.
    ///
    /// When as many runs as the sandbox allows are under way, this waits for one to end; that time counts as none of the run's.
    ///
    /// Whatever the script does ends up in the report; there is no error. Dropping the future stops the run.
    pub async fn run(
        &self,
        script: &Script,
        purpose: Purpose,
        limits: &RunLimits,
        http: Session,
        sink: Option<OutputSink>,
    ) -> RunReport {
        // Never closed, so an error cannot come; were it one, the pool would say so.
        let _place = self.inner.places.acquire().await;
        let started = Instant::now();
        let secrets = Secrets::new(script.secrets.iter().cloned());
        let state = GuestState::new(StateParts {
            trees: Trees::new(Arc::clone(&self.inner.library), script.packages.clone()),
            script: Some(ScriptFile {
                name: script.name.clone(),
                content: Arc::clone(&script.content),
            }),
            tmp_root: self.inner.tmp_root.clone(),
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
            match &self.inner.background {
                Some(background) => background.run(execution, script.tenant.as_ref()).await,
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

    /// The guest's own part, which owns all that it needs, so that it can go on on another thread. Nothing is left of the instance
    /// when it ends.
    async fn execute(
        self,
        state: GuestState,
        name: String,
        purpose: Purpose,
        stop: Arc<Notify>,
    ) -> (GuestState, End, Option<u64>) {
        let mut store = Store::new(&self.inner.engine, state);
        store.limiter(|state| &mut state.memory_limit);
        let tank = self.fill(&mut store);
        let end = tokio::select! {
            biased;
            called = self.call(&mut store, &name, purpose) => match called {
                Ok(status) => End::Returned(status),
                Err(error) => match error.downcast_ref::<GuestExit>() {
                    // Only the low byte: the bits above are the interpreter's own to set.
                    Some(exit) => End::Returned(exit.0 as i32 & EXIT_CODE_MASK),
                    None => End::Trapped(error),
                },
            },
            () = stop.notified() => End::TimedOut,
        };
        let fuel = tank.map(|tank| tank.saturating_sub(store.get_fuel().unwrap_or_default()));
        (store.into_data(), end, fuel)
    }

    /// Gives the guest its fuel and answers how much that is, where fuel is counted.
    fn fill(&self, store: &mut Store<GuestState>) -> Option<u64> {
        if self.inner.metering == Metering::Time {
            return None;
        }
        let tank = store.data().fuel.unwrap_or(u64::MAX);
        // Only an engine that does not count fuel refuses it.
        store.set_fuel(tank).ok()?;
        Some(tank)
    }

    async fn call(
        &self,
        store: &mut Store<GuestState>,
        name: &str,
        purpose: Purpose,
    ) -> wasmtime::Result<i32> {
        let instance = self
            .inner
            .interpreter
            .instantiate_async(&mut *store)
            .await?;
        let memory = instance
            .get_memory(&mut *store, "memory")
            .ok_or_else(|| wasmtime::Error::msg("the interpreter exports no memory"))?;
        store.data_mut().memory = Some(memory);
        let seen = instance
            .get_global(&mut *store, SEEN)
            .ok_or_else(|| wasmtime::Error::msg("the interpreter has no checks"))?;
        let now = self.inner.clock.now().cast_signed();
        seen.set(&mut *store, Val::I32(now))?;
        let alloc: TypedFunc<u32, u32> = instance.get_typed_func(&mut *store, "codehook_alloc")?;
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
            runtime: self.inner.runtime.clone(),
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
