//! For tests with guests that are not Python: what they are made of, and a sandbox to run them in.

use std::sync::Arc;

use codehook_sandbox::{Interpreter, Library, Sandbox, SandboxConfig};
use wasm_encoder::{MemorySection, MemoryType};

/// One memory of one page, which may grow.
pub fn one_page() -> MemorySection {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    memories
}

/// A sandbox of this guest with an empty library, for two runs at a time.
pub fn sandbox_of(guest: &[u8]) -> Sandbox {
    let config = SandboxConfig {
        max_concurrent_runs: 2,
        ..SandboxConfig::new("test")
    };
    // The end of an archive without files.
    let library = Library::from_tar(vec![0; 1024]).expect("an empty library");
    Sandbox::new(config, &Interpreter::new(guest), Arc::new(library), || {})
        .expect("the sandbox starts")
}
