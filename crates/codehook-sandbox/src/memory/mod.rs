//! The linear memories of runs: made once, mapped copy-on-write over the interpreter's image, and put back after each run.
//!
//! wasmtime's own pool does the same, but puts back at most 32 stretches of pages and releases the rest, so that nearly every
//! page a script touches costs a page fault in the next run; and it takes a page that was swapped out for one that was not
//! written to. This one looks at every page. What the interpreter's memory holds at its start is therefore not in the module that
//! wasmtime sees: [`mod@split`] takes it out, and [`Image`] keeps it.

mod dirty_pages;
mod image;
mod pool;
mod slot;
mod split;

pub(crate) use image::Image;
pub(crate) use pool::MemoryPool;
pub(crate) use split::{InitialData, SplitError, WASM_PAGE, split};

/// The unit in which memory is mapped and put back: what all supported machines have.
pub(crate) const PAGE: usize = 4096;

#[cfg(test)]
mod tests;
