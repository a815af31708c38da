//! The `python2.7` runtime: CPython 2.7.18 as a WebAssembly snapshot, and the library that goes with it.
//!
//! This crate owns the bytes and their name; it does not run them. `make python` builds them into `target/python-wasm/`, from
//! where this crate takes them into the program.

use std::sync::Arc;

use codehook_sandbox::{Interpreter, Library, LibraryError};

/// The runtime's name, wherever a hook, a run or a cache key mentions it.
pub const RUNTIME: &str = "python2.7";

/// The interpreter, initialised and snapshotted (a WebAssembly core module, WASI preview 1).
pub fn interpreter() -> Interpreter<'static> {
    Interpreter::with_digest(WASM, *SHA256).giving_way_by_itself()
}

/// The interpreter's size, in bytes.
pub fn interpreter_bytes() -> usize {
    WASM.len()
}

const WASM: &[u8] = include_bytes!(concat!(env!("CODEHOOK_PYTHON_WASM"), "/python2.7.wasm"));
const SHA256: &[u8; 32] =
    include_bytes!(concat!(env!("CODEHOOK_PYTHON_WASM"), "/python2.7.sha256"));
const INDEX: &[u8] = include_bytes!(concat!(env!("CODEHOOK_PYTHON_WASM"), "/lib.index"));

/// The standard library and the packages, as guests see them.
///
/// # Errors
///
/// When the archive that was built in is damaged.
pub fn library() -> Result<Arc<Library>, LibraryError> {
    Library::from_indexed(archive(), INDEX).map(Arc::new)
}

/// What the library holds, as JSON: an object whose `packages` have `name`, `version`, `licence`, `kind` and, unless they are our own,
/// `sha256`.
pub fn manifest() -> &'static str {
    include_str!(concat!(env!("CODEHOOK_PYTHON_WASM"), "/manifest.json"))
}

fn archive() -> &'static [u8] {
    include_bytes!(concat!(env!("CODEHOOK_PYTHON_WASM"), "/lib.tar"))
}
