//! Tracks the loops around a position in a function.

use wasmparser::Operator;

/// Stack of labels while the operators of a function are read in order. Loops are numbered in the order of their heads.
pub(crate) struct BlockNesting {
    /// The number of the loop for each label that is a loop's. The function's own label is first.
    labels: Vec<Option<usize>>,
    loops: usize,
}

impl BlockNesting {
    /// Returns the nesting at the start of a function.
    pub(crate) fn new() -> Self {
        Self {
            labels: vec![None],
            loops: 0,
        }
    }

    /// Advances over the next operator.
    pub(crate) fn advance(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Loop { .. } => {
                self.labels.push(Some(self.loops));
                self.loops += 1;
            }
            Operator::Block { .. } | Operator::If { .. } => self.labels.push(None),
            Operator::End => {
                self.labels.pop();
            }
            _ => {}
        }
    }

    /// Returns the enclosing loops, outermost first. A loop encloses its own head once [`advance`](Self::advance) has
    /// seen it.
    pub(crate) fn enclosing_loops(&self) -> impl Iterator<Item = usize> {
        self.labels.iter().flatten().copied()
    }
}
