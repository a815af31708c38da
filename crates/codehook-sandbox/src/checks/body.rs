//! Checks in one function.

use std::collections::HashSet;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, BranchHint, Function, Instruction, MemArg};
use wasmparser::{FuncType, FunctionBody, Operator};

use super::ChecksError;
use super::bounded::bounded_loops;

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
    let mut unchecked = loops_around_own_calls(body, check)?;
    unchecked.extend(bounded_loops(body, types)?);
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
    for operator in body.get_operators_reader()? {
        let operator = operator?;
        let checked = |depth: u32| labels[labels.len() - 1 - depth as usize].checked;
        match &operator {
            Operator::Br { relative_depth } if checked(*relative_depth) => {
                check.write(&mut code, &mut hints);
            }
            Operator::BrIf { relative_depth } if checked(*relative_depth) => {
                if labels[labels.len() - 1 - *relative_depth as usize].plain {
                    // Only the way back pays.
                    code.instruction(&Instruction::If(BlockType::Empty));
                    check.write(&mut code, &mut hints);
                    code.instruction(&Instruction::Br(relative_depth + 1));
                    code.instruction(&Instruction::End);
                    continue;
                }
                check.write(&mut code, &mut hints);
            }
            Operator::BrTable { targets } => {
                let mut goes_back = checked(targets.default());
                for target in targets.targets() {
                    goes_back |= checked(target?);
                }
                if goes_back {
                    check.write(&mut code, &mut hints);
                }
            }
            Operator::Call { function_index } if Some(*function_index) == check.own_call => {
                check.write(&mut code, &mut hints);
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
fn loops_around_own_calls(
    body: &FunctionBody<'_>,
    check: &Check,
) -> Result<HashSet<usize>, ChecksError> {
    let mut found = HashSet::new();
    let Some(own_call) = check.own_call else {
        return Ok(found);
    };
    // Which loop each label is of, if it is one.
    let mut labels: Vec<Option<usize>> = vec![None];
    let mut loops = 0;
    for operator in body.get_operators_reader()? {
        match operator? {
            Operator::Loop { .. } => {
                labels.push(Some(loops));
                loops += 1;
            }
            Operator::Block { .. } | Operator::If { .. } => labels.push(None),
            Operator::End => {
                labels.pop();
            }
            Operator::Call { function_index } if function_index == own_call => {
                found.extend(labels.iter().flatten());
            }
            _ => {}
        }
    }
    Ok(found)
}
