//! Any guest can be stopped, and gives way to others: with guests that never come to an end, in every way WebAssembly has for it.

use std::sync::mpsc;
use std::time::Duration;

use codehook_sandbox::{Outcome, Purpose};
use codehook_tests::guests::{self, sandbox_of};
use codehook_tests::programs::{
    FUNCTIONS, Program, Statement as S, computed, guest, programs, wanderings,
};
use codehook_tests::{TestRun, block_on};
use proptest::prelude::*;
use wasm_encoder::{BlockType, DataSection, Instruction as I};

/// So long a guest has; and so long the test waits before it says that nothing could stop it.
const LIMIT: Duration = Duration::from_millis(30);
const PATIENCE: Duration = Duration::from_secs(60);

/// How the guest's run ended and with what code; `None` if it did not.
fn ended(wasm: Vec<u8>, limit: Duration) -> Option<(Outcome, Option<i32>)> {
    let (tell, told) = mpsc::channel();
    // A thread with an executor of its own, where one guest that does not give way keeps the time limit from being noticed.
    std::thread::spawn(move || {
        let sandbox = sandbox_of(&wasm);
        let run = TestRun::new("").within(limit);
        let report = block_on(run.perform_in(&sandbox, Purpose::Run));
        let _ = tell.send((report.outcome, report.exit_code));
    });
    told.recv_timeout(PATIENCE).ok()
}

fn outcome(wasm: Vec<u8>) -> Option<Outcome> {
    ended(wasm, LIMIT).map(|(outcome, _)| outcome)
}

/// A program whose first function is `body`; the others do nothing but compute.
fn program(body: Vec<S>) -> Program {
    let mut program = vec![vec![S::Step]; FUNCTIONS as usize];
    program[0] = body;
    program
}

fn is_stopped(program: &Program) -> bool {
    outcome(guest(program, None)) == Some(Outcome::TimedOut)
}

#[test]
fn a_loop_that_does_nothing_else_is_stopped() {
    assert!(is_stopped(&program(vec![S::Loop(vec![S::Branch(0)])])));
}

#[test]
fn loops_are_stopped_whatever_instruction_goes_back() {
    let by_condition = S::Loop(vec![S::BranchIf(0), S::Branch(0)]);
    let by_table = S::Loop(vec![S::BranchTable(vec![0, 0])]);
    let out_of_a_block = S::Loop(vec![S::Block(vec![S::BranchTable(vec![1])])]);
    for body in [by_condition, by_table, out_of_a_block] {
        assert!(is_stopped(&program(vec![body])));
    }
}

#[test]
fn functions_that_leave_for_one_another_are_stopped() {
    let there = vec![S::TailCall(1)];
    let back = vec![S::TailCall(0)];
    assert!(is_stopped(&vec![there, back, vec![]]));
}

#[test]
fn a_guests_own_calls_of_give_way_and_forward_take_no_check_away() {
    for own in [S::GiveWay, S::Forward] {
        let never = S::If(vec![], vec![S::BranchIf(1)]);
        let body = S::Loop(vec![
            S::Block(vec![S::Branch(0), own.clone()]),
            S::Branch(0),
        ]);
        assert!(is_stopped(&program(vec![never, body])));
        assert!(is_stopped(&program(vec![S::Loop(vec![own, S::Branch(0)])])));
    }
}

/// A guest of these instructions, which leave a number.
fn guest_of(instructions: &[I<'_>]) -> Vec<u8> {
    guests::guest_of(instructions, &DataSection::new())
}

/// Adds one as often as there are `times`, in a loop that hands its number on.
fn counting(times: i32) -> Vec<u8> {
    let takes_a_number = BlockType::FunctionType(0);
    guest_of(&[
        I::I32Const(0),
        I::Loop(takes_a_number),
        I::I32Const(1),
        I::I32Add,
        I::LocalTee(0),
        I::LocalGet(0),
        I::I32Const(times),
        I::I32Ne,
        I::BrIf(0),
        I::End,
    ])
}

#[test]
fn a_loop_that_hands_values_on_keeps_them_and_is_stopped() {
    let seven = ended(counting(7), Duration::from_secs(20));
    assert_eq!(seven, Some((Outcome::Failed, Some(7))));
    let endless = guest_of(&[
        I::I32Const(0),
        I::Loop(BlockType::FunctionType(0)),
        I::I32Const(1),
        I::BrIf(0),
        I::End,
    ]);
    assert_eq!(outcome(endless), Some(Outcome::TimedOut));
}

#[test]
fn calls_that_double_at_every_level_are_stopped() {
    // No loop, and no deep stack, but 2 to the power of 1024 calls.
    let run = 1;
    let less = [I::LocalGet(0), I::I32Const(1), I::I32Sub, I::Call(run)];
    let leaf = [
        I::LocalGet(0),
        I::I32Eqz,
        I::If(BlockType::Empty),
        I::I32Const(0),
        I::Return,
        I::End,
    ];
    let doubling = [&leaf[..], &less[..], &less[..], &[I::I32Add]].concat();
    assert_eq!(outcome(guest_of(&doubling)), Some(Outcome::TimedOut));
}

#[test]
fn a_loop_through_the_memory_ends_there() {
    let walk = |step| S::Loop(vec![S::Move(0, step), S::Read(0, 0), S::Branch(0)]);
    for step in [1, 4, -1] {
        let ended = outcome(guest(&program(vec![walk(step)]), None));
        assert_eq!(ended, Some(Outcome::Crashed));
    }
}

#[test]
fn a_loop_that_reads_and_does_not_move_on_is_stopped() {
    let stays = vec![S::Read(0, 0), S::Branch(0)];
    let there_and_back = vec![S::Move(0, 1), S::Read(0, 0), S::Move(0, -1), S::Branch(0)];
    let moves_another = vec![S::Move(1, 1), S::Read(0, 0), S::Branch(0)];
    let not_always = vec![
        S::Block(vec![S::BranchIf(0), S::Move(0, 1)]),
        S::Copy(1, 0),
        S::Read(0, 0),
        S::Branch(0),
    ];
    let leaps = vec![
        S::Move(0, i32::MIN),
        S::Move(0, i32::MIN),
        S::Read(0, 0),
        S::Branch(0),
    ];
    for turn in [stays, there_and_back, moves_another, not_always, leaps] {
        assert!(is_stopped(&program(vec![S::Loop(turn)])));
    }
}

proptest! {
    #![proptest_config(codehook_tests::cases(48))]

    #[test]
    fn any_program_ends_by_itself_or_is_stopped(program in programs()) {
        prop_assert!(outcome(guest(&program, None)).is_some());
    }

    #[test]
    fn any_program_that_goes_through_the_memory_ends_or_is_stopped(program in wanderings()) {
        prop_assert!(outcome(guest(&program, None)).is_some());
    }

    #[test]
    fn any_program_computes_what_it_says(program in programs(), budget in 1_u32..2000) {
        let expected = computed(&program, budget);
        let found = ended(guest(&program, Some(budget)), Duration::from_secs(20));
        prop_assert_eq!(found.and_then(|(_, code)| code), Some(expected));
    }
}
