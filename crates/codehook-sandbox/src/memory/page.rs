//! Sizes of pages.

/// Unit in which memory is mapped and reset: the page size of all supported machines.
pub(crate) const PAGE: usize = 4096;

/// Unit in which WebAssembly measures memories, in bytes.
pub(crate) const WASM_PAGE: usize = 65_536;
