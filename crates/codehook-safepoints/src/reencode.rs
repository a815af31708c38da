//! Encodes a module again, with safepoints.

use std::collections::HashSet;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::*;
use wasmparser::{
    CompositeInnerType, ElementItems, FuncType, FunctionBody, KnownCustom, Operator, Parser,
    Payload, TypeRef, Validator, WasmFeatures,
};

use crate::call_cycles::CallGraph;
use crate::error::SafepointError;
use crate::function_body::{Safepoint, with_safepoints};
use crate::names::{EPOCH_MEMORY_PAGES, Names, NativeYields};

/// WebAssembly features that a module may use. With these, the only back edges are `br`, `br_if` and `br_table`, and
/// the only calls are direct ones and those through tables. A feature with others needs changes of `function_body` and
/// `call_cycles`.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST);

/// Returns `wasm` with safepoints in its code. Data segments are dropped: the caller keeps them apart.
///
/// # Errors
///
/// When the module is not valid, has a memory of the epoch's type, or imports one of the names with another type.
pub fn insert(
    wasm: &[u8],
    names: &Names<'_>,
    native_yields: NativeYields,
) -> Result<Vec<u8>, SafepointError> {
    Validator::new_with_features(FEATURES).validate_all(wasm)?;
    let original = Original::read(wasm, names)?;
    original.with_safepoints(wasm, names, native_yields)
}

/// Facts about the original module that are needed before any of its code is encoded.
#[derive(Default)]
struct Original<'a> {
    types: Vec<FuncType>,
    /// The type of each function, imports first.
    functions: Vec<u32>,
    imports: u32,
    yield_now: Option<u32>,
    terminates: Option<u32>,
    memories: u32,
    globals: u32,
    in_tables: HashSet<u32>,
    bodies: Vec<FunctionBody<'a>>,
}

