//! Agreements between a module with safepoints and the engine that runs it.

/// Initial and maximum size of the memory that holds the epoch, in WebAssembly pages. A module whose own memory has
/// such a small maximum is refused, so that the engine can tell the two apart by their types.
pub const EPOCH_MEMORY_PAGES: u64 = 1;

/// Names in the binary module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    /// Module of the two imports.
    pub module: &'a str,
    /// Import that a safepoint calls, `() -> ()`. The module may import and call it as well.
    pub yield_now: &'a str,
    /// Import by which the module declares that the loops around the call terminate, `() -> i32`. Returns 0.
    pub terminates: &'a str,
    /// Export of the global that holds the epoch at which the instance yielded last. The host sets it before a run.
    pub last_epoch: &'a str,
}

/// Meaning of the module's own calls of [`Names::yield_now`] and [`Names::terminates`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NativeYields {
    /// Calls like any other. For modules that are not trusted.
    Ignored,
    /// Calls of the former become safepoints. Loops around a call of either get no others, and calls of the latter are
    /// removed.
    Trusted,
}
