//! One rendered script in, one [`RunReport`] out.
//!
//! This crate owns the WebAssembly engine, the instance of each run and everything a guest can see: its file system (a
//! read-only library, the script, a private `/tmp`), its clocks and randomness, and the one host call, HTTP through
//! [`codehook_egress`]. It knows nothing of events, templates or tenants.
//!
//! What it refuses, always: any file of the host, the host's environment and arguments, sockets, and a guest that outlives
//! its run. Every run gets a fresh instance of the interpreter's snapshot; nothing but the report survives it.

mod background;
mod checks;
mod clock;
mod compiled_cache;
mod cpu_time;
mod engine;
mod fs;
mod guest_memory;
mod host_call;
mod idle;
mod interpreter;
mod library;
mod library_index;
mod limits;
mod mapping;
mod memory;
mod output;
mod own_run;
mod precompiled;
mod redaction;
mod report;
mod run;
mod stacks;
mod state;
mod tmp_root;
mod trees;
mod unwinding;
mod wasi;

pub use codehook_api_types::{Outcome, OutputStream, RetryDirective};

pub use compiled_cache::{CacheError, CompiledCache};
pub use engine::{Metering, Sandbox, SandboxConfig, SandboxError};
pub use interpreter::Interpreter;
pub use library::{Archive, Library, LibraryError};
pub use limits::RunLimits;
pub use output::OutputSink;
pub use own_run::Attempt;
pub use precompiled::{Precompiled, PrecompiledParts, precompile};
pub use report::{Captured, RunReport, TmpLeftovers};
pub use run::{Purpose, Script, ScriptError};
pub use state::GuestState;
pub use wasi::{LinkError, link_guest};
