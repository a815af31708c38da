//! Which loops a place in a function stands in.

use wasmparser::Operator;

/// Follows a function's operators and knows the loops around the last one, by their place among the function's loops.
pub(super) struct Nesting {
    /// Which loop each label is of, if it is one; the function's own first.
    labels: Vec<Option<usize>>,
    loops: usize,
}

impl Nesting {
    /// At the beginning of a function.
    pub(super) fn new() -> Self {
        Self {
            labels: vec![None],
            loops: 0,
        }
    }

    /// Goes over the next operator.
    pub(super) fn follow(&mut self, operator: &Operator<'_>) {
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

    /// The loops around, outermost first. A loop is around its own head once that was gone over.
    pub(super) fn around(&self) -> impl Iterator<Item = usize> {
        self.labels.iter().flatten().copied()
    }
}
