//! The graph of imports: its nodes are files, or crates, by name.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use petgraph::algo::tarjan_scc;
use petgraph::graph::DiGraph;

/// Which file imports which, and the names that it imports.
#[derive(Debug, Default, Clone)]
pub struct Graph {
    imports: BTreeMap<String, BTreeMap<String, BTreeSet<String>>>,
}

/// Files that import each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// Every file from which all the others can be reached, and that can be reached from them.
    pub files: Vec<String>,
    /// The shortest way from a file back to it: each file with the names that it imports from the next.
    pub chain: Vec<(String, String)>,
}

impl fmt::Display for Cycle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "cycle of {} files: ", self.files.len())?;
        for (file, names) in &self.chain {
            write!(formatter, "{file} -({names})-> ")?;
        }
        if let Some((first, _)) = self.chain.first() {
            write!(formatter, "{first}")?;
        }
        let chained = |file: &&String| self.chain.iter().any(|(name, _)| name == *file);
        let others: Vec<&String> = self.files.iter().filter(|file| !chained(file)).collect();
        for (place, file) in others.iter().enumerate() {
            let before = if place == 0 {
                "; in the same cycle: "
            } else {
                ", "
            };
            write!(formatter, "{before}{file}")?;
        }
        Ok(())
    }
}

impl Graph {
    /// Adds a file, which may import nothing.
    pub fn add_file(&mut self, file: &str) {
        self.imports.entry(file.to_owned()).or_default();
    }

    /// Adds an import. A file's use of itself is none.
    pub fn add(&mut self, from: &str, to: &str, name: &str) {
        self.add_file(from);
        self.add_file(to);
        if from != to {
            let names = self.imports.entry(from.to_owned()).or_default();
            names
                .entry(to.to_owned())
                .or_default()
                .insert(name.to_owned());
        }
    }

    /// Adds the files and imports of another graph.
    pub fn merge(&mut self, other: &Self) {
        for (from, targets) in &other.imports {
            self.add_file(from);
            for (to, names) in targets {
                names.iter().for_each(|name| self.add(from, to, name));
            }
        }
    }

    /// Returns all files.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.imports.keys().map(String::as_str)
    }

    /// Returns all imports, each with its names.
    pub fn edges(&self) -> impl Iterator<Item = (&str, &str, String)> {
        self.imports.iter().flat_map(|(from, targets)| {
            targets
                .iter()
                .map(move |(to, names)| (from.as_str(), to.as_str(), joined(names)))
        })
    }

    /// Returns all cycles, the one of the most files first.
    pub fn cycles(&self) -> Vec<Cycle> {
        let mut graph = DiGraph::<&str, ()>::new();
        let nodes: BTreeMap<&str, _> = self
            .files()
            .map(|file| (file, graph.add_node(file)))
            .collect();
        for (from, to, _) in self.edges() {
            graph.add_edge(nodes[from], nodes[to], ());
        }
        let mut cycles: Vec<Cycle> = tarjan_scc(&graph)
            .into_iter()
            .filter(|files| files.len() > 1)
            .map(|files| self.cycle(files.into_iter().map(|node| graph[node]).collect()))
            .collect();
        cycles.sort_by(|a, b| {
            b.files
                .len()
                .cmp(&a.files.len())
                .then_with(|| a.files.cmp(&b.files))
        });
        cycles
    }

    fn cycle(&self, files: BTreeSet<&str>) -> Cycle {
        let chains = files.iter().map(|file| self.way_back(file, &files));
        let chain = chains.min_by_key(Vec::len).unwrap_or_default();
        Cycle {
            files: files.into_iter().map(str::to_owned).collect(),
            chain: chain
                .iter()
                .zip(chain.iter().cycle().skip(1))
                .map(|(from, to)| ((*from).to_owned(), joined(&self.imports[*from][*to])))
                .collect(),
        }
    }

    /// Returns the shortest way from `start` back to it through `files`.
    fn way_back<'a>(&'a self, start: &'a str, files: &BTreeSet<&str>) -> Vec<&'a str> {
        let mut came_from: BTreeMap<&str, &'a str> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(file) = queue.pop_front() {
            for next in self.imports[file].keys().map(String::as_str) {
                if next == start {
                    let mut way = vec![file];
                    while let Some(before) = came_from.get(way[way.len() - 1]) {
                        way.push(before);
                    }
                    way.reverse();
                    return way;
                }
                if files.contains(next) && !came_from.contains_key(next) {
                    came_from.insert(next, file);
                    queue.push_back(next);
                }
            }
        }
        Vec::new()
    }
}

fn joined(names: &BTreeSet<String>) -> String {
    names
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}
