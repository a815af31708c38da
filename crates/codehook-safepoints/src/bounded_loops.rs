//! Loops that need no check, since they end by themselves after one pass over the memory at most.
//!
//! Such a loop has no other loop in it and calls nothing, and in every turn it reads or writes, at one and the same instruction, an
//! address that has moved on by a constant, always in the same direction. So it ends or leaves the memory, which is a trap: memories
//! have at most [`RunLimits::MAX_MEMORY_BYTES`](crate::RunLimits), half of what can be addressed, and a step cannot lead across the other half. That holds for
//! whatever the memory contains.
//!
//! It is worth the trouble: a check is a call to compiled code, which keeps nothing in registers over it. Most of the time that
//! checks took went into loops over a string's characters.

use std::collections::{BTreeMap, HashSet};

use wasmparser::{
    BlockType, ContType, FrameKind, FuncType, ModuleArity, Operator, RefType, SubType,
};

use super::nesting::Nesting;

/// The longest step, in bytes.
const MAX_STEP: i64 = 1 << 24;
/// A local's value may be shifted so far in an address.
const MAX_SHIFT: u32 = 8;
/// An address may be a sum of so many locals.
const MAX_TERMS: usize = 3;

/// The loops of a function that need no check, by their place among its loops.
pub(super) fn bounded_loops(operators: &[Operator<'_>], types: &[FuncType]) -> HashSet<usize> {
    innermost_loops(operators)
        .into_iter()
        .filter(|(_, start)| is_bounded(&operators[*start + 1..], types))
        .map(|(place, _)| place)
        .collect()
}

/// Loops without loops and calls in them: their places among the loops, and where they begin.
fn innermost_loops(operators: &[Operator<'_>]) -> Vec<(usize, usize)> {
    let mut loops: Vec<(usize, bool)> = Vec::new();
    let mut nesting = Nesting::new();
    for (at, operator) in operators.iter().enumerate() {
        if matches!(operator, Operator::Loop { .. }) || may_take_long(operator) {
            for outer in nesting.around() {
                loops[outer].1 = false;
            }
        }
        if let Operator::Loop { blockty } = operator {
            loops.push((at, *blockty == BlockType::Empty));
        }
        nesting.follow(operator);
    }
    loops
        .into_iter()
        .enumerate()
        .filter(|(_, (_, innermost))| *innermost)
        .map(|(place, (at, _))| (place, at))
        .collect()
}

fn may_take_long(operator: &Operator<'_>) -> bool {
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

/// What is known of a number: locals as they were when the turn began, each shifted, and a constant. `None` if nothing is.
type Value = Option<Sum>;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Sum {
    /// Locals, and by how many bits each is shifted.
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

/// What is known at one place of a turn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Known {
    /// Locals that may have changed in this turn.
    locals: BTreeMap<u32, Value>,
    /// Instructions that have read or written memory for certain, and where.
    accesses: BTreeMap<usize, Sum>,
}

impl Known {
    fn local(&self, local: u32) -> Value {
        match self.locals.get(&local) {
            Some(changed) => changed.clone(),
            None => Some(Sum::local(local)),
        }
    }

    /// What is known where two ways meet.
    fn meet(&mut self, other: &Self) {
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

    /// By how much the address moves on in a turn that ends here.
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

fn meet(into: &mut Option<Known>, known: &Known) {
    match into {
        Some(before) => before.meet(known),
        None => *into = Some(known.clone()),
    }
}

/// Where a branch can go to, inside of the loop.
struct Label {
    /// Of the stack, without the block's results.
    height: usize,
    results: usize,
    /// What is known at its end, from the branches there.
    end: Option<Known>,
    /// For an `if` whose `else` has not come: what was known at its beginning.
    otherwise: Option<Known>,
}

/// One turn of a loop, from its head to where it goes back.
struct Turn<'a> {
    types: &'a [FuncType],
    /// `None` where nothing can come to.
    known: Option<Known>,
    stack: Vec<Value>,
    /// Inside of the loop; the loop itself is one further out.
    labels: Vec<Label>,
    /// What is known where it goes back.
    back: Vec<Known>,
}

/// Whether the loop, of which `operators` are what follows its head, is bounded.
fn is_bounded(operators: &[Operator<'_>], types: &[FuncType]) -> bool {
    let mut turn = Turn {
        types,
        known: Some(Known::default()),
        stack: Vec::new(),
        labels: Vec::new(),
        back: Vec::new(),
    };
    for (at, operator) in operators.iter().enumerate() {
        if turn.labels.is_empty() && matches!(operator, Operator::End) {
            return moves_on(&turn.back);
        }
        if turn.follow(at, operator).is_none() {
            return false;
        }
    }
    false
}

/// Whether there is an access in every turn, the address of which moves on in one direction.
fn moves_on(back: &[Known]) -> bool {
    let Some(first) = back.first() else {
        return true;
    };
    first.accesses.iter().any(|(at, address)| {
        let steps: Option<Vec<i64>> = back
            .iter()
            .map(|known| {
                known
                    .step(address)
                    .filter(|_| known.accesses.get(at) == Some(address))
            })
            .collect();
        steps.is_some_and(|steps| {
            let short = steps.iter().all(|step| step.abs() <= MAX_STEP);
            let forwards = steps.iter().all(|step| *step > 0);
            let backwards = steps.iter().all(|step| *step < 0);
            short && (forwards || backwards)
        })
    })
}

impl Turn<'_> {
    /// Goes over one operator. `None` if it is of a kind that is not understood.
    fn follow(&mut self, at: usize, operator: &Operator<'_>) -> Option<()> {
        match operator {
            Operator::Block { blockty } => self.enter(*blockty, None),
            Operator::If { blockty } => {
                self.stack.pop();
                self.enter(*blockty, self.known.clone())
            }
            Operator::Else => {
                let label = self.labels.last_mut()?;
                if let Some(known) = &self.known {
                    meet(&mut label.end, known);
                }
                self.stack.truncate(label.height);
                self.known = label.otherwise.take();
                Some(())
            }
            Operator::End => self.leave(),
            Operator::Br { relative_depth } => {
                self.branch(*relative_depth);
                self.known = None;
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
                self.known = None;
                Some(())
            }
            Operator::Return | Operator::Unreachable => {
                self.known = None;
                Some(())
            }
            // Nothing comes here, and the stack has no meaning.
            _ if self.known.is_none() => Some(()),
            _ => self.compute(at, operator),
        }
    }

    fn enter(&mut self, ty: BlockType, otherwise: Option<Known>) -> Option<()> {
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
        for known in [&self.known, &label.otherwise].into_iter().flatten() {
            meet(&mut label.end, known);
        }
        self.known = label.end;
        self.stack.resize(label.height, None);
        self.stack.resize(label.height + label.results, None);
        Some(())
    }

    fn branch(&mut self, depth: u32) {
        let Some(known) = &self.known else { return };
        let depth = depth as usize;
        let inside = self.labels.len();
        if depth < inside {
            meet(&mut self.labels[inside - 1 - depth].end, known);
        } else if depth == inside {
            self.back.push(known.clone());
        }
    }

    fn compute(&mut self, at: usize, operator: &Operator<'_>) -> Option<()> {
        let known = self.known.as_mut()?;
        let value = match operator {
            Operator::LocalGet { local_index } => known.local(*local_index),
            Operator::LocalSet { local_index } => {
                let value = self.stack.pop()?;
                known.locals.insert(*local_index, value);
                return Some(());
            }
            Operator::LocalTee { local_index } => {
                let value = self.stack.pop()?;
                known.locals.insert(*local_index, value.clone());
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
            other => return self.others(at, other),
        };
        self.stack.push(value);
        Some(())
    }

    fn others(&mut self, at: usize, operator: &Operator<'_>) -> Option<()> {
        let (taken, given) = operator.operator_arity(&Nothing)?;
        let kept = self.stack.len().checked_sub(taken as usize)?;
        if accesses_memory(operator) {
            // The address is below what is stored.
            if let (Some(Some(address)), Some(known)) = (self.stack.get(kept), &mut self.known) {
                known.accesses.insert(at, address.clone());
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

/// No module: the operators asked about need none.
struct Nothing;

impl ModuleArity for Nothing {
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
