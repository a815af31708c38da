//! Modules with safepoints, and modules that are refused. The fuzz target `safepoints` runs random ones.

use codehook_safepoints::{EPOCH_MEMORY_PAGES, Names, NativeYields, SafepointError, insert};
use wasm_encoder::{
    CodeSection, EntityType, Function, FunctionSection, GlobalType, ImportSection, Instruction,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wasmparser::{Parser, Payload, Validator};

const NAMES: Names<'static> = Names {
    module: "host",
    yield_now: "yield_now",
    terminates: "terminates",
    last_epoch: "last_epoch",
};

fn memory(maximum: Option<u64>) -> MemoryType {
    MemoryType {
        minimum: 1,
        maximum,
        memory64: false,
        shared: false,
        page_size_log2: None,
    }
}

/// A module with these imports and memories, and a function that is an endless loop.
fn module(imports: &[(&str, EntityType)], memories: &[MemoryType]) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([], [ValType::I32]);
    let mut import_section = ImportSection::new();
    for (name, ty) in imports {
        import_section.import(NAMES.module, name, *ty);
    }
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut memory_section = MemorySection::new();
    for ty in memories {
        memory_section.memory(*ty);
    }
    let mut code = CodeSection::new();
    let mut function = Function::new([]);
    for instruction in [
        Instruction::Loop(wasm_encoder::BlockType::Empty),
        Instruction::Br(0),
        Instruction::End,
        Instruction::End,
    ] {
        function.instruction(&instruction);
    }
    code.function(&function);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&import_section)
        .section(&functions)
        .section(&memory_section)
        .section(&code);
    module.finish()
}

fn inserted(imports: &[(&str, EntityType)], memories: &[MemoryType]) -> Result<Vec<u8>, String> {
    insert(&module(imports, memories), &NAMES, NativeYields::Ignored)
        .map_err(|error| error.to_string())
}

#[test]
fn the_result_is_valid_and_exports_the_last_epoch() {
    let wasm = inserted(&[], &[memory(None)]).expect("a module with safepoints");
    Validator::new()
        .validate_all(&wasm)
        .expect("a valid module");
    let exports: Vec<String> = Parser::new(0)
        .parse_all(&wasm)
        .filter_map(|payload| match payload {
            Ok(Payload::ExportSection(section)) => Some(section),
            _ => None,
        })
        .flatten()
        .map(|export| export.expect("an export").name.to_owned())
        .collect();
    assert_eq!(exports, [NAMES.last_epoch]);
}

#[test]
fn a_memory_that_could_be_taken_for_the_epochs_is_refused() {
    for memories in [
        vec![memory(Some(EPOCH_MEMORY_PAGES))],
        vec![memory(None), memory(Some(EPOCH_MEMORY_PAGES))],
    ] {
        let found = insert(&module(&[], &memories), &NAMES, NativeYields::Ignored);
        let refused = found.expect_err("a memory of the epoch's type");
        // WebAssembly 2.0 has one memory, so that the second module is not valid either.
        assert!(matches!(
            refused,
            SafepointError::Memory | SafepointError::Malformed(_)
        ));
    }
    assert!(inserted(&[], &[memory(Some(EPOCH_MEMORY_PAGES + 1))]).is_ok());
    let imported = [("memory", EntityType::Memory(memory(None)))];
    assert!(inserted(&imported, &[]).is_err());
}

#[test]
fn imports_of_another_type_are_refused_by_name() {
    let global = GlobalType {
        val_type: ValType::I32,
        mutable: false,
        shared: false,
    };
    for (name, function) in [(NAMES.yield_now, 1), (NAMES.terminates, 0)] {
        for ty in [EntityType::Function(function), EntityType::Global(global)] {
            let refused = inserted(&[(name, ty)], &[]).expect_err("another type");
            assert!(refused.contains(name), "{refused}");
        }
    }
    assert!(
        inserted(
            &[
                (NAMES.yield_now, EntityType::Function(0)),
                (NAMES.terminates, EntityType::Function(1)),
            ],
            &[]
        )
        .is_ok()
    );
}

#[test]
fn code_with_other_ways_back_or_other_calls_is_not_valid() {
    // `call_ref` of the proposal of typed function references, which the call graph does not know.
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut functions = FunctionSection::new();
    functions.function(0);
    let mut code = CodeSection::new();
    let mut function = Function::new([]);
    function
        .instruction(&Instruction::Unreachable)
        .instruction(&Instruction::CallRef(0))
        .instruction(&Instruction::End);
    code.function(&function);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let found = insert(&module.finish(), &NAMES, NativeYields::Ignored);
    assert!(matches!(found, Err(SafepointError::Malformed(_))));
}
