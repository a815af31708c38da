//! Every host function, called by a guest that is not Python with numbers it has no business to use: pointers beyond the memory, lengths
//! that wrap around, descriptors and handles that nobody gave it.

use std::time::Duration;

use codehook_sandbox::{Outcome, Purpose, Sandbox};
use codehook_tests::guests::{one_page, sandbox_of};
use codehook_tests::{TestRun, block_on};
use proptest::prelude::*;
use wasm_encoder::{
    CodeSection, ConstExpr, DataSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, Instruction as I, Module, TypeSection, ValType,
};

/// A host function: module, name, and its parameters, `i` for 32 bits and `I` for 64. All but some answer a number.
struct HostFunction(&'static str, &'static str, &'static str, bool);

const WASI: &str = "wasi_snapshot_preview1";
const OWN: &str = "codehook";

const fn wasi(name: &'static str, parameters: &'static str) -> HostFunction {
    HostFunction(WASI, name, parameters, true)
}

const fn own(name: &'static str, parameters: &'static str) -> HostFunction {
    HostFunction(OWN, name, parameters, true)
}

const FUNCTIONS: &[HostFunction] = &[
    wasi("args_get", "ii"),
    wasi("args_sizes_get", "ii"),
    wasi("environ_get", "ii"),
    wasi("environ_sizes_get", "ii"),
    wasi("clock_res_get", "ii"),
    wasi("clock_time_get", "iIi"),
    wasi("poll_oneoff", "iiii"),
    wasi("proc_raise", "i"),
    wasi("random_get", "ii"),
    wasi("sched_yield", ""),
    wasi("sock_accept", "iii"),
    wasi("sock_recv", "iiiiii"),
    wasi("sock_send", "iiiii"),
    wasi("sock_shutdown", "ii"),
    wasi("fd_advise", "iIIi"),
    wasi("fd_allocate", "iII"),
    wasi("fd_close", "i"),
    wasi("fd_datasync", "i"),
    wasi("fd_fdstat_get", "ii"),
    wasi("fd_fdstat_set_flags", "ii"),
    wasi("fd_fdstat_set_rights", "iII"),
    wasi("fd_filestat_get", "ii"),
    wasi("fd_filestat_set_size", "iI"),
    wasi("fd_filestat_set_times", "iIIi"),
    wasi("fd_pread", "iiiIi"),
    wasi("fd_prestat_dir_name", "iii"),
    wasi("fd_prestat_get", "ii"),
    wasi("fd_pwrite", "iiiIi"),
    wasi("fd_read", "iiii"),
    wasi("fd_readdir", "iiiIi"),
    wasi("fd_renumber", "ii"),
    wasi("fd_seek", "iIii"),
    wasi("fd_sync", "i"),
    wasi("fd_tell", "ii"),
    wasi("fd_write", "iiii"),
    wasi("path_create_directory", "iii"),
    wasi("path_filestat_get", "iiiii"),
    wasi("path_filestat_set_times", "iiiiIIi"),
    wasi("path_link", "iiiiiii"),
    wasi("path_open", "iiiiiIIii"),
    wasi("path_readlink", "iiiiii"),
    wasi("path_remove_directory", "iii"),
    wasi("path_rename", "iiiiii"),
    wasi("path_symlink", "iiiii"),
    wasi("path_unlink_file", "iii"),
    own("http_open", "iiiiiiiII"),
    own("http_write", "iii"),
    own("http_finish", "i"),
    own("http_head", "iii"),
    own("http_read", "iii"),
    own("http_timeout", "iI"),
    HostFunction(OWN, "http_close", "i", false),
    own("error_text", "ii"),
    own("run_info", "ii"),
    own("run_directive", "iIii"),
    own("fd_dup", "ii"),
    own("fd_dup_to", "ii"),
    own("fd_mode", "i"),
    own("path_mode", "iii"),
    own("fd_set_mode", "ii"),
    own("path_set_mode", "iii"),
    own("umask", "i"),
    own("create_mode", "i"),
    own("pipe", "i"),
    own("tmp_space", "i"),
    own("protect", "ii"),
    HostFunction(OWN, "unwind", "", false),
    HostFunction(OWN, "yield_now", "", false),
    own("loop_is_bounded", ""),
];

/// Where the guest's data is: paths, a URL, and vectors of buffers that point to good and to bad places.
const DATA_AT: i32 = 1024;
const DATA: &[u8] = b"/tmp/a\0../../etc/passwd\0http://10.0.0.1/\0GET\0\x00\x04\0\0\x10\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x01\0\x10\0\0\0";
/// The entry and the allocator come after the imports.
const IMPORTS: u32 = FUNCTIONS.len() as u32;

/// One call: which function, and its arguments, of which it takes as many as it has.
type Call = (usize, Vec<i64>);

fn argument() -> impl Strategy<Value = i64> {
    let edges = vec![
        0,
        1,
        2,
        3,
        4,
        5,
        7,
        8,
        16,
        24,
        100,
        1023,
        1024,
        1031,
        1048,
        1065,
        1069,
        1077,
        4095,
        4096,
        65_528,
        65_535,
        65_536,
        65_537,
        1 << 30,
        (1 << 31) - 1,
        1 << 31,
        (1 << 31) + 1,
        (1 << 32) - 65_536,
        (1 << 32) - 8,
        (1 << 32) - 1,
        1 << 40,
        i64::MAX,
        i64::MIN,
        -1,
        -9,
    ];
    prop_oneof![4 => prop::sample::select(edges), 2 => 0..64_i64, 1 => any::<i64>()]
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let call = (0..FUNCTIONS.len(), prop::collection::vec(argument(), 9));
    prop::collection::vec(call, 1..40)
}

fn guest(calls: &[Call]) -> Vec<u8> {
    let mut types = TypeSection::new();
    let mut imports = ImportSection::new();
    for (number, HostFunction(module, name, parameters, answers)) in (0..).zip(FUNCTIONS) {
        let parameters = parameters.bytes().map(|kind| match kind {
            b'i' => ValType::I32,
            _ => ValType::I64,
        });
        let results = answers.then_some(ValType::I32);
        types.ty().function(parameters, results);
        imports.import(module, name, EntityType::Function(number));
    }
    types.ty().function([ValType::I32], [ValType::I32]);
    types.ty().function([ValType::I32, ValType::I32], []);
    let mut functions = FunctionSection::new();
    functions
        .function(IMPORTS)
        .function(IMPORTS)
        .function(IMPORTS + 1);
    let mut exports = ExportSection::new();
    exports
        .export("memory", ExportKind::Memory, 0)
        .export("codehook_alloc", ExportKind::Func, IMPORTS)
        .export("codehook_run", ExportKind::Func, IMPORTS + 1)
        .export("codehook_call", ExportKind::Func, IMPORTS + 2);
    let mut alloc = Function::new([]);
    alloc.instruction(&I::I32Const(512)).instruction(&I::End);
    let mut run = Function::new([]);
    for call in calls {
        write(call, &mut run);
    }
    run.instruction(&I::I32Const(0)).instruction(&I::End);
    let mut back = Function::new([]);
    back.instruction(&I::End);
    let mut code = CodeSection::new();
    code.function(&alloc).function(&run).function(&back);
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(DATA_AT), DATA.iter().copied());
    let mut module = Module::new();
    module
        .section(&types)
        .section(&imports)
        .section(&functions)
        .section(&one_page())
        .section(&exports)
        .section(&code)
        .section(&data);
    module.finish()
}

