//! `make test-cpython`: CPython's own tests natively and in the sandbox, case by case.
//!
//! Every module of `Lib/test` runs twice: under the native python2.7 that was built from the same source, and in the sandbox, where
//! it has a run of its own. A case that passes natively must pass in the sandbox, unless `tests/cpython/exceptions.txt` lists it
//! under a reason; a listed case that passes is an error as well.

mod cases;
mod compare;
mod exceptions;
mod inside;
mod native;
mod report;

use std::collections::VecDeque;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clap::Parser;

use compare::Compared;
use exceptions::Exceptions;
use inside::Inside;
use native::Native;

/// What runs one module, in both places.
const RUNNER: &str = include_str!("../../../cpython/run_module.py");

/// Compares CPython's own tests in the sandbox with the same tests under the native python2.7.
#[derive(Parser)]
#[command(name = "test-cpython")]
struct Arguments {
    /// Modules of Lib/test, such as test_json; all of them if none is named.
    modules: Vec<String>,
    /// Seconds that one module may take natively.
    #[arg(long, default_value_t = 100)]
    native_limit: u64,
    /// Seconds that one module may take in the sandbox.
    #[arg(long, default_value_t = 60)]
    limit: u64,
    /// Modules at the same time; by default as many as there are processors.
    #[arg(long)]
    jobs: Option<u32>,
    /// Where the table and the texts of all differences go.
    #[arg(long)]
    output: Option<PathBuf>,
}

/// Why the comparison could not be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0} is not there: run `make python` first")]
    NoPython(PathBuf),
    #[error("there is no module {0} in Lib/test")]
    NoModule(String),
    #[error("tests/cpython/exceptions.txt, {0}")]
    List(#[from] exceptions::ListError),
    #[error(transparent)]
    Runtime(#[from] &'static codehook_python::RuntimeError),
    #[error(transparent)]
    Sandbox(#[from] codehook_sandbox::SandboxError),
    #[error(transparent)]
    Cache(#[from] codehook_sandbox::CacheError),
    #[error(transparent)]
    Library(#[from] codehook_sandbox::LibraryError),
    #[error(transparent)]
    Script(#[from] codehook_sandbox::ScriptError),
    #[error(transparent)]
    Egress(#[from] codehook_egress::EgressConfigError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error("a worker ended early: {0}")]
    Worker(#[from] tokio::task::JoinError),
}

/// Time spent on both sides.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Times {
    native: Duration,
    inside: Duration,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build();
    match runtime
        .map_err(Error::from)
        .and_then(|runtime| runtime.block_on(compare_all(arguments)))
    {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("test-cpython: {error}");
            ExitCode::from(2)
        }
    }
}

/// What the workers share.
struct Shared {
    native: Native,
    inside: Inside,
    exceptions: Exceptions,
    modules: Mutex<VecDeque<String>>,
    done: Mutex<Vec<(Compared, Times)>>,
    total: usize,
}

async fn compare_all(arguments: Arguments) -> Result<bool, Error> {
    let built = codehook_tests::target().join("python-wasm");
    let limit = Duration::from_secs(arguments.limit);
    let cores = std::thread::available_parallelism()?.get();
    let jobs = arguments
        .jobs
        .unwrap_or(u32::try_from(cores).unwrap_or(1))
        .max(1);
    let list = codehook_tests::workspace().join("tests/cpython/exceptions.txt");
    let native = Native::new(&built, Duration::from_secs(arguments.native_limit))?;
    let all = native.modules()?;
    let whole = arguments.modules.is_empty();
    if let Some(unknown) = arguments.modules.iter().find(|name| !all.contains(name)) {
        return Err(Error::NoModule(unknown.clone()));
    }
    let mut modules = if whole { all } else { arguments.modules };
    // These wait for sockets that never open: the others go on beside them.
    modules.sort_by_key(|module| !matches!(module.as_str(), "test_ftplib" | "test_xmlrpc"));
    let shared = Arc::new(Shared {
        native,
        inside: Inside::new(jobs, limit)?,
        exceptions: Exceptions::parse(&std::fs::read_to_string(list)?)?,
        total: modules.len(),
        modules: Mutex::new(modules.into()),
        done: Mutex::default(),
    });
    let workers: Vec<_> = (0..jobs)
        .map(|_| tokio::spawn(work(Arc::clone(&shared))))
        .collect();
    for worker in workers {
        worker.await??;
    }
    let mut done = std::mem::take(&mut *locked(&shared.done));
    done.sort_by(|a, b| a.0.module.cmp(&b.0.module));
    let output = arguments
        .output
        .unwrap_or_else(|| codehook_tests::target().join("test-cpython"));
    let unknown = if whole {
        report::unknown(&done, &shared.exceptions)
    } else {
        Vec::new()
    };
    report::write(&output, &done)?;
    Ok(report::print(&output, &done, &unknown))
}

async fn work(shared: Arc<Shared>) -> Result<(), Error> {
    loop {
        let Some(module) = locked(&shared.modules).pop_front() else {
            return Ok(());
        };
        let mut times = Times::default();
        let native = shared.native.run(&module, &mut times).await?;
        let inside = shared.inside.run(&module, &mut times).await?;
        let compared = Compared::new(module, native, inside, &shared.exceptions);
        let mut done = locked(&shared.done);
        report::progress(&compared, times, done.len() + 1, shared.total);
        done.push((compared, times));
    }
}

/// A worker that panicked has left nothing half done.
fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
