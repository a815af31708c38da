//! The call graph of a module, and functions that break all of its cycles.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::NodeFiltered;
use wasmparser::{FuncType, FunctionBody, Operator};

use crate::error::SafepointError;

/// One in this many functions of a strongly connected component gets a safepoint before components are computed again.
const ONE_IN: usize = 20;

/// Call graph. A call through a table may reach every function of its type that a table may hold.
pub(crate) struct CallGraph {
    graph: DiGraph<(), ()>,
    functions: usize,
    /// A node between callers and callees for each type of function that is called through tables.
    through_tables: HashMap<FuncType, NodeIndex>,
    in_tables: HashSet<u32>,
}

impl CallGraph {
    /// Returns a graph without calls for a module with this many functions, imports included.
    pub(crate) fn new(functions: usize) -> Self {
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

    /// Notes that a table may hold `function`, whose type is `ty`.
    pub(crate) fn in_table(&mut self, function: u32, ty: &FuncType) {
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

    /// Adds the calls in the `body` of `function`.
    pub(crate) fn read(
        &mut self,
        function: u32,
        body: &FunctionBody<'_>,
        types: &[FuncType],
    ) -> Result<(), SafepointError> {
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

    /// Returns a feedback vertex set: functions such that every cycle of calls goes through one of them. A minimal set
    /// is NP-hard to find; this one prefers functions that may call many others, beside whose work a safepoint counts
    /// least.
    pub(crate) fn feedback_vertices(&self) -> HashSet<u32> {
        let mut chosen: HashSet<NodeIndex> = self
            .graph
            .node_indices()
            .filter(|node| self.graph.contains_edge(*node, *node))
            .collect();
        let mut left: HashSet<NodeIndex> = self.graph.node_indices().collect();
        loop {
            let rest = NodeFiltered::from_fn(&self.graph, |node| {
                left.contains(&node) && !chosen.contains(&node)
            });
            let components: Vec<_> = tarjan_scc(&rest)
                .into_iter()
                .filter(|component| component.len() > 1)
                .collect();
            if components.is_empty() {
                break;
            }
            left = components.iter().flatten().copied().collect();
            for component in components {
                self.choose_some(&component, &mut chosen);
            }
        }
        chosen.iter().map(|node| node.index() as u32).collect()
    }

    /// Adds some functions of a strongly connected component to `chosen`.
    fn choose_some(&self, component: &[NodeIndex], chosen: &mut HashSet<NodeIndex>) {
        let members: HashSet<NodeIndex> = component.iter().copied().collect();
        let inside = |nodes: petgraph::graph::Neighbors<'_, ()>| {
            nodes.filter(|node| members.contains(node)).count()
        };
        // A call through a table counts as calls of all functions that it may reach.
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
        let mut functions: Vec<_> = component
            .iter()
            .filter(|node| node.index() < self.functions)
            .map(|function| (Reverse((calls(*function), callers(*function))), *function))
            .collect();
        functions.sort_unstable();
        let some = functions.len().div_ceil(ONE_IN);
        chosen.extend(functions.iter().take(some).map(|(_, function)| function));
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
        fn no_cycle_of_calls_is_left_without_the_feedback_vertices(
            direct in prop::collection::vec((0..FUNCTIONS, 0..FUNCTIONS), 0..30),
            through_tables in prop::collection::vec((0..FUNCTIONS, 0..FUNCTIONS), 0..6),
            in_tables in prop::collection::vec(0..FUNCTIONS, 0..6),
        ) {
            let mut calls = CallGraph::new(FUNCTIONS as usize);
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
            let chosen = calls.feedback_vertices();
            let mut rest = calls.graph.clone();
            rest.retain_edges(|graph, edge| {
                graph.edge_endpoints(edge).is_none_or(|(from, _)| !chosen.contains(&(from.index() as u32)))
            });
            prop_assert!(!petgraph::algo::is_cyclic_directed(&rest));
        }
    }
}
