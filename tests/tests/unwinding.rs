//! `protect` and `unwind` of the guest ABI, with guests that misuse them: leaving a protected call is the only thing that is caught,
//! and whatever else a guest does there ends its run as it would anywhere else.

use std::iter;
use std::time::Duration;

use codehook_sandbox::{Outcome, Purpose, RunReport, Sandbox};
use codehook_tests::guests::{one_page, sandbox_of};
use codehook_tests::{TestRun, block_on, stderr};
use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, ElementSection, Elements, EntityType, ExportKind,
    ExportSection, Function, FunctionSection, ImportSection, Instruction, Instruction as I, MemArg,
    Module, RefType, TableSection, TableType, TypeSection, ValType,
};

/// Where a byte is read or written: at the address that is given.
const BYTE: MemArg = MemArg {
    offset: 0,
    align: 0,
    memory_index: 0,
};

/// The instructions of a function of a guest.
type Body = Vec<Instruction<'static>>;

// What a guest imports, by its number as a function; the functions of the test follow.
const PROTECT: u32 = 0;
const UNWIND: u32 = 1;
const EXIT: u32 = 2;
const FIRST_FUNCTION: u32 = 3;

/// Calls the test's function of this number under protection.
fn protect(function: i32, argument: i32) -> Body {
    vec![
        I::I32Const(function),
        I::I32Const(argument),
        I::Call(PROTECT),
    ]
}

/// A guest with these functions, which take a number and can be protected, and with a run whose last value is the exit code.
fn guest(functions: &[Body], run: Body, call_back: &str) -> Vec<u8> {
    let number = ValType::I32;
    let mut types = TypeSection::new();
    types.ty().function([number], []);
    types.ty().function([number], [number]);
    types.ty().function([number, number], []);
    types.ty().function([number, number], [number]);
    types.ty().function([], []);
    let mut imports = ImportSection::new();
    imports.import("codehook", "protect", EntityType::Function(3));
    imports.import("codehook", "unwind", EntityType::Function(4));
    imports.import(
        "wasi_snapshot_preview1",
        "proc_exit",
        EntityType::Function(0),
    );

    let count = u32::try_from(functions.len()).expect("a few functions");
    let all: Vec<u32> = (FIRST_FUNCTION..FIRST_FUNCTION + count).collect();
    let call = vec![
        I::LocalGet(1),
        I::LocalGet(0),
        I::CallIndirect {
            type_index: 0,
            table_index: 0,
        },
    ];
    let mut declared = FunctionSection::new();
    let mut code = CodeSection::new();
    let types_of_all = iter::repeat_n(0, functions.len()).chain([2, 1, 1]);
    let own = [call, vec![I::I32Const(1024)], run];
    for (index, body) in types_of_all.zip(functions.iter().chain(&own)) {
        declared.function(index);
        let mut function = Function::new([(1, number)]);
        for instruction in body {
            function.instruction(instruction);
        }
        function.instruction(&I::End);
        code.function(&function);
    }

    let mut tables = TableSection::new();
    let size = u64::from(count);
    tables.table(TableType {
        element_type: RefType::FUNCREF,
        table64: false,
        minimum: size,
        maximum: None,
        shared: false,
    });
    let mut elements = ElementSection::new();
    elements.active(
        None,
        &ConstExpr::i32_const(0),
        Elements::Functions(all.into()),
    );
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    for (name, index) in [call_back, "codehook_alloc", "codehook_run"]
        .into_iter()
        .zip(FIRST_FUNCTION + count..)
    {
        exports.export(name, ExportKind::Func, index);
    }

    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&declared)
        .section(&tables)
        .section(&one_page());
    module.section(&exports).section(&elements).section(&code);
    module.finish()
}

async fn perform(sandbox: &Sandbox) -> RunReport {
    let run = TestRun::new("").within(Duration::from_secs(2));
    run.perform_in(sandbox, Purpose::Run).await
}

fn run(functions: &[Body], body: Body) -> RunReport {
    block_on(perform(&sandbox_of(&guest(
        functions,
        body,
        "codehook_call",
    ))))
}

/// The run of a guest that does nothing but protect a call of its first function.
fn protected(functions: &[Body]) -> RunReport {
    run(functions, protect(0, 7))
}

#[track_caller]
fn assert_crashed(report: &RunReport, reason: &str) {
    assert_eq!(report.outcome, Outcome::Crashed, "{}", stderr(report));
    assert!(stderr(report).contains(reason), "{}", stderr(report));
}

