//! Errors of inserting safepoints.

/// Reasons why safepoints cannot be inserted into a module.
#[derive(Debug, thiserror::Error)]
pub enum SafepointError {
    /// The module is not valid, or uses a WebAssembly feature that is not supported.
    #[error(transparent)]
    Malformed(#[from] wasmparser::BinaryReaderError),
    /// A part of the module cannot be encoded again.
    #[error("its code cannot be encoded again: {0}")]
    Reencode(#[from] wasm_encoder::reencode::Error),
    /// The module's memory could be confused with the epoch's.
    #[error(
        "it imports a memory, or has one of at most one page, which is the type of the epoch's"
    )]
    Memory,
    /// [`Names::yield_now`](crate::Names::yield_now) is imported with another type.
    #[error("it imports `{0}`, but not as a function without parameters and results")]
    YieldNow(String),
    /// [`Names::terminates`](crate::Names::terminates) is imported with another type.
    #[error("it imports `{0}`, but not as a function without parameters that returns an i32")]
    Terminates(String),
}
