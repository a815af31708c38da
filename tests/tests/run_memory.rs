//! The memory of a run: as the interpreter left it, whatever earlier runs did to it, and nothing beyond its end. With guests that are not
//! Python and go straight for it.

use codehook_sandbox::{Outcome, Purpose, RunReport, Sandbox};
use codehook_tests::guests::{guest_of, sandbox_of};
use codehook_tests::{TestRun, block_on, stderr};
use wasm_encoder::{BlockType, ConstExpr, DataSection, Instruction as I, MemArg};

const PAGE: i32 = 65_536;
/// Where the guest's data is, and what it is.
const DATA_AT: i32 = 40_000;
const DATA: u8 = b'd';

fn byte(offset: u64) -> MemArg {
    MemArg {
        offset,
        align: 0,
        memory_index: 0,
    }
}

/// A guest with one page of memory and a byte of data, whose run is `body`.
fn guest(body: &[I<'_>]) -> Vec<u8> {
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(DATA_AT), [DATA]);
    guest_of(&[body, &[I::I32Const(0)]].concat(), &data)
}

fn sandbox(body: &[I<'_>]) -> Sandbox {
    sandbox_of(&guest(body))
}

async fn perform(sandbox: &Sandbox) -> RunReport {
    TestRun::new("").perform_in(sandbox, Purpose::Run).await
}

/// Traps unless the byte at `at` is `expected`.
fn expect(at: i32, expected: u8) -> Vec<I<'static>> {
    vec![
        I::I32Const(at),
        I::I32Load8U(byte(0)),
        I::I32Const(i32::from(expected)),
        I::I32Ne,
        I::If(BlockType::Empty),
        I::Unreachable,
        I::End,
    ]
}

fn write(at: i32) -> Vec<I<'static>> {
    vec![I::I32Const(at), I::I32Const(0xff), I::I32Store8(byte(0))]
}

#[test]
fn no_address_beyond_the_memory_can_be_read_or_written() {
    let reaches = [
        (PAGE, 0),
        (PAGE - 1, 1),
        (0, PAGE as u64),
        (PAGE * 16, 0),
        (i32::MAX, 0),
        (-1, 0),
        (-1, u64::from(u32::MAX)),
        (i32::MIN, 1 << 31),
    ];
    for (at, offset) in reaches {
        let read = vec![I::I32Const(at), I::I32Load8U(byte(offset)), I::Drop];
        let write = vec![I::I32Const(at), I::I32Const(1), I::I32Store8(byte(offset))];
        for body in [read, write] {
            let report = block_on(perform(&sandbox(&body)));
            assert_eq!(report.outcome, Outcome::Crashed, "{at} + {offset}");
            let said = stderr(&report);
            assert!(said.contains("out of bounds memory access"), "{said}");
        }
    }
}

#[test]
fn what_hundreds_of_runs_write_and_grow_is_never_seen_by_the_next() {
    let places = [0, 4095, 4096, 20_000, PAGE - 1];
    let grown = [PAGE, PAGE + 4096, 3 * PAGE, 4 * PAGE - 1];
    let mut body = expect(DATA_AT, DATA);
    for at in places {
        body.extend(expect(at, 0));
    }
    // The growth answers how large the memory was: one page, in each run.
    body.extend([
        I::I32Const(3),
        I::MemoryGrow(0),
        I::I32Const(1),
        I::I32Ne,
        I::If(BlockType::Empty),
        I::Unreachable,
        I::End,
    ]);
    for at in grown {
        body.extend(expect(at, 0));
    }
    for at in places.into_iter().chain(grown).chain([DATA_AT]) {
        body.extend(write(at));
    }
    let sandbox = sandbox(&body);
    block_on(async {
        // More than after how many all pages are given back.
        for number in 0..1200 {
            let report = perform(&sandbox).await;
            let said = stderr(&report);
            assert_eq!(report.outcome, Outcome::Succeeded, "run {number}: {said}");
            assert_eq!(report.peak_memory_bytes, 4 * PAGE as u64);
        }
    });
}
