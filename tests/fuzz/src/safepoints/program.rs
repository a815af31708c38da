//! Programs in a byte code of one byte for each statement and operand, as modules. Every sequence of bytes is a
//! program.
//!
//! A program has four functions, parted by `0xFF`. They compute with one number, by which they decide where to go, and
//! walk through the memory with three pointers each. Steps and calls take from a budget, at the end of which the
//! program traps; walks do not, so that the loops they make are as compilers make them.

use codehook_safepoints::Names;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Instruction as I, MemArg, MemorySection, MemoryType, Module, RefType, TableSection, TableType,
    TypeSection, ValType,
};

use crate::parts;

/// Size of the memory.
pub(super) const MEMORY_BYTES: usize = 65_536;

const FUNCTIONS: u32 = 4;
/// Pointers of each function.
const POINTERS: u32 = 3;
/// The most blocks in one another.
const MAX_DEPTH: usize = 8;
/// Steps and calls of a program, at most.
const BUDGET: i32 = 300;
/// By how much a pointer moves.
const STEPS: [i32; 8] = [1, 2, 4, 8, -1, -4, 0x0100_0000, i32::MIN];

// Types.
const NOTHING: u32 = 0;
const TO_NUMBER: u32 = 1;
const NUMBER_TO_NUMBER: u32 = 2;
// Imports, before the functions.
const YIELD_NOW: u32 = 0;
const TERMINATES: u32 = 1;
const IMPORTS: u32 = 2;
// Globals.
const NUMBER: u32 = 0;
const LEFT: u32 = 1;

/// The program as a module.
pub(super) fn module(data: &[u8], names: &Names<'_>) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    types.ty().function([], [ValType::I32]);
    types.ty().function([ValType::I32], [ValType::I32]);
    let mut imports = ImportSection::new();
    imports
        .import(names.module, names.yield_now, EntityType::Function(NOTHING))
        .import(
            names.module,
            names.terminates,
            EntityType::Function(TO_NUMBER),
        );
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    for bytes in parts::<{ FUNCTIONS as usize }>(data) {
        functions.function(NOTHING);
        code.function(&Writer::new(bytes).function());
    }
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        minimum: u64::from(FUNCTIONS),
        maximum: None,
        table64: false,
        shared: false,
    });
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut globals = GlobalSection::new();
    for start in [0, BUDGET] {
        let number = GlobalType {
            val_type: ValType::I32,
            mutable: true,
            shared: false,
        };
        globals.global(number, &ConstExpr::i32_const(start));
    }
    let mut exports = ExportSection::new();
    exports
        .export("memory", ExportKind::Memory, 0)
        .export("number", ExportKind::Global, NUMBER)
        .export("budget", ExportKind::Global, LEFT)
        .export("run", ExportKind::Func, IMPORTS);
    let mut elements = ElementSection::new();
    let all: Vec<u32> = (IMPORTS..IMPORTS + FUNCTIONS).collect();
    elements.active(
        None,
        &ConstExpr::i32_const(0),
        Elements::Functions(all.into()),
    );
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&tables)
        .section(&memories)
        .section(&globals)
        .section(&exports)
        .section(&elements)
        .section(&code);
    module.finish()
}

/// Target of a branch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Label {
    Function,
    Block,
    /// An `if` that may still get its `else`.
    If,
    Loop,
    /// A loop that takes a number.
    LoopWithNumber,
}

/// Writes one function.
struct Writer<'a> {
    bytes: std::slice::Iter<'a, u8>,
    code: Function,
    labels: Vec<Label>,
}

