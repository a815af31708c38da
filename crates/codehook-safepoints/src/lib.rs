//! Inserts safepoints into a WebAssembly module: places at which running code yields to other runs, and can be stopped.
//!
//! wasmtime inserts its own (epoch interruption) at the head of every loop and in every function, which took a fifth of
//! an interpreter's time. This crate inserts as few as the bound below needs: one on every back edge of a loop, unless
//! the loop is bounded (`bounded_loops`), and one at the entry of so many functions that every cycle of
//! calls (`call_cycles`) goes through one.
//!
//! A safepoint compares the current epoch, a number in a memory that all instances of an engine share, with the epoch
//! at which the instance yielded last, and calls the yield function when they differ. The module's own code cannot name
//! that memory or the global with the last epoch: it is validated before they are added.
//!
//! # The bound
//!
//! Between two safepoints, each activation of a function executes each of its instructions at most once, except for
//! those of a bounded loop, which it executes at most once for each byte of the memory. The activations are those on
//! the stack at the first safepoint and those that they enter; calls to functions without a safepoint at their entry
//! form no cycle. So the distance is at most the sum, over the frames on the stack, of the length of each frame's
//! function with the calls in it expanded. This bounds the distance by the module's code and the size of its memory,
//! never by its data. It is no small number for every module: calls that are nested n deep and double at each level
//! expand to 2ⁿ.
//!
//! The fuzz target `safepoints` measures the distance by fuel and compares it with this sum.

mod block_nesting;
mod bounded_loops;
mod call_cycles;
mod error;
mod function_body;
mod names;
mod reencode;

pub use error::SafepointError;
pub use names::{EPOCH_MEMORY_PAGES, Names, NativeYields};
pub use reencode::insert;

/// Version of the inserted code, for keys of compiled code: it changes with every change of what [`insert`] writes.
pub const VERSION: u32 = 3;
