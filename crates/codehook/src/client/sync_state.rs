//! The state of each hook at the last pull or push: by it a pull sees that something was changed here,
//! and a push that something was changed there.

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
pub(super) struct SyncedHook {
    /// The hook's revision there.
    pub(super) revision: u32,
    /// The hash of its document here.
    content: String,
}

/// The state of every hook.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Content {
    hooks: BTreeMap<String, SyncedHook>,
}

/// The file.
pub(super) struct SyncState {
    path: PathBuf,
    content: Content,
}

fn hash(definition: &Value) -> String {
    hex::encode(Sha256::digest(definition.to_string()))
}

impl SyncState {
    pub(super) fn read(directory: &Path) -> Result<Self, Failure> {
        let path = directory.join(FILE);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            other => other.map_err(|error| Failure::file(&path, error))?,
        };
        let content = toml::from_str(&text).map_err(|error| Failure::file(&path, error))?;
        Ok(Self { path, content })
    }

    pub(super) fn of(&self, name: &str) -> Option<&SyncedHook> {
        self.content.hooks.get(name)
    }

    /// Whether the hook is here as it was at the last pull or push.
    pub(super) fn is_unchanged(&self, name: &str, definition: &Value) -> bool {
        self.of(name)
            .is_some_and(|synced_hook| synced_hook.content == hash(definition))
    }

    /// Records that both sides have the same hook.
    pub(super) fn record(
        &mut self,
        name: &str,
        revision: u32,
        definition: &Value,
    ) -> Result<(), Failure> {
        let synced_hook = SyncedHook {
            revision,
            content: hash(definition),
        };
        self.content.hooks.insert(name.to_owned(), synced_hook);
        self.write()
    }

    fn write(&self) -> Result<(), Failure> {
        let text =
            toml::to_string(&self.content).map_err(|error| Failure::file(&self.path, error))?;
        fs::write(&self.path, format!("{HEADER}{text}"))
            .map_err(|error| Failure::file(&self.path, error))
    }
}