impl<'a> Writer<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes: bytes.iter(),
            code: Function::new([(POINTERS, ValType::I32)]),
            labels: vec![Label::Function],
        }
    }

    fn function(mut self) -> Function {
        self.take_from_budget();
        while let Some(byte) = self.bytes.next() {
            self.statement(*byte);
        }
        while !self.labels.is_empty() {
            self.end();
        }
        self.code
    }

    /// The next operand, below `limit`.
    fn operand(&mut self, limit: usize) -> usize {
        usize::from(self.bytes.next().copied().unwrap_or(0)) % limit
    }

    fn write(&mut self, instructions: &[I<'_>]) {
        for instruction in instructions {
            self.code.instruction(instruction);
        }
    }

    fn statement(&mut self, byte: u8) {
        match byte % 20 {
            0 => self.step(),
            1 => self.open(Label::Block, I::Block(BlockType::Empty)),
            2 | 3 => self.open(Label::Loop, I::Loop(BlockType::Empty)),
            4 => self.open_if(),
            5 => self.open_loop_with_number(),
            6 => self.otherwise(),
            7 | 8 => {
                if self.labels.len() > 1 {
                    self.end();
                }
            }
            9 => self.branch(),
            10 => {
                self.condition();
                self.branch_if();
            }
            11 => self.branch_table(),
            12 => {
                let function = self.operand(FUNCTIONS as usize) as u32;
                self.write(&[I::Call(IMPORTS + function)]);
            }
            13 => self.call_indirect(),
            14 => {
                let function = self.operand(FUNCTIONS as usize) as u32;
                self.write(&[I::ReturnCall(IMPORTS + function)]);
            }
            15 => match self.operand(2) {
                0 => self.write(&[I::Call(YIELD_NOW)]),
                _ => self.write(&[I::Call(TERMINATES), I::Drop]),
            },
            16 => self.move_pointer(),
            17 => self.copy_pointer(),
            18 => self.load(),
            _ => self.store(),
        }
    }

    fn take_from_budget(&mut self) {
        self.write(&[
            I::GlobalGet(LEFT),
            I::I32Eqz,
            I::If(BlockType::Empty),
            I::Unreachable,
            I::End,
            I::GlobalGet(LEFT),
            I::I32Const(1),
            I::I32Sub,
            I::GlobalSet(LEFT),
        ]);
    }

    /// Computes the next number.
    fn step(&mut self) {
        self.take_from_budget();
        self.write(&[
            I::GlobalGet(NUMBER),
            I::I32Const(1_664_525),
            I::I32Mul,
            I::I32Const(1_013_904_223),
            I::I32Add,
            I::GlobalSet(NUMBER),
        ]);
    }

    /// Pushes 0 or 1, by the number.
    fn decide(&mut self) {
        self.step();
        self.write(&[
            I::GlobalGet(NUMBER),
            I::I32Const(16),
            I::I32ShrU,
            I::I32Const(1),
            I::I32And,
        ]);
    }

    /// Pushes a condition: by the number, or by a byte of the memory, which takes nothing from the budget.
    fn condition(&mut self) {
        match self.operand(2) {
            0 => self.decide(),
            _ => {
                self.address();
                self.write(&[I::I32Load8U(at(0))]);
            }
        }
    }

    fn open(&mut self, label: Label, head: I<'_>) {
        if self.labels.len() <= MAX_DEPTH {
            self.write(&[head]);
            self.labels.push(label);
        }
    }

    fn open_if(&mut self) {
        if self.labels.len() <= MAX_DEPTH {
            self.condition();
            self.open(Label::If, I::If(BlockType::Empty));
        }
    }

    fn open_loop_with_number(&mut self) {
        if self.labels.len() <= MAX_DEPTH {
            self.write(&[I::GlobalGet(NUMBER)]);
            let head = I::Loop(BlockType::FunctionType(NUMBER_TO_NUMBER));
            self.open(Label::LoopWithNumber, head);
            self.write(&[I::GlobalSet(NUMBER)]);
        }
    }

    fn otherwise(&mut self) {
        if let Some(label @ Label::If) = self.labels.last_mut() {
            *label = Label::Block;
            self.write(&[I::Else]);
        }
    }

    fn end(&mut self) {
        if self.labels.pop() == Some(Label::LoopWithNumber) {
            self.write(&[I::GlobalGet(NUMBER), I::End, I::Drop]);
        } else {
            self.write(&[I::End]);
        }
    }

    /// A depth, and whether a branch there takes a number.
    fn target(&mut self) -> (u32, bool) {
        let depth = self.operand(self.labels.len());
        let label = self.labels[self.labels.len() - 1 - depth];
        (depth as u32, label == Label::LoopWithNumber)
    }

    /// A branch, after which no code is reached. What follows is valid all the same: it expects an empty stack.
    fn branch(&mut self) {
        let (depth, with_number) = self.target();
        if with_number {
            self.write(&[I::GlobalGet(NUMBER)]);
        }
        self.write(&[I::Br(depth)]);
    }

    /// Takes a condition.
    fn branch_if(&mut self) {
        let (depth, with_number) = self.target();
        if with_number {
            // The number stands below the condition.
            self.write(&[
                I::LocalSet(POINTERS - 1),
                I::GlobalGet(NUMBER),
                I::LocalGet(POINTERS - 1),
                I::BrIf(depth),
                I::Drop,
            ]);
        } else {
            self.write(&[I::BrIf(depth)]);
        }
    }

    fn branch_table(&mut self) {
        let (default, with_number) = self.target();
        let others: Vec<u32> = (0..self.operand(3))
            .filter_map(|_| {
                let (depth, also) = self.target();
                (also == with_number).then_some(depth)
            })
            .collect();
        if with_number {
            self.write(&[I::GlobalGet(NUMBER)]);
        }
        self.condition();
        self.write(&[I::BrTable(others.into(), default)]);
    }

    fn call_indirect(&mut self) {
        let function = self.operand(FUNCTIONS as usize) as i32;
        self.write(&[
            I::I32Const(function),
            I::CallIndirect {
                type_index: NOTHING,
                table_index: 0,
            },
        ]);
    }

    fn pointer(&mut self) -> u32 {
        self.operand(POINTERS as usize) as u32
    }

    fn move_pointer(&mut self) {
        let pointer = self.pointer();
        let step = STEPS[self.operand(STEPS.len())];
        self.write(&[
            I::LocalGet(pointer),
            I::I32Const(step),
            I::I32Add,
            I::LocalSet(pointer),
        ]);
    }

    fn copy_pointer(&mut self) {
        let (from, to) = (self.pointer(), self.pointer());
        self.write(&[I::LocalGet(from), I::LocalSet(to)]);
    }

    /// Pushes an address: a pointer, a shifted one, or the sum of two.
    fn address(&mut self) {
        let pointer = self.pointer();
        self.write(&[I::LocalGet(pointer)]);
        match self.operand(3) {
            0 => {}
            1 => self.write(&[I::I32Const(2), I::I32Shl]),
            _ => {
                let other = self.pointer();
                self.write(&[I::LocalGet(other), I::I32Add]);
            }
        }
    }

    /// Loads a byte, and by what it is branches, follows it as a pointer, or computes.
    fn load(&mut self) {
        self.address();
        let offset = self.operand(5) as u64;
        self.write(&[I::I32Load8U(at(offset))]);
        match self.operand(4) {
            0 => self.branch_if(),
            1 => {
                self.write(&[I::I32Eqz]);
                self.branch_if();
            }
            2 => {
                let pointer = self.pointer();
                self.write(&[I::LocalSet(pointer)]);
            }
            _ => self.write(&[I::GlobalSet(NUMBER)]),
        }
    }

    fn store(&mut self) {
        self.address();
        self.write(&[I::GlobalGet(NUMBER)]);
        let offset = self.operand(5) as u64;
        self.write(&[I::I32Store8(at(offset))]);
    }
}

fn at(offset: u64) -> MemArg {
    MemArg {
        offset,
        align: 0,
        memory_index: 0,
    }
}
