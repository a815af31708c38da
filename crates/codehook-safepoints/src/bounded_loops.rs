//! Finds loops that need no safepoint, since they terminate after at most one pass over the memory.
//!
//! Such a loop contains no other loop and no call. In each iteration it reads or writes, at one and the same
//! instruction, an address that differs from that of the iteration before by a constant, always with the same sign. So
//! it terminates, or leaves the memory and traps: a memory may have at most 2 GiB, half of the address space (the
//! engine must enforce it), and a step is too short to lead across the other half. This holds for any content of the
//! memory.
//!
//! The analysis pays: a safepoint is a call to compiled code, which keeps no values in registers across it. Most of the
//! time that safepoints took was spent in loops over a string's characters.

use std::collections::{BTreeMap, HashSet};

use wasmparser::{
    BlockType, ContType, FrameKind, FuncType, ModuleArity, Operator, RefType, SubType,
};

use crate::block_nesting::BlockNesting;

/// The largest difference between the addresses of two iterations, in bytes.
const MAX_STEP: i64 = 1 << 24;
/// The largest number of bits by which a local may be shifted in an address.
const MAX_SHIFT: u32 = 8;
/// The most locals that an address may be the sum of.
const MAX_TERMS: usize = 3;

/// Returns the numbers of a function's loops that need no safepoint.
pub(crate) fn bounded_loops(operators: &[Operator<'_>], types: &[FuncType]) -> HashSet<usize> {
    innermost_loops(operators)
        .into_iter()
        .filter(|(_, start)| loop_is_bounded(&operators[*start + 1..], types))
        .map(|(number, _)| number)
        .collect()
}

/// Returns the loops without loops and calls in them: their numbers, and the positions of their heads.
fn innermost_loops(operators: &[Operator<'_>]) -> Vec<(usize, usize)> {
    let mut loops: Vec<(usize, bool)> = Vec::new();
    let mut nesting = BlockNesting::new();
    for (position, operator) in operators.iter().enumerate() {
        if matches!(operator, Operator::Loop { .. }) || takes_unbounded_time(operator) {
            for outer in nesting.enclosing_loops() {
                loops[outer].1 = false;
            }
        }
        if let Operator::Loop { blockty } = operator {
            loops.push((position, *blockty == BlockType::Empty));
        }
        nesting.advance(operator);
    }
    loops
        .into_iter()
        .enumerate()
        .filter(|(_, (_, innermost))| *innermost)
        .map(|(number, (head, _))| (number, head))
        .collect()
}

fn takes_unbounded_time(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::Call { .. }
            | Operator::CallIndirect { .. }
            | Operator::ReturnCall { .. }
            | Operator::ReturnCallIndirect { .. }
            | Operator::MemoryCopy { .. }
            | Operator::MemoryFill { .. }
            | Operator::MemoryInit { .. }
            | Operator::MemoryGrow { .. }
            | Operator::TableCopy { .. }
            | Operator::TableFill { .. }
            | Operator::TableInit { .. }
            | Operator::TableGrow { .. }
    )
}

/// Abstract value: a sum of locals at the start of the iteration, each shifted, and a constant. `None` is any value.
type Value = Option<Sum>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Sum {
    /// Locals, and the number of bits by which each is shifted.
    terms: Vec<(u32, u32)>,
    constant: i32,
}

impl Sum {
    fn constant(constant: i32) -> Self {
        Self {
            terms: Vec::new(),
            constant,
        }
    }

    fn local(local: u32) -> Self {
        Self {
            terms: vec![(local, 0)],
            constant: 0,
        }
    }

    fn plus(&self, other: &Self) -> Value {
        let terms = [&self.terms[..], &other.terms].concat();
        (terms.len() <= MAX_TERMS).then(|| Self {
            terms,
            constant: self.constant.wrapping_add(other.constant),
        })
    }

    fn minus(&self, other: &Self) -> Value {
        other
            .terms
            .is_empty()
            .then(|| self.plus(&Self::constant(other.constant.wrapping_neg())))
            .flatten()
    }

    fn shifted(&self, by: &Self) -> Value {
        let bits = u32::try_from(by.constant).ok()?;
        let fits = by.terms.is_empty()
            && self
                .terms
                .iter()
                .all(|(_, shift)| shift + bits <= MAX_SHIFT)
            && bits <= MAX_SHIFT;
        fits.then(|| Self {
            terms: self.terms.iter().map(|(of, by)| (*of, by + bits)).collect(),
            constant: self.constant.wrapping_shl(bits),
        })
    }
}

/// Abstract state at one position of an iteration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct State {
    /// Locals that may have changed in this iteration.
    locals: BTreeMap<u32, Value>,
    /// Positions of instructions that have certainly accessed the memory, and their addresses.
    accesses: BTreeMap<usize, Sum>,
}

