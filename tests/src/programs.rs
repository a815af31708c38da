//! Random programs for WebAssembly: what they are, what they compute, and as a guest.

use proptest::prelude::*;
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, GlobalSection, GlobalType, ImportSection,
    Instruction as I, MemArg, Module, RefType, TableSection, TableType, TypeSection, ValType,
};

use crate::guests::one_page;

/// A program's functions. They take nothing and give nothing; all of them compute with one number, and with it they decide where to
/// go. The first is called first.
pub const FUNCTIONS: u32 = 3;

/// What a program does, one after the other.
#[derive(Debug, Clone)]
pub enum Statement {
    /// Computes the next number.
    Step,
    /// A block that can be left by a branch.
    Block(Vec<Statement>),
    /// One that a branch begins again.
    Loop(Vec<Statement>),
    /// The first block if the number says so, else the second.
    If(Vec<Statement>, Vec<Statement>),
    /// To the label that is so far out, as far as there are labels.
    Branch(u32),
    /// The same if the number says so.
    BranchIf(u32),
    /// To one of these, by the number.
    BranchTable(Vec<u32>),
    /// Calls a function.
    Call(u32),
    /// Calls it through a table.
    CallIndirect(u32),
    /// Leaves this function for another.
    TailCall(u32),
    /// Calls `codehook.yield_now`.
    GiveWay,
    /// Calls `codehook.forward`.
    Forward,
    /// Adds to one of three pointers.
    Move(u32, i32),
    /// Makes the second pointer the first.
    Copy(u32, u32),
    /// Reads where a pointer, shifted, points: a trap if that is outside of the memory.
    Read(u32, u32),
}

/// Pointers of each function.
const POINTERS: u32 = 3;

/// Programs that go through the memory as well, which may end in a trap.
pub fn wanderings() -> impl Strategy<Value = Program> {
    let pointer = 0..POINTERS;
    let step = prop::sample::select(vec![-4, -1, 0, 1, 1, 4, 0x0100_0000, i32::MIN]);
    let simple = prop_oneof![
        1 => Just(S::Step),
        1 => (0..4_u32).prop_map(S::Branch),
        2 => (0..4_u32).prop_map(S::BranchIf),
        4 => (pointer.clone(), step).prop_map(|(pointer, step)| S::Move(pointer, step)),
        1 => (pointer.clone(), pointer.clone()).prop_map(|(from, to)| S::Copy(from, to)),
        4 => (pointer, 0..3_u32).prop_map(|(pointer, shift)| S::Read(pointer, shift)),
    ];
    bodies(simple)
}

/// Where a byte is read: at the address that is given.
const BYTE: MemArg = MemArg {
    offset: 0,
    align: 0,
    memory_index: 0,
};

use Statement as S;

/// One body for each function.
pub type Program = Vec<Vec<Statement>>;

/// Programs of all kinds, most of which do not end by themselves.
pub fn programs() -> impl Strategy<Value = Program> {
    let depth = 0..4_u32;
    let function = 0..FUNCTIONS;
    let simple = prop_oneof![
        3 => Just(S::Step),
        3 => depth.clone().prop_map(S::Branch),
        3 => depth.clone().prop_map(S::BranchIf),
        1 => prop::collection::vec(depth, 1..4).prop_map(S::BranchTable),
        2 => function.clone().prop_map(S::Call),
        1 => function.clone().prop_map(S::CallIndirect),
        1 => function.prop_map(S::TailCall),
        1 => Just(S::GiveWay),
        1 => Just(S::Forward),
    ];
    bodies(simple)
}

fn bodies(simple: impl Strategy<Value = Statement> + 'static) -> impl Strategy<Value = Program> {
    let statement = simple.prop_recursive(4, 24, 4, |inner| {
        let body = prop::collection::vec(inner, 0..5);
        prop_oneof![
            1 => body.clone().prop_map(S::Block),
            3 => body.clone().prop_map(S::Loop),
            1 => (body.clone(), body).prop_map(|(yes, no)| S::If(yes, no)),
        ]
    });
    let body = prop::collection::vec(statement, 1..6);
    prop::collection::vec(body, FUNCTIONS as usize)
}

const FACTOR: i32 = 1_664_525;
const SUMMAND: i32 = 1_013_904_223;

/// The number of a program that reads nothing when it ends, or when it has taken `budget` statements: the low 7 bits.
pub fn computed(program: &Program, budget: u32) -> i32 {
    let mut machine = Machine {
        program,
        number: 0,
        budget,
    };
    machine.call(0);
    machine.number & 0x7f
}

struct Machine<'a> {
    program: &'a Program,
    number: i32,
    budget: u32,
}

enum Flow {
    Next,
    Branch(u32),
    Return,
    Exit,
}

