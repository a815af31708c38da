//! One rendered script in, one [`RunReport`] out.
//!
//! This crate owns the WebAssembly engine, the instance of each run and everything a guest can see: its file system (a
//! read-only library, the script, a private `/tmp`), its clocks and randomness, and the host functions: HTTP through
//! [`codehook_egress`], and control of its own run. It knows nothing of events, templates or tenants.
//!
//! What it refuses, always: any file of the host, the host's environment and arguments, sockets, and a guest that
//! outlives its run. Every run gets a fresh instance of the interpreter's snapshot; nothing but the report survives it.

mod abi;
mod compiled_cache;
mod compiler;
mod engine;
mod error;
mod fs;
mod guest_memory;
mod host_functions;
mod interpreter;
mod library;
mod library_index;
mod limits;
mod linker;
mod memory;
mod output;
mod precompiled;
mod redaction;
mod report;
mod retry;
mod run;
mod run_state;
mod scheduler;
mod script;

pub use codehook_api_types::{Outcome, OutputStream, RetryDirective};

pub use abi::LinkError;
pub use compiled_cache::{CacheError, CompiledCache};
pub use compiler::{Metering, PrecompiledParts, precompile};
pub use engine::SandboxConfig;
pub use error::SandboxError;
pub use fs::TmpLeftovers;
pub use interpreter::Interpreter;
pub use library::{Archive, Library, LibraryError};
pub use limits::RunLimits;
pub use linker::link_guest;
pub use output::{Captured, OutputSink};
pub use precompiled::Precompiled;
pub use report::RunReport;
pub use retry::Attempt;
pub use run::Sandbox;
pub use run_state::GuestState;
pub use script::{Purpose, Script, ScriptError};
