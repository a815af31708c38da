//! Errors of creating a sandbox.

use std::path::PathBuf;

use crate::abi::LinkError;

/// Reasons why a [`Sandbox`](crate::Sandbox) cannot be created.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The machine cannot run it, or the address space is limited.
    #[error(
        "the WebAssembly engine cannot start: {0:#}; if address space is limited (`ulimit -v`), \
         lift the limit or allow fewer concurrent runs"
    )]
    Engine(wasmtime::Error),
    /// The module is not a usable interpreter.
    #[error("the interpreter cannot be compiled: {0:#}; build it again with `make python`")]
    Module(wasmtime::Error),
    /// The module is not of the form that an interpreter has.
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
        /// The system's error.
        source: std::io::Error,
    },
}
