//! For tests with guests that are not Python: what they are made of, and a sandbox to run them in.

use std::sync::Arc;

use codehook_sandbox::{Interpreter, Library, Sandbox, SandboxConfig};
use wasm_encoder::{
    CodeSection, DataSection, ExportKind, ExportSection, Function, FunctionSection, Instruction,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};

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

/// A guest with one page of memory, this data, and a run of these instructions, which leave its exit code. Its one type is from a number
/// to a number.
pub fn guest_of(run: &[Instruction<'_>], data: &DataSection) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(0).function(0);
    let mut exports = ExportSection::new();
    exports
        .export("memory", ExportKind::Memory, 0)
        .export("codehook_alloc", ExportKind::Func, 0)
        .export("codehook_run", ExportKind::Func, 1);
    let mut code = CodeSection::new();
    for body in [&[Instruction::I32Const(1024)], run] {
        let mut function = Function::new([]);
        for instruction in body {
            function.instruction(instruction);
        }
        function.instruction(&Instruction::End);
        code.function(&function);
    }
    let mut module = Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&one_page())
        .section(&exports)
        .section(&code)
        .section(data);
    module.finish()
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
