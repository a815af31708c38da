//! The program with a store and a folder of packages of its own.

use std::fs;
use std::path::PathBuf;

use codehook_tests::wheels::{PackageFile, wheel};

use codehook_tests::program::{Ended, Program};

/// The program with a store and a folder of packages of its own.
pub(crate) struct Shop {
    pub(crate) program: Program,
}

impl Shop {
    pub(crate) fn new() -> Self {
        let program = Program::new();
        fs::create_dir(program.path("wheels")).expect("a directory");
        Self { program }
    }

    pub(crate) fn offer(&self, file: &PackageFile) {
        fs::write(self.program.path("wheels").join(&file.name), &file.bytes).expect("a file");
    }

    pub(crate) fn store(&self) -> PathBuf {
        self.program.path("store")
    }

    pub(crate) fn run(&self, arguments: &str) -> Ended {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        self.program
            .finish(self.in_store(self.program.command(&words)))
    }

    pub(crate) fn in_store(&self, mut command: std::process::Command) -> std::process::Command {
        command.env("CODEHOOK_PACKAGES_DIR", self.store());
        command
    }

    pub(crate) fn add(&self, wanted: &str) -> Ended {
        self.run(&format!("packages add {wanted} --from wheels"))
    }

    /// Adds, and must succeed.
    pub(crate) fn added(&self, wanted: &str) -> Ended {
        let ended = self.add(wanted);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        ended
    }

    /// Adds, and must be refused with this in the reason.
    pub(crate) fn refused(&self, wanted: &str, reason: &str) {
        let ended = self.add(wanted);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains(reason), "{reason}\n{ended:?}");
        assert!(
            !self.store().join("packages.lock.toml").exists(),
            "{ended:?}"
        );
    }

    pub(crate) fn hook(&self, source: &str, options: &[&str]) -> Ended {
        let arguments = self.program.run_arguments(source, options);
        self.program
            .finish(self.in_store(self.program.command(&arguments)))
    }
}

/// A package with a module, a module inside it and data.
pub(crate) fn rockets() -> PackageFile {
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
