//! `codehook runtime`: what scripts run on.

use codehook_packages::BuiltInPackage;
use codehook_python::RUNTIME;
use serde::Serialize;

use crate::cli::RuntimeArgs;
use crate::exit::Exit;
use crate::hardening;
use crate::interpreter;
use crate::packages;
use crate::terminal;

#[derive(Debug, Serialize)]
struct Runtime {
    runtime: &'static str,
    program: &'static str,
    interpreter_bytes: usize,
    runtime_file: String,
    packages: Vec<BuiltInPackage>,
    cache_directory: Option<String>,
    kernel: String,
}

/// Runs the command.
///
/// # Errors
///
/// When there is no runtime, or a damaged one.
pub(crate) fn command(args: &RuntimeArgs) -> anyhow::Result<Exit> {
    let found = codehook_python::runtime()?;
    let built_in = packages::built_in()?;
    let cache = interpreter::cache_directory(args.cache.directory.as_deref(), |name| {
        std::env::var_os(name)
    });
    let runtime = Runtime {
        runtime: RUNTIME,
        program: env!("CARGO_PKG_VERSION"),
        interpreter_bytes: found.interpreter_bytes(),
        runtime_file: found.path().display().to_string(),
        packages: built_in.packages().to_vec(),
        cache_directory: cache.map(|path| path.display().to_string()),
        kernel: hardening::available().to_string(),
    };
    if args.output.json {
        terminal::json(&runtime)?;
    } else {
        terminal::stdout(describe(&runtime).as_bytes());
    }
    Ok(Exit::Succeeded)
}

fn describe(runtime: &Runtime) -> String {
    let cache = runtime
        .cache_directory
        .as_deref()
        .unwrap_or("none: HOME is not set");
    let mut text = format!(
        "program          codehook {}\ninterpreter      {}, {} bytes of WebAssembly\nruntime file     {}\ncompiled code    {cache}\nkernel           {}\npackages\n",
        runtime.program,
        runtime.runtime,
        runtime.interpreter_bytes,
        runtime.runtime_file,
        runtime.kernel
    );
    for BuiltInPackage {
        name,
        version,
        licence,
        ..
    } in &runtime.packages
    {
        text.push_str(&format!("  {name:<20} {version:<12} {licence}\n"));
    }
    text
}