impl Machine<'_> {
    fn call(&mut self, function: u32) -> Flow {
        let program = self.program;
        match self.execute(&program[function as usize], 0) {
            Flow::Exit => Flow::Exit,
            _ => Flow::Next,
        }
    }

    fn decide(&mut self) -> bool {
        self.step();
        self.number >> 16 & 1 != 0
    }

    fn step(&mut self) {
        self.number = self.number.wrapping_mul(FACTOR).wrapping_add(SUMMAND);
    }

    fn execute(&mut self, body: &[Statement], labels: u32) -> Flow {
        for statement in body {
            self.budget -= 1;
            if self.budget == 0 {
                return Flow::Exit;
            }
            match self.execute_one(statement, labels) {
                Flow::Next => {}
                other => return other,
            }
        }
        Flow::Next
    }

    fn execute_one(&mut self, statement: &Statement, labels: u32) -> Flow {
        let reached = |depth: &u32| Flow::Branch((*depth).min(labels));
        match statement {
            S::Step => self.step(),
            S::Block(body) => return outside(self.execute(body, labels + 1)),
            S::Loop(body) => loop {
                match self.execute(body, labels + 1) {
                    Flow::Branch(0) => {}
                    other => return outside(other),
                }
            },
            S::If(yes, no) => {
                let body = if self.decide() { yes } else { no };
                return outside(self.execute(body, labels + 1));
            }
            S::Branch(depth) => return reached(depth),
            S::BranchIf(depth) => {
                if self.decide() {
                    return reached(depth);
                }
            }
            S::BranchTable(depths) => {
                self.step();
                let index = (self.number >> 16 & 3) as usize;
                return reached(depths.get(index).unwrap_or(&depths[0]));
            }
            S::Call(function) | S::CallIndirect(function) => return self.call(*function),
            S::TailCall(function) => {
                return match self.call(*function) {
                    Flow::Exit => Flow::Exit,
                    _ => Flow::Return,
                };
            }
            S::GiveWay | S::Forward | S::Move(..) | S::Copy(..) | S::Read(..) => {}
        }
        Flow::Next
    }
}

/// What is seen outside of the block that was left like this.
fn outside(flow: Flow) -> Flow {
    match flow {
        Flow::Branch(0) => Flow::Next,
        Flow::Branch(depth) => Flow::Branch(depth - 1),
        other => other,
    }
}

// What a guest imports; its functions follow.
const EXIT: u32 = 0;
const GIVE_WAY: u32 = 1;
const FORWARD: u32 = 2;
const FIRST_FUNCTION: u32 = 3;
// Its types.
const TAKES_NUMBER: u32 = 0;
const PLAIN: u32 = 1;
const ENTRY: u32 = 2;
const ANSWERS_NUMBER: u32 = 3;
// Its globals.
const NUMBER: u32 = 0;
const BUDGET: u32 = 1;

/// The program as a guest, whose exit code is the number when it ends: by itself, or after `budget` statements if there is one.
pub fn guest(program: &Program, budget: Option<u32>) -> Vec<u8> {
    let number = ValType::I32;
    let mut types = TypeSection::new();
    types.ty().function([number], []);
    types.ty().function([], []);
    types.ty().function([number], [number]);
    types.ty().function([], [number]);
    let mut imports = ImportSection::new();
    let exit = EntityType::Function(TAKES_NUMBER);
    imports
        .import("wasi_snapshot_preview1", "proc_exit", exit)
        .import("codehook", "yield_now", EntityType::Function(PLAIN))
        .import(
            "codehook",
            "loop_is_bounded",
            EntityType::Function(ANSWERS_NUMBER),
        );
    let mut functions = FunctionSection::new();
    let mut code = CodeSection::new();
    for body in program {
        functions.function(PLAIN);
        let mut writer = Writer {
            code: Function::new([(POINTERS, number)]),
            counts: budget.is_some(),
        };
        writer.write(body, 0);
        writer.code.instruction(&I::End);
        code.function(&writer.code);
    }
    write_entries(&mut functions, &mut code);
    let alloc = FIRST_FUNCTION + FUNCTIONS;
    let mut exports = ExportSection::new();
    exports
        .export("memory", ExportKind::Memory, 0)
        .export("codehook_alloc", ExportKind::Func, alloc)
        .export("codehook_run", ExportKind::Func, alloc + 1);
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&table())
        .section(&one_page())
        .section(&globals(budget.unwrap_or_default()))
        .section(&exports)
        .section(&elements())
        .section(&code);
    module.finish()
}

fn write_entries(functions: &mut FunctionSection, code: &mut CodeSection) {
    functions.function(ENTRY).function(ENTRY);
    let mut alloc = Function::new([]);
    alloc.instruction(&I::I32Const(1024)).instruction(&I::End);
    let mut run = Function::new([]);
    run.instruction(&I::Call(FIRST_FUNCTION));
    write_answer(&mut run);
    run.instruction(&I::End);
    code.function(&alloc).function(&run);
}

