//! Checks the structure of the project: which file imports which, in Rust, C and Python.
//!
//! There are three rules. No files of a crate, nor of a folder of C or Python sources, import each other in a cycle. No
//! file imports one of a layer above its own, and no crate depends on one of a layer above its own, where `layers.toml`
//! declares layers. A use of a re-exported name counts as an import of the file that defines the name. Code for tests
//! does not count.

pub mod c;
pub mod graph;
pub mod layers;
pub mod python;
pub mod rust;
mod workspace;

use std::io;
use std::path::PathBuf;

pub use workspace::{Report, check};

/// The reason why the structure could not be checked.
#[derive(Debug, thiserror::Error)]
pub enum StructureError {
    /// A file that cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file that is not Rust.
    #[error("{} cannot be parsed: {source}", path.display())]
    NotRust {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: syn::Error,
    },
    /// A module without a file.
    #[error("{} declares module {module}, which has no file: expected {}", path.display(), expected.display())]
    NoModuleFile {
        /// The file with the declaration.
        path: PathBuf,
        /// The module's name.
        module: String,
        /// The place of the module's file.
        expected: PathBuf,
    },
    /// A list of layers that is not as it should be.
    #[error("{} cannot be used: {source}", path.display())]
    Layers {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: Box<toml::de::Error>,
    },
    /// Cargo does not describe the workspace.
    #[error("cargo metadata failed: {0}")]
    Metadata(String),
}

/// Reads a file as text.
fn read(path: &std::path::Path) -> Result<String, StructureError> {
    std::fs::read_to_string(path).map_err(|source| StructureError::Unreadable {
        path: path.to_owned(),
        source,
    })
}

/// Lists the files below `folder` whose names have one of these extensions, in the order of their paths.
fn files_below(
    folder: &std::path::Path,
    extensions: &[&str],
) -> Result<Vec<PathBuf>, StructureError> {
    let unreadable = |source| StructureError::Unreadable {
        path: folder.to_owned(),
        source,
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            found.extend(files_below(&path, extensions)?);
        } else if path
            .extension()
            .is_some_and(|extension| extensions.iter().any(|known| extension == *known))
        {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A path as the graphs name it: relative to `base`, with slashes.
fn relative(path: &std::path::Path, base: &std::path::Path) -> String {
    path.strip_prefix(base)
        .unwrap_or(path)
        .to_string_lossy()
        .into_owned()
}
