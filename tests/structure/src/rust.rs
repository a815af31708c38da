//! Imports among the files of a Rust crate.
//!
//! Every file is parsed. What counts are `use` declarations, and paths in code, in the arguments of macros and in
//! attributes. A path is followed through imports and re-exports to the file that defines the name. A module in a path
//! is none of the names: an import of a module counts by what is used through it.
//!
//! What a module uses of the modules around it does not count: a module in `a/b.rs` is a part of `a`, sees its private
//! names, and shares them with the other parts.

mod modules;
mod references;
mod resolve;

use std::path::Path;

use crate::graph::Graph;
use crate::{StructureError, relative};
use modules::Modules;

/// A path in the source: its names from left to right.
type Names = Vec<String>;

/// Returns the imports among the files of the target whose first file is `root`. Files are named relative to `base`.
pub fn imports(root: &Path, base: &Path) -> Result<Graph, StructureError> {
    let modules = Modules::read(root)?;
    let name = |file: usize| relative(&modules.files[file], base);
    let mut graph = Graph::default();
    (0..modules.files.len()).for_each(|file| graph.add_file(&name(file)));
    for (from, to, path) in resolve::imports(&modules) {
        graph.add(&name(from), &name(to), &path);
    }
    Ok(graph)
}