fn write_answer(code: &mut Function) {
    code.instruction(&I::GlobalGet(NUMBER))
        .instruction(&I::I32Const(0x7f))
        .instruction(&I::I32And);
}

fn table() -> TableSection {
    let mut tables = TableSection::new();
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: FUNCTIONS.into(),
        maximum: None,
        shared: false,
    });
    tables
}

fn elements() -> ElementSection {
    let all: Vec<u32> = (FIRST_FUNCTION..FIRST_FUNCTION + FUNCTIONS).collect();
    let mut elements = ElementSection::new();
    let first = ConstExpr::i32_const(0);
    elements.active(None, &first, Elements::Functions(all.into()));
    elements
}

fn globals(budget: u32) -> GlobalSection {
    let mut globals = GlobalSection::new();
    let number = GlobalType {
        val_type: ValType::I32,
        mutable: true,
        shared: false,
    };
    globals.global(number, &ConstExpr::i32_const(0));
    globals.global(number, &ConstExpr::i32_const(budget.cast_signed()));
    globals
}

struct Writer {
    code: Function,
    counts: bool,
}

impl Writer {
    fn emit(&mut self, instructions: &[I<'_>]) {
        for instruction in instructions {
            self.code.instruction(instruction);
        }
    }

    fn write(&mut self, body: &[Statement], labels: u32) {
        for statement in body {
            if self.counts {
                self.count();
            }
            self.write_one(statement, labels);
        }
    }

    /// Ends the program when its budget is used up.
    fn count(&mut self) {
        self.emit(&[
            I::GlobalGet(BUDGET),
            I::I32Const(1),
            I::I32Sub,
            I::GlobalSet(BUDGET),
            I::GlobalGet(BUDGET),
            I::I32Eqz,
            I::If(BlockType::Empty),
        ]);
        write_answer(&mut self.code);
        self.emit(&[I::Call(EXIT), I::End]);
    }

    fn step(&mut self) {
        self.emit(&[
            I::GlobalGet(NUMBER),
            I::I32Const(FACTOR),
            I::I32Mul,
            I::I32Const(SUMMAND),
            I::I32Add,
            I::GlobalSet(NUMBER),
        ]);
    }

    /// Pushes some of the next number's bits.
    fn decide(&mut self, bits: i32) {
        self.step();
        self.emit(&[
            I::GlobalGet(NUMBER),
            I::I32Const(16),
            I::I32ShrS,
            I::I32Const(bits),
            I::I32And,
        ]);
    }

    fn write_one(&mut self, statement: &Statement, labels: u32) {
        let reached = |depth: &u32| (*depth).min(labels);
        match statement {
            S::Step => self.step(),
            S::Block(body) => {
                self.emit(&[I::Block(BlockType::Empty)]);
                self.write(body, labels + 1);
                self.emit(&[I::End]);
            }
            S::Loop(body) => {
                self.emit(&[I::Loop(BlockType::Empty)]);
                self.write(body, labels + 1);
                self.emit(&[I::End]);
            }
            S::If(yes, no) => {
                self.decide(1);
                self.emit(&[I::If(BlockType::Empty)]);
                self.write(yes, labels + 1);
                self.emit(&[I::Else]);
                self.write(no, labels + 1);
                self.emit(&[I::End]);
            }
            S::Branch(depth) => self.emit(&[I::Br(reached(depth))]),
            S::BranchIf(depth) => {
                self.decide(1);
                self.emit(&[I::BrIf(reached(depth))]);
            }
            S::BranchTable(depths) => {
                self.decide(3);
                let targets: Vec<u32> = depths.iter().map(reached).collect();
                let first = targets[0];
                self.emit(&[I::BrTable(targets.into(), first)]);
            }
            S::Call(function) => self.emit(&[I::Call(FIRST_FUNCTION + function)]),
            S::CallIndirect(function) => self.emit(&[
                I::I32Const(function.cast_signed()),
                I::CallIndirect {
                    type_index: PLAIN,
                    table_index: 0,
                },
            ]),
            S::TailCall(function) => self.emit(&[I::ReturnCall(FIRST_FUNCTION + function)]),
            S::GiveWay => self.emit(&[I::Call(GIVE_WAY)]),
            S::Forward => self.emit(&[I::Call(FORWARD), I::Drop]),
            S::Move(pointer, step) => self.emit(&[
                I::LocalGet(*pointer),
                I::I32Const(*step),
                I::I32Add,
                I::LocalSet(*pointer),
            ]),
            S::Copy(from, to) => self.emit(&[I::LocalGet(*from), I::LocalSet(*to)]),
            S::Read(pointer, shift) => self.emit(&[
                I::LocalGet(*pointer),
                I::I32Const(shift.cast_signed()),
                I::I32Shl,
                I::I32Load8U(BYTE),
                I::Drop,
            ]),
        }
    }
}
