//! A module written anew, with checks.

use std::collections::HashSet;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::*;
use wasmparser::{
    CompositeInnerType, ElementItems, FuncType, FunctionBody, KnownCustom, Operator, Parser,
    Payload, TypeRef, Validator, WasmFeatures,
};

use super::body::{Check, with_checks};
use super::calls::Calls;
use super::{ChecksError, FORWARD, GIVE_WAY, OwnCalls, SEEN};
use crate::clock;
use crate::host_call::MODULE;

/// What a guest's code may use. There is no way back to a loop but `br`, `br_if` and `br_table`, and no call but the direct ones and those
/// through tables: with more, `body` and `calls` have more to look at.
const FEATURES: WasmFeatures = WasmFeatures::WASM2
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::EXTENDED_CONST);

/// `wasm`, a module without data, with checks in its code.
///
/// # Errors
///
/// When the module is not valid, or has memories that it must not have.
pub(crate) fn write(wasm: &[u8], own_calls: OwnCalls) -> Result<Vec<u8>, ChecksError> {
    Validator::new_with_features(FEATURES).validate_all(wasm)?;
    let guest = Guest::read(wasm)?;
    guest.with_checks(wasm, own_calls)
}

/// What has to be known of a module before any of its code is written.
#[derive(Default)]
struct Guest<'a> {
    types: Vec<FuncType>,
    /// The type of each function, imports first.
    functions: Vec<u32>,
    imports: u32,
    give_way: Option<u32>,
    forward: Option<u32>,
    memories: u32,
    globals: u32,
    in_tables: HashSet<u32>,
    bodies: Vec<FunctionBody<'a>>,
}

