//! Inserts safepoints into the body of one function.

use std::collections::HashSet;

use wasm_encoder::reencode::Reencode;
use wasm_encoder::{BlockType, BranchHint, Function, Instruction, MemArg};
use wasmparser::{FuncType, FunctionBody, Operator};

use crate::block_nesting::BlockNesting;
use crate::bounded_loops::bounded_loops;
use crate::error::SafepointError;

/// Indices in the encoded module that a safepoint refers to, and imports that the module calls itself.
pub(crate) struct Safepoint {
    /// The memory that holds the epoch.
    pub(crate) epoch_memory: u32,
    /// The global that holds the epoch at which the instance yielded last.
    pub(crate) last_epoch: u32,
    /// The function to call when they differ.
    pub(crate) yield_function: u32,
    /// The module's own import of the yield function, if its calls are trusted. An index of the original module.
    pub(crate) native_yield: Option<u32>,
    /// The same for the import that declares loops to terminate.
    pub(crate) terminates: Option<u32>,
}

impl Safepoint {
    /// Appends code that pushes the current epoch, an `i32`.
    pub(crate) fn push_epoch(&self, code: &mut Function) {
        let at = MemArg {
            offset: 0,
            align: 2,
            memory_index: self.epoch_memory,
        };
        code.instruction(&Instruction::I32Const(0));
        code.instruction(&Instruction::I32Load(at));
    }

    /// Appends a safepoint, and a hint that its branch is seldom taken.
    fn append(&self, code: &mut Function, hints: &mut Vec<BranchHint>) {
        self.push_epoch(code);
        code.instruction(&Instruction::GlobalGet(self.last_epoch));
        code.instruction(&Instruction::I32Ne);
        hints.push(BranchHint {
            branch_func_offset: u32::try_from(code.byte_len()).unwrap_or(u32::MAX),
            branch_hint_value: 0,
        });
        code.instruction(&Instruction::If(BlockType::Empty));
        code.instruction(&Instruction::Call(self.yield_function));
        code.instruction(&Instruction::End);
    }
}

/// Target of a branch.
#[derive(Clone, Copy)]
struct Label {
    /// Whether a branch to it is a back edge that needs a safepoint.
    needs_safepoint: bool,
    /// Whether a branch to it takes no values along.
    without_values: bool,
}

/// Returns `body` with safepoints on its back edges and, if `at_entry`, one at its entry.
pub(crate) fn with_safepoints(
    encoder: &mut impl Reencode<Error = std::convert::Infallible>,
    body: &FunctionBody<'_>,
    types: &[FuncType],
    safepoint: &Safepoint,
    at_entry: bool,
) -> Result<(Function, Vec<BranchHint>), SafepointError> {
    let operators: Vec<Operator<'_>> = body
        .get_operators_reader()?
        .into_iter()
        .collect::<Result<_, _>>()?;
    let mut exempt = loops_with_native_yields(&operators, safepoint);
    exempt.extend(bounded_loops(&operators, types));
    let mut code = encoder.new_function_with_parsed_locals(body)?;
    let mut hints = Vec::new();
    if at_entry {
        safepoint.append(&mut code, &mut hints);
    }
    let forward = Label {
        needs_safepoint: false,
        without_values: true,
    };
    let mut labels = vec![forward];
    let mut loops = 0;
    for operator in operators {
        let label = |depth: u32| labels[labels.len() - 1 - depth as usize];
        match &operator {
            Operator::BrIf {
                relative_depth: depth,
            } if label(*depth).needs_safepoint && label(*depth).without_values => {
                // The safepoint executes only when the branch is taken.
                code.instruction(&Instruction::If(BlockType::Empty));
                safepoint.append(&mut code, &mut hints);
                code.instruction(&Instruction::Br(depth + 1));
                code.instruction(&Instruction::End);
                continue;
            }
            Operator::Br { relative_depth } | Operator::BrIf { relative_depth }
                if label(*relative_depth).needs_safepoint =>
            {
                safepoint.append(&mut code, &mut hints);
            }
            Operator::BrTable { targets } => {
                let mut needs_safepoint = label(targets.default()).needs_safepoint;
                for target in targets.targets() {
                    needs_safepoint |= label(target?).needs_safepoint;
                }
                if needs_safepoint {
                    safepoint.append(&mut code, &mut hints);
                }
            }
            Operator::Call { function_index }
                if Some(*function_index) == safepoint.native_yield =>
            {
                safepoint.append(&mut code, &mut hints);
                continue;
            }
            Operator::Call { function_index } if Some(*function_index) == safepoint.terminates => {
                // The import's result, in place of the call.
                code.instruction(&Instruction::I32Const(0));
                continue;
            }
            Operator::Loop { blockty } => {
                let without_values = match blockty {
                    wasmparser::BlockType::FuncType(ty) => types[*ty as usize].params().is_empty(),
                    _ => true,
                };
                labels.push(Label {
                    needs_safepoint: !exempt.contains(&loops),
                    without_values,
                });
                loops += 1;
            }
            Operator::Block { .. } | Operator::If { .. } => labels.push(forward),
            Operator::End => {
                labels.pop();
            }
            _ => {}
        }
        code.instruction(&encoder.instruction(operator)?);
    }
    Ok((code, hints))
}

/// Returns the numbers of the loops around trusted calls.
fn loops_with_native_yields(operators: &[Operator<'_>], safepoint: &Safepoint) -> HashSet<usize> {
    let mut found = HashSet::new();
    let trusted =
        |function| [safepoint.native_yield, safepoint.terminates].contains(&Some(function));
    let mut nesting = BlockNesting::new();
    for operator in operators {
        nesting.advance(operator);
        if matches!(operator, Operator::Call { function_index } if trusted(*function_index)) {
            found.extend(nesting.enclosing_loops());
        }
    }
    found
}
