//! Functions that a guest imports, by subject. Each module's `link` defines its own in a linker.

mod guest;
pub(crate) mod http;
pub(crate) mod posix;
pub(crate) mod run_control;
pub(crate) mod unwind;
pub(crate) mod wasi_fd;
pub(crate) mod wasi_path;
pub(crate) mod yield_now;
