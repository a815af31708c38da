//! Finds the interpreter that `make python` built.

use std::path::{Path, PathBuf};

const PARTS: [&str; 5] = [
    "python2.7.wasm",
    "python2.7.sha256",
    "lib.tar",
    "lib.index",
    "manifest.json",
];

fn main() {
    println!("cargo::rerun-if-env-changed=CODEHOOK_PYTHON");
    let directory = std::env::var_os("CODEHOOK_PYTHON").map_or_else(built_directory, PathBuf::from);
    for part in PARTS {
        let path = directory.join(part);
        println!("cargo::rerun-if-changed={}", path.display());
        if !path.is_file() {
            println!(
                "cargo::error={} is not there: run `make python` first (or name a directory that holds {PARTS:?} in CODEHOOK_PYTHON)",
                path.display()
            );
            return;
        }
    }
    println!(
        "cargo::rustc-env=CODEHOOK_PYTHON_WASM={}",
        directory.display()
    );
}

/// `target/python-wasm` of the workspace.
fn built_directory() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map(PathBuf::from)
        .unwrap_or_default();
    let workspace = here.ancestors().nth(2).unwrap_or(Path::new(".")).to_owned();
    workspace.join("target").join("python-wasm")
}
