//! What this folder and the service last agreed on, hook by hook: by it a pull sees that something was changed here, and a push that
//! something was changed there.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Failure;

const FILE: &str = "codehook.lock";
const HEADER: &str =
    "# What was last pulled or pushed. Written by codehook; keep it beside codehook.toml.\n\n";

/// The state of one hook.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Agreed {
    /// The hook's revision there.
    pub(super) revision: u64,
    /// The hash of its document here.
    content: String,
}

/// The state of every hook.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Content {
    hooks: BTreeMap<String, Agreed>,
}

/// The file.
pub(super) struct Synced {
    path: PathBuf,
    content: Content,
}

fn hash(definition: &Value) -> String {
    hex::encode(Sha256::digest(definition.to_string()))
}

impl Synced {
    pub(super) fn read(directory: &Path) -> Result<Self, Failure> {
        let path = directory.join(FILE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            other => other.map_err(|error| Failure::file(&path, error))?,
        };
        let content = toml::from_str(&text).map_err(|error| Failure::file(&path, error))?;
        Ok(Self { path, content })
    }

    pub(super) fn of(&self, name: &str) -> Option<&Agreed> {
        self.content.hooks.get(name)
    }

    /// Whether the hook is here as it was last agreed on.
    pub(super) fn is_unchanged(&self, name: &str, definition: &Value) -> bool {
        self.of(name)
            .is_some_and(|agreed| agreed.content == hash(definition))
    }

    /// Notes that both sides agree on a hook.
    pub(super) fn agree(
        &mut self,
        name: &str,
        revision: u64,
        definition: &Value,
    ) -> Result<(), Failure> {
        let agreed = Agreed {
            revision,
            content: hash(definition),
        };
        self.content.hooks.insert(name.to_owned(), agreed);
        self.write()
    }

    fn write(&self) -> Result<(), Failure> {
        let text =
            toml::to_string(&self.content).map_err(|error| Failure::file(&self.path, error))?;
        fs::write(&self.path, format!("{HEADER}{text}"))
            .map_err(|error| Failure::file(&self.path, error))
    }
}