impl State {
    fn local(&self, local: u32) -> Value {
        match self.locals.get(&local) {
            Some(changed) => changed.clone(),
            None => Some(Sum::local(local)),
        }
    }

    /// Joins the state of another path that leads to the same position.
    fn join(&mut self, other: &Self) {
        let changed: Vec<u32> = self
            .locals
            .keys()
            .chain(other.locals.keys())
            .copied()
            .collect();
        for local in changed {
            let value = self.local(local);
            let same = value == other.local(local);
            self.locals.insert(local, value.filter(|_| same));
        }
        self.accesses
            .retain(|at, address| other.accesses.get(at) == Some(address));
    }

    /// Returns the difference that an iteration which ends here makes to the address.
    fn step(&self, address: &Sum) -> Option<i64> {
        let mut step = 0;
        for (local, shift) in &address.terms {
            let end = self.local(*local)?;
            if end.terms != [(*local, 0)] {
                return None;
            }
            step += i64::from(end.constant) << shift;
        }
        Some(step)
    }
}

/// Joins a state, or takes it where no path has led yet.
fn join(into: &mut Option<State>, state: &State) {
    match into {
        Some(before) => before.join(state),
        None => *into = Some(state.clone()),
    }
}

/// Target of a branch inside the loop.
struct Label {
    /// Height of the operand stack without the block's results.
    height: usize,
    results: usize,
    /// State at its end, joined over the branches to it.
    end: Option<State>,
    /// State at the start of an `if` whose `else` has not been read.
    otherwise: Option<State>,
}

/// Abstract execution of one iteration of a loop, from its head to its back edges.
struct Iteration<'a> {
    types: &'a [FuncType],
    /// `None` in unreachable code.
    state: Option<State>,
    stack: Vec<Value>,
    /// Labels inside the loop; the loop itself is one further out.
    labels: Vec<Label>,
    /// States at the back edges.
    back_edges: Vec<State>,
}