impl<'a> Guest<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self, ChecksError> {
        let mut guest = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(section) => guest.read_types(section)?,
                Payload::ImportSection(section) => guest.read_imports(section)?,
                Payload::FunctionSection(section) => {
                    for ty in section {
                        guest.functions.push(ty?);
                    }
                }
                Payload::MemorySection(section) => {
                    for memory in section {
                        if memory?.maximum.is_some_and(|pages| pages <= clock::PAGES) {
                            return Err(ChecksError::Memory);
                        }
                        guest.memories += 1;
                    }
                }
                Payload::GlobalSection(section) => {
                    for global in section {
                        guest.globals += 1;
                        guest.read_references(global?.init_expr.get_operators_reader())?;
                    }
                }
                Payload::ElementSection(section) => guest.read_elements(section)?,
                Payload::CodeSectionEntry(body) => {
                    guest.read_references(body.get_operators_reader()?)?;
                    guest.bodies.push(body);
                }
                _ => {}
            }
        }
        Ok(guest)
    }

    fn read_types(
        &mut self,
        section: wasmparser::TypeSectionReader<'a>,
    ) -> Result<(), ChecksError> {
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
    ) -> Result<(), ChecksError> {
        for import in section.into_imports() {
            let import = import?;
            let is_give_way = import.module == MODULE && import.name == GIVE_WAY;
            let is_forward = import.module == MODULE && import.name == FORWARD;
            match import.ty {
                TypeRef::Func(ty) => {
                    if is_give_way {
                        if !is_plain(&self.types[ty as usize]) {
                            return Err(ChecksError::GiveWay);
                        }
                        self.give_way.get_or_insert(self.imports);
                    }
                    if is_forward {
                        if !answers_a_number(&self.types[ty as usize]) {
                            return Err(ChecksError::Forward);
                        }
                        self.forward.get_or_insert(self.imports);
                    }
                    self.functions.push(ty);
                    self.imports += 1;
                }
                TypeRef::Memory(_) => return Err(ChecksError::Memory),
                _ if is_give_way => return Err(ChecksError::GiveWay),
                _ if is_forward => return Err(ChecksError::Forward),
                TypeRef::Global(_) => self.globals += 1,
                _ => {}
            }
        }
        Ok(())
    }

    fn read_elements(
        &mut self,
        section: wasmparser::ElementSectionReader<'a>,
    ) -> Result<(), ChecksError> {
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

    /// Functions that code refers to may be put into tables.
    fn read_references(
        &mut self,
        operators: wasmparser::OperatorsReader<'a>,
    ) -> Result<(), ChecksError> {
        for operator in operators {
            if let Operator::RefFunc { function_index } = operator? {
                self.in_tables.insert(function_index);
            }
        }
        Ok(())
    }

    fn calls(&self) -> Result<Calls, ChecksError> {
        let mut calls = Calls::new(self.functions.len());
        for function in &self.in_tables {
            let ty = self.functions[*function as usize];
            calls.in_table(*function, &self.types[ty as usize]);
        }
        for (function, body) in (self.imports..).zip(&self.bodies) {
            calls.read(function, body, &self.types)?;
        }
        Ok(calls)
    }

    fn with_checks(&self, wasm: &[u8], own_calls: OwnCalls) -> Result<Vec<u8>, ChecksError> {
        let added = u32::from(self.give_way.is_none());
        let mut shift = Shift {
            from: self.imports,
            by: added,
        };
        let check = Check {
            clock: self.memories,
            seen: self.globals,
            // After all others.
            give_way: self.functions.len() as u32 + added,
            own_call: self.give_way.filter(|_| own_calls == OwnCalls::Trusted),
            forward: self.forward.filter(|_| own_calls == OwnCalls::Trusted),
        };
        let mut sections = Sections::default();
        for payload in Parser::new(0).parse_all(wasm) {
            sections.read(&mut shift, payload?)?;
        }
        let plain = match self.types.iter().position(is_plain) {
            Some(found) => found as u32,
            None => {
                sections.types.ty().function([], []);
                self.types.len() as u32
            }
        };
        if self.give_way.is_none() {
            let function = EntityType::Function(plain);
            sections.imports.import(MODULE, GIVE_WAY, function);
        }
        sections.functions.function(plain);
        sections.add_clock();
        sections
            .exports
            .export(SEEN, ExportKind::Global, check.seen);
        self.write_code(&mut shift, &check, &mut sections)?;
        Ok(sections.finish())
    }

    fn write_code(
        &self,
        shift: &mut Shift,
        check: &Check,
        sections: &mut Sections,
    ) -> Result<(), ChecksError> {
        let in_circles = self.calls()?.breaking_circles();
        for (function, body) in (self.imports..).zip(&self.bodies) {
            let at_entry = in_circles.contains(&function);
            let (code, hints) = with_checks(shift, body, &self.types, check, at_entry)?;
            sections.code.function(&code);
            if !hints.is_empty() {
                sections.hints.function_hints(function + shift.by, hints);
            }
        }
        let mut give_way = Function::new([]);
        give_way.instruction(&Instruction::Call(self.give_way.unwrap_or(self.imports)));
        check.read_clock(&mut give_way);
        give_way.instruction(&Instruction::GlobalSet(check.seen));
        give_way.instruction(&Instruction::End);
        sections.code.function(&give_way);
        Ok(())
    }
}

fn answers_a_number(ty: &FuncType) -> bool {
    ty.params().is_empty() && ty.results() == [wasmparser::ValType::I32]
}

fn is_plain(ty: &FuncType) -> bool {
    ty.params().is_empty() && ty.results().is_empty()
}

/// Makes room for one more import of a function.
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

/// A module's sections, each as it was read.
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
    /// Everything but code.
    fn read(&mut self, shift: &mut Shift, payload: Payload<'_>) -> Result<(), ChecksError> {
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

    /// The clock's memory, and the global with its number of when the instance last gave way.
    fn add_clock(&mut self) {
        self.memories.memory(MemoryType {
            minimum: clock::PAGES,
            maximum: Some(clock::PAGES),
            memory64: false,
            shared: false,
            page_size_log2: None,
        });
        let number = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        self.globals.global(number, &ConstExpr::i32_const(0));
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
            // Before the code that they are about (WebAssembly's proposal of branch hints).
            .section(&self.hints)
            .section(&self.code);
        if let Some(names) = &self.names {
            module.section(names);
        }
        module.finish()
    }
}
