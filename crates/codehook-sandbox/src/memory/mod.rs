//! The linear memories and native stacks of runs: mapped once, and reset after each run.
//!
//! A run's memory is a copy-on-write mapping of the interpreter's image. wasmtime's own pool does the same, but resets
//! at most 32 regions of pages and releases the rest, so that nearly every page that a script touches costs a page
//! fault in the next run; and it treats a page that was swapped out as not written to. This pool looks at every page.
//! The initial content of the interpreter's memory is therefore not in the module that wasmtime gets: [`data_segments`]
//! takes it out, and [`Image`] holds it.

mod data_segments;
mod dirty_pages;
mod epoch_counter;
mod free_list;
mod image;
mod mmap;
mod page;
mod pool;
mod slot;
mod stack_pool;

pub(crate) use data_segments::{InitialData, separate};
pub(crate) use epoch_counter::EpochCounter;
pub(crate) use image::Image;
pub(crate) use mmap::Mmap;
pub(crate) use page::PAGE;
pub(crate) use pool::MemoryPool;
pub(crate) use stack_pool::StackPool;

#[cfg(test)]
mod tests;