fn write((function, arguments): &Call, code: &mut Function) {
    let HostFunction(_, _, parameters, answers) = &FUNCTIONS[*function];
    for (kind, argument) in parameters.chars().zip(arguments) {
        code.instruction(&match kind {
            'i' => I::I32Const(*argument as i32),
            _ => I::I64Const(*argument),
        });
    }
    let number = u32::try_from(*function).expect("few functions");
    code.instruction(&I::Call(number));
    if *answers {
        code.instruction(&I::Drop);
    }
}

fn outcome(sandbox: &Sandbox) -> (Outcome, Duration) {
    let run = TestRun::new("").within(Duration::from_millis(300));
    let report = block_on(run.perform_in(sandbox, Purpose::Run));
    (report.outcome, report.duration)
}

#[test]
fn every_host_function_can_be_called_with_nothing_but_ones() {
    for (number, HostFunction(module, name, ..)) in FUNCTIONS.iter().enumerate() {
        for value in [0, -1, 1, 65_535] {
            let sandbox = sandbox_of(&guest(&[(number, vec![value; 9])]));
            let (outcome, took) = outcome(&sandbox);
            assert!(
                took < Duration::from_secs(5),
                "{module}.{name}({value}): {outcome:?}"
            );
        }
    }
}

proptest! {
    #![proptest_config(codehook_tests::cases(300))]

    #[test]
    fn calls_with_bad_pointers_lengths_and_handles_harm_nobody(calls in calls()) {
        let sandbox = sandbox_of(&guest(&calls));
        let (_, took) = outcome(&sandbox);
        prop_assert!(took < Duration::from_secs(5));
        // The same memory again, as another run's.
        let (_, took) = outcome(&sandbox);
        prop_assert!(took < Duration::from_secs(5));
    }
}
