//! The whole project: every crate of the workspace, the interpreter's C sources and its Python files.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::graph::Graph;
use crate::layers::{Layers, violations};
use crate::{StructureError, c, python, rust};

/// The folders with C files, of which those that exist are checked.
const C_FOLDERS: &[&str] = &["python-wasm/src", "python-wasm/runtime"];
/// The same with Python files.
const PYTHON_FOLDERS: &[&str] = &["python-wasm/stand-ins", "python-wasm/shims"];

/// What is wrong with the structure, one sentence each.
#[derive(Debug, Default)]
pub struct Report {
    /// Cycles of files.
    pub cycles: Vec<String>,
    /// Files that reach up, crates that do, and names without a layer.
    pub violations: Vec<String>,
    /// The number of files that were read.
    pub files: usize,
}

impl Report {
    /// Returns every fault.
    pub fn faults(&self) -> impl Iterator<Item = &str> {
        self.cycles
            .iter()
            .chain(&self.violations)
            .map(String::as_str)
    }
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    targets: Vec<BuildTarget>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct BuildTarget {
    src_path: PathBuf,
}

#[derive(Deserialize)]
struct Dependency {
    name: String,
    kind: Option<String>,
    path: Option<PathBuf>,
}

/// Checks the workspace in the folder `root` against the layers in a file.
pub fn check(root: &Path, layers: &Path) -> Result<Report, StructureError> {
    let layers = Layers::read(layers)?;
    let metadata = metadata(root)?;
    let mut report = Report::default();
    report
        .violations
        .extend(violations(&crates(&metadata), "", &layers.crates));
    let mut all = Graph::default();
    let mut add = |graph: Graph| {
        report
            .cycles
            .extend(graph.cycles().iter().map(ToString::to_string));
        all.merge(&graph);
    };
    for package in &metadata.packages {
        let mut graph = Graph::default();
        for target in &package.targets {
            graph.merge(&rust::imports(&target.src_path, root)?);
        }
        add(graph);
    }
    for folder in existing(root, C_FOLDERS) {
        add(c::imports(&folder, root)?);
    }
    for folder in existing(root, PYTHON_FOLDERS) {
        add(python::imports(&folder, root)?);
    }
    for (folder, layers) in &layers.files {
        report.violations.extend(violations(&all, folder, layers));
    }
    report.files = all.files().collect::<BTreeSet<_>>().len();
    Ok(report)
}

fn existing(root: &Path, folders: &[&str]) -> impl Iterator<Item = PathBuf> {
    folders
        .iter()
        .map(|folder| root.join(folder))
        .filter(|folder| folder.is_dir())
}

fn metadata(root: &Path) -> Result<Metadata, StructureError> {
    let failed = |error: &dyn std::fmt::Display| StructureError::Metadata(error.to_string());
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(root)
        .output()
        .map_err(|error| failed(&error))?;
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| failed(&error))
}

/// Returns which crate of the workspace depends on which. Dependencies for tests alone do not count.
fn crates(metadata: &Metadata) -> Graph {
    let mut graph = Graph::default();
    for package in &metadata.packages {
        graph.add_file(&package.name);
        for dependency in &package.dependencies {
            if dependency.path.is_some() && dependency.kind.as_deref() != Some("dev") {
                graph.add(
                    &package.name,
                    &dependency.name,
                    "a dependency in its Cargo.toml",
                );
            }
        }
    }
    graph
}
