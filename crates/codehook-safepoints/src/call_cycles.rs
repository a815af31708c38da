//! Which functions call which, and where circles of calls are broken.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::NodeFiltered;
use wasmparser::{FuncType, FunctionBody, Operator};

use super::ChecksError;

/// Of each circle's functions, one in so many gets a check before circles are looked for again.
const ONE_IN: usize = 20;

/// Calls between functions. One through a table may go to every function of its type that a table may hold.
pub(super) struct Calls {
    graph: DiGraph<(), ()>,
    functions: usize,
    /// The node in between for calls through tables, by the type of what is called.
    through_tables: HashMap<FuncType, NodeIndex>,
    in_tables: HashSet<u32>,
}

impl Calls {
    /// Of a module with `functions`, imports included.
    pub(super) fn new(functions: usize) -> Self {
        let mut graph = DiGraph::new();
        for _ in 0..functions {
            graph.add_node(());
        }
        Self {
            graph,
            functions,
            through_tables: HashMap::new(),
            in_tables: HashSet::new(),
        }
    }

    /// `function`, whose type is `ty`, may be in a table.
    pub(super) fn in_table(&mut self, function: u32, ty: &FuncType) {
        if self.in_tables.insert(function) {
            let tables = self.through_tables(ty);
            self.graph.update_edge(tables, node(function), ());
        }
    }

    fn through_tables(&mut self, ty: &FuncType) -> NodeIndex {
        let Self {
            graph,
            through_tables,
            ..
        } = self;
        *through_tables
            .entry(ty.clone())
            .or_insert_with(|| graph.add_node(()))
    }

    /// Reads the calls of `function` from its `body`.
    pub(super) fn read(
        &mut self,
        function: u32,
        body: &FunctionBody<'_>,
        types: &[FuncType],
    ) -> Result<(), ChecksError> {
        for operator in body.get_operators_reader()? {
            match operator? {
                Operator::Call { function_index } | Operator::ReturnCall { function_index } => {
                    self.graph
                        .update_edge(node(function), node(function_index), ());
                }
                Operator::CallIndirect { type_index, .. }
                | Operator::ReturnCallIndirect { type_index, .. } => {
                    let tables = self.through_tables(&types[type_index as usize]);
                    self.graph.update_edge(node(function), tables, ());
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Functions such that every circle of calls goes through one of them. Few, and of those that may call the most others, which
    /// have more to do than a check: to find the fewest is a hard problem (Karp's feedback vertex set).
    pub(super) fn breaking_circles(&self) -> HashSet<u32> {
        let mut broken: HashSet<NodeIndex> = self
            .graph
            .node_indices()
            .filter(|node| self.graph.contains_edge(*node, *node))
            .collect();
        let mut left: HashSet<NodeIndex> = self.graph.node_indices().collect();
        loop {
            let rest = NodeFiltered::from_fn(&self.graph, |node| {
                left.contains(&node) && !broken.contains(&node)
            });
            let circles: Vec<_> = tarjan_scc(&rest)
                .into_iter()
                .filter(|circle| circle.len() > 1)
                .collect();
            if circles.is_empty() {
                break;
            }
            left = circles.iter().flatten().copied().collect();
            for circle in circles {
                self.break_some(&circle, &mut broken);
            }
        }
        broken.iter().map(|node| node.index() as u32).collect()
    }

    fn break_some(&self, circle: &[NodeIndex], broken: &mut HashSet<NodeIndex>) {
        let members: HashSet<NodeIndex> = circle.iter().copied().collect();
        let inside = |nodes: petgraph::graph::Neighbors<'_, ()>| {
            nodes.filter(|node| members.contains(node)).count()
        };
        // Calls through a table count as what they may be.
        let calls = |function: NodeIndex| -> usize {
            self.graph
                .neighbors(function)
                .filter(|callee| members.contains(callee))
                .map(|callee| match callee.index() < self.functions {
                    true => 1,
                    false => inside(self.graph.neighbors(callee)),
                })
                .sum()
        };
        let callers =
            |function| inside(self.graph.neighbors_directed(function, petgraph::Incoming));
        let mut functions: Vec<_> = circle
            .iter()
            .filter(|node| node.index() < self.functions)
            .map(|function| (Reverse((calls(*function), callers(*function))), *function))
            .collect();
        functions.sort_unstable();
        let some = functions.len().div_ceil(ONE_IN);
        broken.extend(functions.iter().take(some).map(|(_, function)| function));
    }
}

fn node(function: u32) -> NodeIndex {
    NodeIndex::new(function as usize)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use wasmparser::ValType;

    use super::*;

    /// Functions 0 to 11, of two types.
    const FUNCTIONS: u32 = 12;

    fn type_of(function: u32) -> FuncType {
        match function % 2 {
            0 => FuncType::new([], []),
            _ => FuncType::new([ValType::I32], []),
        }
    }

    proptest! {
        #[test]
        fn no_circle_of_calls_is_left_once_functions_with_checks_are_taken_out(
            direct in prop::collection::vec((0..FUNCTIONS, 0..FUNCTIONS), 0..30),
            through_tables in prop::collection::vec((0..FUNCTIONS, 0..FUNCTIONS), 0..6),
            in_tables in prop::collection::vec(0..FUNCTIONS, 0..6),
        ) {
            let mut calls = Calls::new(FUNCTIONS as usize);
            for function in in_tables {
                calls.in_table(function, &type_of(function));
            }
            for (from, to) in direct {
                calls.graph.update_edge(node(from), node(to), ());
            }
            for (from, like) in through_tables {
                let tables = calls.through_tables(&type_of(like));
                calls.graph.update_edge(node(from), tables, ());
            }
            let broken = calls.breaking_circles();
            let mut rest = calls.graph.clone();
            rest.retain_edges(|graph, edge| {
                graph.edge_endpoints(edge).is_none_or(|(from, _)| !broken.contains(&(from.index() as u32)))
            });
            prop_assert!(!petgraph::algo::is_cyclic_directed(&rest));
        }
    }
}
