//! Checks in one function.

use std::collections::HashSet;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, BranchHint, Function, Instruction, MemArg};
use wasmparser::{FuncType, FunctionBody, Operator};

use super::ChecksError;
use super::bounded::bounded_loops;
use super::nesting::Nesting;

/// What all checks of a module are made of.
pub(super) struct Check {
    /// The clock's memory.
    pub(super) clock: u32,
    /// The global with the clock's number of when the instance last gave way.
    pub(super) seen: u32,
    /// The function to call when they differ.
    pub(super) give_way: u32,
    /// The guest's own import of `give_way`, if its calls are relied upon.
    pub(super) own_call: Option<u32>,
    /// The same of `forward`.
    pub(super) forward: Option<u32>,
}

impl Check {
    /// `i32`, the clock's number.
    pub(super) fn read_clock(&self, code: &mut Function) {
        let at = MemArg {
            offset: 0,
            align: 2,
            memory_index: self.clock,
        };
        code.instruction(&Instruction::I32Const(0));
        code.instruction(&Instruction::I32Load(at));
    }

    fn write(&self, code: &mut Function, hints: &mut Vec<BranchHint>) {
        self.read_clock(code);
        code.instruction(&Instruction::GlobalGet(self.seen));
        code.instruction(&Instruction::I32Ne);
        hints.push(BranchHint {
            branch_func_offset: u32::try_from(code.byte_len()).unwrap_or(u32::MAX),
            branch_hint_value: 0,
        });
        code.instruction(&Instruction::If(BlockType::Empty));
        code.instruction(&Instruction::Call(self.give_way));
        code.instruction(&Instruction::End);
    }
}

/// What a branch can go to.
#[derive(Clone, Copy)]
struct Label {
    /// Whether a branch to it goes back and is checked.
    checked: bool,
    /// Whether a branch to it takes no values along.
    plain: bool,
}

/// `body` with checks, at its entry as well if `at_entry`.
pub(super) fn with_checks(
    encoder: &mut impl Reencode<Error = std::convert::Infallible>,
    body: &FunctionBody<'_>,
    types: &[FuncType],
    check: &Check,
    at_entry: bool,
) -> Result<(Function, Vec<BranchHint>), ChecksError> {
    let operators: Vec<Operator<'_>> = body
        .get_operators_reader()?
        .into_iter()
        .collect::<Result<_, _>>()?;
    let mut unchecked = loops_around_own_calls(&operators, check);
    unchecked.extend(bounded_loops(&operators, types));
    let mut code = encoder.new_function_with_parsed_locals(body)?;
    let mut hints = Vec::new();
    if at_entry {
        check.write(&mut code, &mut hints);
    }
    let forwards = Label {
        checked: false,
        plain: true,
    };
    let mut labels = vec![forwards];
    let mut loops = 0;
    for operator in operators {
        let label = |depth: u32| labels[labels.len() - 1 - depth as usize];
        match &operator {
            Operator::BrIf {
                relative_depth: depth,
            } if label(*depth).checked && label(*depth).plain => {
                // Only the way back pays.
                code.instruction(&Instruction::If(BlockType::Empty));
                check.write(&mut code, &mut hints);
                code.instruction(&Instruction::Br(depth + 1));
                code.instruction(&Instruction::End);
                continue;
            }
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth }
                if label(*relative_depth).checked =>
            {
                check.write(&mut code, &mut hints);
            }
            Operator::BrTable { targets } => {
                let mut goes_back = label(targets.default()).checked;
                for target in targets.targets() {
                    goes_back |= label(target?).checked;
                }
                if goes_back {
                    check.write(&mut code, &mut hints);
                }
            }
            Operator::Call { function_index } if Some(*function_index) == check.own_call => {
                check.write(&mut code, &mut hints);
                continue;
            }
            Operator::Call { function_index } if Some(*function_index) == check.forward => {
                // What it answers; so that there is no call.
                code.instruction(&Instruction::I32Const(0));
                continue;
            }
            Operator::Loop { blockty } => {
                let plain = match blockty {
                    wasmparser::BlockType::FuncType(ty) => types[*ty as usize].params().is_empty(),
                    _ => true,
                };
                labels.push(Label {
                    checked: !unchecked.contains(&loops),
                    plain,
                });
                loops += 1;
            }
            Operator::Block { .. } | Operator::If { .. } => labels.push(forwards),
            Operator::End => {
                labels.pop();
            }
            _ => {}
        }
        code.instruction(&encoder.instruction(operator)?);
    }
    Ok((code, hints))
}

/// The loops that the guest's own calls stand in, by their place among the function's loops.
fn loops_around_own_calls(operators: &[Operator<'_>], check: &Check) -> HashSet<usize> {
    let mut found = HashSet::new();
    let own = |function| [check.own_call, check.forward].contains(&Some(function));
    let mut nesting = Nesting::new();
    for operator in operators {
        nesting.follow(operator);
        if matches!(operator, Operator::Call { function_index } if own(*function_index)) {
            found.extend(nesting.around());
        }
    }
    found
}
