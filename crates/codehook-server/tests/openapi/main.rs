//! The OpenAPI description: checked in beside the code, and compatible with the last release's.

mod breaking;
mod changelog;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Set to renew the checked-in description; `make openapi` does.
const RENEW: &str = "RENEW_OPENAPI";

fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("openapi")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn parse(path: &Path) -> Value {
    serde_json::from_str(&read(path)).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the description of the last release, the one file that has a version in its name.
fn last_release() -> PathBuf {
    let entries = fs::read_dir(directory()).expect("the directory of descriptions");
    let mut released: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("openapi-"))
        })
        .collect();
    assert_eq!(
        released.len(),
        1,
        "there is one openapi-VERSION.json, that of the last release: {released:?}"
    );
    released.remove(0)
}

#[test]
fn the_checked_in_description_is_the_servers_own() {
    let path = directory().join("openapi.json");
    let own = codehook_server::openapi_json().expect("JSON") + "\n";
    if std::env::var_os(RENEW).is_some() {
        fs::write(&path, &own).expect("the description is written");
    }
    assert!(
        read(&path) == own,
        "{} is not what the handlers say: renew it with `make openapi`, look at what has changed, and commit it",
        path.display()
    );
}

#[test]
fn what_breaks_clients_of_the_last_release_is_in_the_changelog() {
    let released = last_release();
    let own = codehook_server::openapi_json().expect("JSON");
    let own = serde_json::from_str(&own).expect("JSON");
    let changelog = read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../CHANGELOG.md"));
    let breaking = changelog::breaking_changes(&changelog);
    let unnamed: Vec<String> = breaking::changes(&parse(&released), &own)
        .into_iter()
        .filter(|change| !breaking.contains(&format!("`{}`", change.subject)))
        .map(|change| format!("  {} (`{}`)", change.text, change.subject))
        .collect();
    assert!(
        unnamed.is_empty(),
        "clients of {} break, and CHANGELOG.md does not say so: undo the change, or name what stands in parentheses, \
         in backticks, under \"### Breaking\" of \"## Unreleased\":\n{}",
        released.display(),
        unnamed.join("\n")
    );
}