/// Returns whether the loop whose head the `operators` follow is bounded.
fn loop_is_bounded(operators: &[Operator<'_>], types: &[FuncType]) -> bool {
    let mut iteration = Iteration {
        types,
        state: Some(State::default()),
        stack: Vec::new(),
        labels: Vec::new(),
        back_edges: Vec::new(),
    };
    for (position, operator) in operators.iter().enumerate() {
        if iteration.labels.is_empty() && matches!(operator, Operator::End) {
            return address_advances(&iteration.back_edges);
        }
        if iteration.execute(position, operator).is_none() {
            return false;
        }
    }
    false
}

/// Returns whether some access occurs in every iteration at an address that advances in one direction.
fn address_advances(back_edges: &[State]) -> bool {
    let Some(first) = back_edges.first() else {
        return true;
    };
    first.accesses.iter().any(|(position, address)| {
        let steps: Option<Vec<i64>> = back_edges
            .iter()
            .map(|state| {
                state
                    .step(address)
                    .filter(|_| state.accesses.get(position) == Some(address))
            })
            .collect();
        steps.is_some_and(|steps| {
            let short = steps.iter().all(|step| step.abs() <= MAX_STEP);
            let forward = steps.iter().all(|step| *step > 0);
            let backward = steps.iter().all(|step| *step < 0);
            short && (forward || backward)
        })
    })
}

impl Iteration<'_> {
    /// Executes one operator. Returns `None` if the analysis does not support it.
    fn execute(&mut self, position: usize, operator: &Operator<'_>) -> Option<()> {
        match operator {
            Operator::Block { blockty } => self.enter(*blockty, None),
            Operator::If { blockty } => {
                self.stack.pop();
                self.enter(*blockty, self.state.clone())
            }
            Operator::Else => {
                let label = self.labels.last_mut()?;
                if let Some(state) = &self.state {
                    join(&mut label.end, state);
                }
                self.stack.truncate(label.height);
                self.state = label.otherwise.take();
                Some(())
            }
            Operator::End => self.leave(),
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth);
                self.state = None;
                Some(())
            }
            Operator::BrIf { relative_depth } => {
                self.stack.pop();
                self.branch(*relative_depth);
                Some(())
            }
            Operator::BrTable { targets } => {
                self.stack.pop();
                self.branch(targets.default());
                for target in targets.targets() {
                    self.branch(target.ok()?);
                }
                self.state = None;
                Some(())
            }
            Operator::Return | Operator::Unreachable => {
                self.state = None;
                Some(())
            }
            // Unreachable, where the stack has no meaning.
            _ if self.state.is_none() => Some(()),
            _ => self.compute(position, operator),
        }
    }

    fn enter(&mut self, ty: BlockType, otherwise: Option<State>) -> Option<()> {
        let results = match ty {
            BlockType::Empty => 0,
            BlockType::Type(_) => 1,
            BlockType::FuncType(ty) => {
                let ty = &self.types[ty as usize];
                ty.params().is_empty().then_some(ty.results().len())?
            }
        };
        self.labels.push(Label {
            height: self.stack.len(),
            results,
            end: None,
            otherwise,
        });
        Some(())
    }

    fn leave(&mut self) -> Option<()> {
        let mut label = self.labels.pop()?;
        for state in [&self.state, &label.otherwise].into_iter().flatten() {
            join(&mut label.end, state);
        }
        self.state = label.end;
        self.stack.resize(label.height, None);
        self.stack.resize(label.height + label.results, None);
        Some(())
    }

    fn branch(&mut self, depth: u32) {
        let Some(state) = &self.state else { return };
        let depth = depth as usize;
        let inside = self.labels.len();
        if depth < inside {
            join(&mut self.labels[inside - 1 - depth].end, state);
        } else if depth == inside {
            self.back_edges.push(state.clone());
        }
    }

    fn compute(&mut self, position: usize, operator: &Operator<'_>) -> Option<()> {
        let state = self.state.as_mut()?;
        let value = match operator {
            Operator::LocalGet { local_index } => state.local(*local_index),
            Operator::LocalSet { local_index } => {
                let value = self.stack.pop()?;
                state.locals.insert(*local_index, value);
                return Some(());
            }
            Operator::LocalTee { local_index } => {
                let value = self.stack.pop()?;
                state.locals.insert(*local_index, value.clone());
                value
            }
            Operator::I32Const { value } => Some(Sum::constant(*value)),
            Operator::I32Add | Operator::I32Sub | Operator::I32Shl => {
                let right = self.stack.pop()?;
                let left = self.stack.pop()?;
                match (operator, left, right) {
                    (Operator::I32Add, Some(left), Some(right)) => left.plus(&right),
                    (Operator::I32Sub, Some(left), Some(right)) => left.minus(&right),
                    (_, Some(left), Some(right)) => left.shifted(&right),
                    _ => None,
                }
            }
            other => return self.forget_results(position, other),
        };
        self.stack.push(value);
        Some(())
    }

    /// Executes an operator whose results are not computed.
    fn forget_results(&mut self, position: usize, operator: &Operator<'_>) -> Option<()> {
        let (taken, given) = operator.operator_arity(&NoModule)?;
        let kept = self.stack.len().checked_sub(taken as usize)?;
        if accesses_memory(operator) {
            // The address is the lowest operand.
            if let (Some(Some(address)), Some(state)) = (self.stack.get(kept), &mut self.state) {
                state.accesses.insert(position, address.clone());
            }
        }
        self.stack.truncate(kept);
        self.stack.resize(kept + given as usize, None);
        Some(())
    }
}

fn accesses_memory(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::I32Load { .. }
            | Operator::I32Load8S { .. }
            | Operator::I32Load8U { .. }
            | Operator::I32Load16S { .. }
            | Operator::I32Load16U { .. }
            | Operator::I64Load { .. }
            | Operator::F64Load { .. }
            | Operator::I32Store { .. }
            | Operator::I32Store8 { .. }
            | Operator::I32Store16 { .. }
            | Operator::I64Store { .. }
            | Operator::F64Store { .. }
    )
}

/// Context for the arity of operators that need no module.
struct NoModule;

impl ModuleArity for NoModule {
    fn sub_type_at(&self, _: u32) -> Option<&SubType> {
        None
    }
    fn tag_type_arity(&self, _: u32) -> Option<(u32, u32)> {
        None
    }
    fn type_index_of_function(&self, _: u32) -> Option<u32> {
        None
    }
    fn func_type_of_cont_type(&self, _: &ContType) -> Option<&FuncType> {
        None
    }
    fn sub_type_of_ref_type(&self, _: &RefType) -> Option<&SubType> {
        None
    }
    fn control_stack_height(&self) -> u32 {
        0
    }
    fn label_block(&self, _: u32) -> Option<(BlockType, FrameKind)> {
        None
    }
}
