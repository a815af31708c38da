//! Declared layers, from the top to the bottom: what is in one may reach the same layer and the layers below.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::graph::Graph;
use crate::{StructureError, read};

/// The content of `layers.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Layers {
    /// The workspace's crates.
    pub crates: Vec<Vec<String>>,
    /// The files of a folder, by the folder. A name that ends with a slash stands for all files below it.
    #[serde(default)]
    pub files: BTreeMap<String, Vec<Vec<String>>>,
}

impl Layers {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, StructureError> {
        toml::from_str(&read(path)?).map_err(|source| StructureError::Layers {
            path: path.to_owned(),
            source: Box::new(source),
        })
    }
}

/// Returns what breaks the order: an import of something above, a name without a layer, and a layer's name that stands
/// for nothing. `folder` is taken away from the front of names; it is empty for crates.
pub fn violations(graph: &Graph, folder: &str, layers: &[Vec<String>]) -> Vec<String> {
    let local = |name: &str| {
        name.strip_prefix(folder)
            .map(|rest| rest.trim_start_matches('/').to_owned())
    };
    let layer = |name: &str| local(name).and_then(|name| layer_of(&name, layers));
    let mut found = Vec::new();
    for name in graph
        .files()
        .filter(|name| local(name).is_some() && layer(name).is_none())
    {
        found.push(format!("{name} has no layer: name it in layers.toml"));
    }
    for (from, to, names) in graph.edges() {
        if let (Some(lower), Some(upper)) = (layer(from), layer(to))
            && upper < lower
        {
            found.push(format!(
                "{from} (layer {lower}) reaches up to {to} (layer {upper}): {names}"
            ));
        }
    }
    for entry in layers.iter().flatten() {
        if !graph
            .files()
            .filter_map(local)
            .any(|name| covers(entry, &name))
        {
            found.push(format!(
                "layers.toml names {entry} of {folder:?}, which is not there: remove the name"
            ));
        }
    }
    found
}

/// Returns the number of the layer whose entry covers the most of this name.
fn layer_of(name: &str, layers: &[Vec<String>]) -> Option<usize> {
    let covering = |layer: &Vec<String>| {
        layer
            .iter()
            .filter(|entry| covers(entry, name))
            .map(String::len)
            .max()
    };
    let sizes = layers
        .iter()
        .enumerate()
        .filter_map(|(number, layer)| Some((covering(layer)?, number)));
    sizes
        .max_by_key(|(size, _)| *size)
        .map(|(_, number)| number)
}

fn covers(entry: &str, name: &str) -> bool {
    name == entry || (entry.ends_with('/') && name.starts_with(entry))
}
