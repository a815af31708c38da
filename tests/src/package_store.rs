//! The program with added packages.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::program::{Ended, Program};
use crate::wheels::{PackageFile, wheel};

/// The program with a store and a folder of packages of its own.
pub struct PackageStore {
    /// The program, in whose directory both are.
    pub program: Program,
}

impl Default for PackageStore {
    fn default() -> Self {
        Self::new()
    }
}

impl PackageStore {
    /// An empty store, and an empty folder.
    pub fn new() -> Self {
        let program = Program::new();
        fs::create_dir(program.path("wheels")).expect("a directory");
        Self { program }
    }

    /// Puts a package into the folder.
    pub fn offer(&self, file: &PackageFile) {
        fs::write(self.program.path("wheels").join(&file.name), &file.bytes).expect("a file");
    }

    /// The store.
    pub fn directory(&self) -> PathBuf {
        self.program.path("store")
    }

    /// Runs the program with these arguments, which are separated by spaces, and the store.
    pub fn run(&self, arguments: &str) -> Ended {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        self.program
            .finish(self.in_store(self.program.command(&words)))
    }

    /// The same command with the store.
    pub fn in_store(&self, mut command: Command) -> Command {
        command.env("CODEHOOK_PACKAGES_DIR", self.directory());
        command
    }

    /// Adds a package from the folder.
    pub fn add(&self, wanted: &str) -> Ended {
        self.run(&format!("packages add {wanted} --from wheels"))
    }

    /// Adds a package from the folder, which must succeed.
    pub fn added(&self, wanted: &str) -> Ended {
        let ended = self.add(wanted);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }

    /// Adds a package from the folder, which must be refused with this in the reason.
    pub fn refused(&self, wanted: &str, reason: &str) {
        let ended = self.add(wanted);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(reason), "{reason}\n{ended:?}");
        assert!(
            !self.directory().join("packages.lock.toml").exists(),
            "{ended:?}"
        );
    }

    /// Runs a script for an empty event.
    pub fn hook(&self, source: &str, options: &[&str]) -> Ended {
        let arguments = self.program.run_arguments(source, options);
        self.program
            .finish(self.in_store(self.program.command(&arguments)))
    }
}

/// A package with a module, a module inside it and data.
pub fn rockets() -> PackageFile {
    wheel(
        "acme-rockets",
        "1.2",
        "",
        &[
            (
                "rockets/__init__.py",
                "import os\nfrom rockets.engine import thrust\n",
            ),
            ("rockets/engine.py", "def thrust(n):\n    return 6 / n\n"),
            ("rockets/data/names.txt", "Vega"),
        ],
    )
}