#[test]
fn a_protected_call_gets_its_argument_and_says_whether_it_came_to_its_end() {
    let store = |address| vec![I::I32Const(address), I::LocalGet(0), I::I32Store8(BYTE)];
    let load = |address| vec![I::I32Const(address), I::I32Load8U(BYTE), I::I32Add];
    let stores = store(0);
    let unwinds = [store(1), vec![I::Call(UNWIND), I::Unreachable]].concat();
    let run_body = [
        protect(0, 4),
        vec![I::I32Const(100), I::I32Mul],
        protect(1, 5),
        vec![I::I32Const(10), I::I32Mul, I::I32Add],
        load(0),
        load(1),
    ];
    let report = run(&[stores, unwinds], run_body.concat());
    assert_eq!(report.exit_code, Some(10 + 4 + 5), "{}", stderr(&report));
}

#[test]
fn unwinding_leaves_deep_calls_and_can_be_done_any_number_of_times() {
    let deep = vec![
        I::LocalGet(0),
        I::If(BlockType::Empty),
        I::LocalGet(0),
        I::I32Const(1),
        I::I32Sub,
        I::Call(FIRST_FUNCTION),
        I::Else,
        I::Call(UNWIND),
        I::End,
    ];
    // Counts in a local of its own how often `protect` said 1, and traps when it says anything else.
    let again = [
        vec![I::Loop(BlockType::Empty)],
        protect(0, 1000),
        vec![
            I::I32Const(1),
            I::I32Ne,
            I::If(BlockType::Empty),
            I::Unreachable,
            I::End,
        ],
        vec![I::LocalGet(1), I::I32Const(1), I::I32Add, I::LocalTee(1)],
        vec![
            I::I32Const(2000),
            I::I32LtU,
            I::BrIf(0),
            I::End,
            I::I32Const(0),
        ],
    ];
    let report = run(&[deep], again.concat());
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
}

#[test]
fn unwinding_outside_a_protected_call_is_a_crash() {
    let unwinding = vec![I::Call(UNWIND), I::I32Const(0)];
    assert_crashed(&run(&[], unwinding.clone()), "without a protected call");
    let after = [protect(0, 0), vec![I::Drop], unwinding].concat();
    assert_crashed(&run(&[vec![]], after), "without a protected call");
}

#[test]
fn a_protected_call_inside_another_is_a_crash() {
    let nested = [protect(0, 0), vec![I::Drop]].concat();
    assert_crashed(&protected(&[nested]), "inside a protected call");
}

#[test]
fn a_guest_that_cannot_be_called_back_crashes() {
    let guest = guest(&[], protect(0, 0), "another_name");
    let report = block_on(perform(&sandbox_of(&guest)));
    assert_crashed(&report, "codehook_call");
    assert_crashed(&protected(&[]), "undefined element");
}

#[test]
fn a_trap_in_a_protected_call_is_not_caught() {
    assert_crashed(&protected(&[vec![I::Unreachable]]), "unreachable");
}

#[test]
fn endless_recursion_in_a_protected_call_ends_as_it_does_outside() {
    // Twice, or the compiler might make a loop of it.
    let deeper = [I::LocalGet(0), I::Call(FIRST_FUNCTION)];
    let recursion = [deeper.clone(), deeper].concat();
    let inside = protected(std::slice::from_ref(&recursion));
    let calls = vec![I::I32Const(0), I::Call(FIRST_FUNCTION), I::I32Const(0)];
    let outside = run(&[recursion], calls);
    assert_crashed(&inside, "call stack exhausted");
    assert_eq!(stderr(&inside), stderr(&outside));
}

#[test]
fn an_exit_in_a_protected_call_ends_the_run_with_its_code() {
    let report = protected(&[vec![I::LocalGet(0), I::Call(EXIT)]]);
    assert_eq!(
        (report.outcome, report.exit_code),
        (Outcome::Failed, Some(7)),
        "{}",
        stderr(&report)
    );
}

#[test]
fn memory_is_refused_in_a_protected_call_as_it_is_outside() {
    let grows = vec![
        I::I32Const(30_000),
        I::MemoryGrow(0),
        I::I32Const(-1),
        I::I32Eq,
        I::If(BlockType::Empty),
        I::Unreachable,
        I::End,
    ];
    let report = protected(&[grows]);
    assert_eq!(report.outcome, Outcome::OutOfMemory, "{}", stderr(&report));
}

#[test]
fn every_concurrent_run_has_a_stack_for_its_protected_call_and_is_stopped_there_in_time() {
    let forever = vec![I::Loop(BlockType::Empty), I::Br(0), I::End];
    let sandbox = sandbox_of(&guest(&[forever], protect(0, 0), "codehook_call"));
    let (first, second) = block_on(async { tokio::join!(perform(&sandbox), perform(&sandbox)) });
    for report in [first, second] {
        assert_eq!(report.outcome, Outcome::TimedOut, "{}", stderr(&report));
    }
    // The stacks that were left in the middle of a call serve the next runs.
    let report = block_on(perform(&sandbox));
    assert_eq!(report.outcome, Outcome::TimedOut, "{}", stderr(&report));
}
