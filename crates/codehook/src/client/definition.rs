//! A hook between this folder and the service: `codehook.toml` with files beside it here, one JSON document there.

use std::fs;
use std::path::{Path, PathBuf};

use codehook_api_types::HookDefinition;
use codehook_template::MAX_TEMPLATE_BYTES;
use serde_json::{Map, Value, json};
use toml_edit::{DocumentMut, InlineTable, Item, Table, value};

use super::Failure;
use crate::input;
use crate::project::{self, Project, ProjectHook};

/// Fields of a definition that stand in `codehook.toml` as they are, in this order.
const PLAIN: [&str; 7] = [
    "runtime", "allow", "secrets", "hostname", "trigger", "limits", "retry",
];

/// The document of a hook of this folder. It stays JSON: what the folder leaves out is the service's to choose.
pub(super) fn local(project: &Project, hook: &ProjectHook) -> Result<Value, Failure> {
    let path = project.path(&hook.template);
    let template = input::read_file(&path, MAX_TEMPLATE_BYTES)?;
    let template = String::from_utf8(template).map_err(|_| {
        Failure::file(
            &path,
            "a template that a service keeps is UTF-8: save it so, with a coding line of utf-8",
        )
    })?;
    let mut definition = json!({
        "template": template, "allow": hook.allow, "secrets": hook.secrets,
    });
    if let Some(mapping) = &hook.mapping {
        let path = project.path(mapping);
        let content = input::read_file(&path, input::MAX_MAPPING_BYTES)?;
        definition["mapping"] =
            serde_json::from_slice(&content).map_err(|error| Failure::file(&path, error))?;
    }
    let own = [
        ("trigger", &hook.trigger),
        ("limits", &hook.limits),
        ("retry", &hook.retry),
    ];
    for (name, value) in own {
        if let Some(value) = value {
            definition[name] = value.clone();
        }
    }
    for (name, value) in [("runtime", &hook.runtime), ("hostname", &hook.hostname)] {
        if let Some(value) = value {
            definition[name] = json!(value);
        }
    }
    Ok(definition)
}

/// Writes a hook's definition into this folder.
pub(super) fn write(
    directory: &Path,
    hook: Option<&ProjectHook>,
    name: &str,
    definition: &HookDefinition,
) -> Result<(), Failure> {
    let template = hook.map_or_else(
        || PathBuf::from(format!("hooks/{name}.py")),
        |hook| hook.template.clone(),
    );
    write_file(&directory.join(&template), &definition.template)?;
    let mapping = match &definition.mapping {
        None => None,
        Some(content) => {
            let path = hook
                .and_then(|hook| hook.mapping.clone())
                .unwrap_or_else(|| PathBuf::from(format!("mappings/{name}.json")));
            let text = serde_json::to_string_pretty(content).unwrap_or_default();
            write_file(&directory.join(&path), &format!("{text}\n"))?;
            Some(path)
        }
    };
    let path = directory.join(project::FILE);
    let before = fs::read_to_string(&path).unwrap_or_default();
    let mut document: DocumentMut = before
        .parse()
        .map_err(|error| Failure::file(&path, error))?;
    let hooks = document.entry("hooks").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    let entry = hooks
        .as_table_like_mut()
        .ok_or_else(|| Failure::file(&path, "`hooks` is no table"))?
        .entry(name)
        .or_insert_with(|| Item::Table(Table::new()));
    let entry = entry
        .as_table_like_mut()
        .ok_or_else(|| Failure::file(&path, format!("`hooks.{name}` is no table")))?;
    entry.insert("template", value(template.display().to_string()));
    match mapping {
        Some(mapping) => drop(entry.insert("mapping", value(mapping.display().to_string()))),
        None => drop(entry.remove("mapping")),
    }
    let fields = serde_json::to_value(definition).map_err(|error| Failure::file(&path, error))?;
    for name in PLAIN {
        match &fields[name] {
            Value::Null => drop(entry.remove(name)),
            Value::Array(items) if items.is_empty() => drop(entry.remove(name)),
            content => drop(entry.insert(name, Item::Value(toml_value(content)))),
        }
    }
    write_file(&path, &document.to_string())
}

fn write_file(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::file(path, error);
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    fs::write(path, text).map_err(failed)
}

/// The same in TOML, which knows no null: such members are left out.
fn toml_value(content: &Value) -> toml_edit::Value {
    match content {
        Value::Null => "".into(),
        Value::Bool(content) => (*content).into(),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        Value::String(content) => content.as_str().into(),
        Value::Array(items) => items
            .iter()
            .map(toml_value)
            .collect::<toml_edit::Array>()
            .into(),
        Value::Object(members) => inline(members).into(),
    }
}

fn inline(members: &Map<String, Value>) -> InlineTable {
    let kept = members.iter().filter(|(_, content)| !content.is_null());
    kept.map(|(name, content)| (name.as_str(), toml_value(content)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulled_hook_is_the_same_document_when_it_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let written = "# ours\n[service]\ntenant = \"acme\"\n";
        fs::write(directory.path().join(project::FILE), written).unwrap();
        let definition = json!({
            "runtime": "python2.7", "template": "print '@UserName@'\n", "allow": ["a.example"], "secrets": [],
            "mapping": {"tokens": {"UserName": "$.user"}}, "trigger": {"on": "alert"},
            "limits": {"timeout_seconds": 3, "memory_mib": 64},
            "retry": {"attempts": 5, "first_delay_seconds": 10, "failures": true},
        });
        let pulled: HookDefinition = serde_json::from_value(definition.clone()).unwrap();
        write(directory.path(), None, "one", &pulled).unwrap();
        let project = Project::read(directory.path()).unwrap();
        assert_eq!(
            local(&project, &project.hooks()["one"]).unwrap(),
            definition
        );
        let text = fs::read_to_string(directory.path().join(project::FILE)).unwrap();
        assert!(text.starts_with(written), "{text}");
        write(directory.path(), project.hooks().get("one"), "one", &pulled).unwrap();
        let again = fs::read_to_string(directory.path().join(project::FILE)).unwrap();
        assert_eq!(again, text);
    }
}