impl<'a> Original<'a> {
    fn read(wasm: &'a [u8], names: &Names<'_>) -> Result<Self, SafepointError> {
        let mut original = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => original.read_types(section)?,
                Payload::ImportSection(section) => original.read_imports(section, names)?,
                Payload::FunctionSection(section) => {
                    for ty in section {
                        original.functions.push(ty?);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        if memory?
                            .maximum
                            .is_some_and(|pages| pages <= EPOCH_MEMORY_PAGES)
                        {
                            return Err(SafepointError::Memory);
                        }
                        original.memories += 1;
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        original.globals += 1;
                        original.read_references(global?.init_expr.get_operators_reader())?;
                    }
                }
                Payload::ElementSection(section) => original.read_elements(section)?,
                Payload::CodeSectionEntry(body) => {
                    original.read_references(body.get_operators_reader()?)?;
                    original.bodies.push(body);
                }
                _ => {}
            }
        }
        Ok(original)
    }

    fn read_types(
        &mut self,
        section: wasmparser::TypeSectionReader<'a>,
    ) -> Result<(), SafepointError> {
        for group in section {
            for ty in group?.into_types() {
                if let CompositeInnerType::Func(ty) = ty.composite_type.inner {
                    self.types.push(ty);
                }
            }
        }
        Ok(())
    }

    fn read_imports(
        &mut self,
        section: wasmparser::ImportSectionReader<'a>,
        names: &Names<'_>,
    ) -> Result<(), SafepointError> {
        for import in section.into_imports() {
            let import = import?;
            let is_yield = import.module == names.module && import.name == names.yield_now;
            let is_terminates = import.module == names.module && import.name == names.terminates;
            match import.ty {
                TypeRef::Func(ty) => {
                    if is_yield {
                        if !has_no_values(&self.types[ty as usize]) {
                            return Err(SafepointError::YieldNow(import.name.to_owned()));
                        }
                        self.yield_now.get_or_insert(self.imports);
                    }
                    if is_terminates {
                        if !returns_i32(&self.types[ty as usize]) {
                            return Err(SafepointError::Terminates(import.name.to_owned()));
                        }
                        self.terminates.get_or_insert(self.imports);
                    }
                    self.functions.push(ty);
                    self.imports += 1;
                }
                TypeRef::Memory(_) => return Err(SafepointError::Memory),
                _ if is_yield => return Err(SafepointError::YieldNow(import.name.to_owned())),
                _ if is_terminates => {
                    return Err(SafepointError::Terminates(import.name.to_owned()));
                }
                TypeRef::Global(_) => self.globals += 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_elements(
        &mut self,
        section: wasmparser::ElementSectionReader<'a>,
    ) -> Result<(), SafepointError> {
        for element in section {
            match element?.items {
                ElementItems::Functions(functions) => {
                    for function in functions {
                        self.in_tables.insert(function?);
                    }
                }
                ElementItems::Expressions(_, expressions) => {
                    for expression in expressions {
                        self.read_references(expression?.get_operators_reader())?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes the functions that code refers to: it may put them into tables.
    fn read_references(
        &mut self,
        operators: wasmparser::OperatorsReader<'a>,
    ) -> Result<(), SafepointError> {
        for operator in operators {
            if let Operator::RefFunc { function_index } = operator? {
                self.in_tables.insert(function_index);
            }
        }
        Ok(())
    }

    fn call_graph(&self) -> Result<CallGraph, SafepointError> {
        let mut calls = CallGraph::new(self.functions.len());
        for function in &self.in_tables {
            let ty = self.functions[*function as usize];
            calls.in_table(*function, &self.types[ty as usize]);
        }
        for (function, body) in (self.imports..).zip(&self.bodies) {
            calls.read(function, body, &self.types)?;
        }
        Ok(calls)
    }

    fn with_safepoints(
        &self,
        wasm: &[u8],
        names: &Names<'_>,
        native_yields: NativeYields,
    ) -> Result<Vec<u8>, SafepointError> {
        let added = u32::from(self.yield_now.is_none());
        let mut shift = Shift {
            from: self.imports,
            by: added,
        };
        let trusted = native_yields == NativeYields::Trusted;
        let safepoint = Safepoint {
            epoch_memory: self.memories,
            last_epoch: self.globals,
            // After all others.
            yield_function: self.functions.len() as u32 + added,
            native_yield: self.yield_now.filter(|_| trusted),
            terminates: self.terminates.filter(|_| trusted),
        };
        let mut sections = Sections::default();
        for payload in Parser::new(0).parse_all(wasm) {
            sections.read(&mut shift, payload?)?;
        }
        let no_values = match self.types.iter().position(has_no_values) {
            Some(found) => found as u32,
            None => {
                sections.types.ty().function([], []);
                self.types.len() as u32
            }
        };
        if self.yield_now.is_none() {
            let function = EntityType::Function(no_values);
            sections
                .imports
                .import(names.module, names.yield_now, function);
        }
        sections.functions.function(no_values);
        sections.add_epoch();
        sections
            .exports
            .export(names.last_epoch, ExportKind::Global, safepoint.last_epoch);
        self.write_code(&mut shift, &safepoint, &mut sections)?;
        Ok(sections.finish())
    }

    fn write_code(
        &self,
        shift: &mut Shift,
        safepoint: &Safepoint,
        sections: &mut Sections,
    ) -> Result<(), SafepointError> {
        let checked_at_entry = self.call_graph()?.feedback_vertices();
        for (function, body) in (self.imports..).zip(&self.bodies) {
            let at_entry = checked_at_entry.contains(&function);
            let (code, hints) = with_safepoints(shift, body, &self.types, safepoint, at_entry)?;
            sections.code.function(&code);
            if !hints.is_empty() {
                sections.hints.function_hints(function + shift.by, hints);
            }
        }
        let mut yield_function = Function::new([]);
        yield_function.instruction(&Instruction::Call(self.yield_now.unwrap_or(self.imports)));
        safepoint.push_epoch(&mut yield_function);
        yield_function.instruction(&Instruction::GlobalSet(safepoint.last_epoch));
        yield_function.instruction(&Instruction::End);
        sections.code.function(&yield_function);
        Ok(())
    }
}

fn returns_i32(ty: &FuncType) -> bool {
    ty.params().is_empty() && ty.results() == [wasmparser::ValType::I32]
}

fn has_no_values(ty: &FuncType) -> bool {
    ty.params().is_empty() && ty.results().is_empty()
}

/// Renumbers functions to make room for one more import.
struct Shift {
    from: u32,
    by: u32,
}

impl Reencode for Shift {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        Ok(if function < self.from {
            function
        } else {
            function + self.by
        })
    }
}

/// Sections of the encoded module.
#[derive(Default)]
struct Sections {
    types: TypeSection,
    imports: ImportSection,
    functions: FunctionSection,
    tables: TableSection,
    memories: MemorySection,
    globals: GlobalSection,
    exports: ExportSection,
    start: Option<StartSection>,
    elements: ElementSection,
    hints: BranchHints,
    code: CodeSection,
    names: Option<NameSection>,
}

impl Sections {
    /// Copies a section, if it is neither code nor data.
    fn read(&mut self, shift: &mut Shift, payload: Payload<'_>) -> Result<(), SafepointError> {
        match payload {
            Payload::TypeSection(section) => shift.parse_type_section(&mut self.types, section)?,
            Payload::ImportSection(section) => {
                shift.parse_import_section(&mut self.imports, section)?;
            }
            Payload::FunctionSection(section) => {
                shift.parse_function_section(&mut self.functions, section)?;
            }
            Payload::TableSection(section) => {
                shift.parse_table_section(&mut self.tables, section)?;
            }
            Payload::MemorySection(section) => {
                shift.parse_memory_section(&mut self.memories, section)?;
            }
            Payload::GlobalSection(section) => {
                shift.parse_global_section(&mut self.globals, section)?;
            }
            Payload::ExportSection(section) => {
                shift.parse_export_section(&mut self.exports, section)?;
            }
            Payload::ElementSection(section) => {
                shift.parse_element_section(&mut self.elements, section)?;
            }
            Payload::StartSection { func, .. } => {
                let function_index = shift.start_section(func)?;
                self.start = Some(StartSection { function_index });
            }
            Payload::CustomSection(section) => {
                if let KnownCustom::Name(names) = section.as_known() {
                    self.names = shift.custom_name_section(names).ok();
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Adds the epoch's memory, and the global with the epoch at which the instance yielded last.
    fn add_epoch(&mut self) {
        self.memories.memory(MemoryType {
            minimum: EPOCH_MEMORY_PAGES,
            maximum: Some(EPOCH_MEMORY_PAGES),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let last_epoch = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        self.globals.global(last_epoch, &ConstExpr::i32_const(0));
    }

    fn finish(self) -> Vec<u8> {
        let mut module = Module::new();
        module
            .section(&self.types)
            .section(&self.imports)
            .section(&self.functions)
            .section(&self.tables)
            .section(&self.memories)
            .section(&self.globals)
            .section(&self.exports);
        if let Some(start) = &self.start {
            module.section(start);
        }
        module
            .section(&self.elements)
            // The section stands before the code section (WebAssembly's proposal of branch hints).
            .section(&self.hints)
            .section(&self.code);
        if let Some(names) = &self.names {
            module.section(names);
        }
        module.finish()
    }
}
