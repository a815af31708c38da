//! Reasons why a package is refused.

use crate::archive::ArchiveError;
use crate::hash::Sha256;

/// Reasons why a package is refused. Each message names the next step.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No version was given.
    #[error("name one version{}", hint(newest))]
    NoVersion {
        /// The newest version that may be usable, as a request.
        newest: Option<String>,
    },
    /// The source does not have the package or the version.
    #[error("{wanted} is not in {place}{}", hint(newest))]
    NotThere {
        /// The request.
        wanted: String,
        /// The source.
        place: String,
        /// The newest version in the source that may be usable, as a request.
        newest: Option<String>,
    },
    /// No file of the version is usable.
    #[error(
        "{wanted} has no file that a hook can use:{}{}",
        list(reasons),
        hint(newest)
    )]
    NoUsableFile {
        /// The request.
        wanted: String,
        /// The reason for each file.
        reasons: Vec<String>,
        /// The newest version in the source that may be usable, as a request.
        newest: Option<String>,
    },
    /// The file does not have the required hash.
    #[error(
        "{file} is not the file that {demand}: it has {found}, and {expected} was expected; do not use it until you \
         know why it differs"
    )]
    OtherBytes {
        /// The file.
        file: String,
        /// The origin of the required hash: `--hash`, the lock file, the index.
        demand: &'static str,
        /// The required hash.
        expected: Sha256,
        /// The hash of the file.
        found: Sha256,
    },
    /// The requested hash differs from the locked one.
    #[error(
        "the lock file has {locked} for {package}, and {demanded} is required: if the file was replaced for a good \
         reason, remove the package first, with `codehook packages remove {package}`"
    )]
    OtherHashLocked {
        /// The package.
        package: String,
        /// The hash in the lock file.
        locked: Sha256,
        /// The request.
        demanded: Sha256,
    },
    /// See [`ArchiveError`].
    #[error("{file}: {source}")]
    Archive {
        /// The file.
        file: String,
        /// The error.
        source: ArchiveError,
    },
    /// The archive is valid, but not a package of its name.
    #[error("{file} is not a usable package: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// The reason.
        reason: String,
    },
    /// The package has C code.
    #[error(
        "{file} has a C extension ({evidence}), and a hook cannot load machine code: choose a version or another \
         package without{}",
        advice(*optional)
    )]
    Extension {
        /// The file.
        file: String,
        /// The file or setting that shows it.
        evidence: String,
        /// Whether the package may work without.
        optional: Optional,
    },
    /// The package is for another Python.
    #[error("{file} is not for Python 2.7 ({reason}): choose an older version")]
    NotPython27 {
        /// The file.
        file: String,
        /// The metadata that says so.
        reason: String,
    },
    /// Its modules do not compile with Python 2.7.
    #[error(
        "{file} is not for Python 2.7: these modules do not compile:{}",
        list(syntax_errors)
    )]
    DoesNotCompile {
        /// The file.
        file: String,
        /// The syntax error of each module.
        syntax_errors: Vec<String>,
    },
    /// A module has the name of a built-in one.
    #[error("{file} has the module {module}, which is part of {owner} and cannot be replaced")]
    Shadows {
        /// The file.
        file: String,
        /// The module.
        module: String,
        /// The package that has it.
        owner: String,
    },
    /// The package is built in.
    #[error("{name} {version} is built in: every hook has it, and it cannot be replaced")]
    BuiltIn {
        /// Its name.
        name: String,
        /// Its version.
        version: String,
    },
    /// Another version is installed.
    #[error(
        "{name} {version} is added already: add with `--replace`, or remove it first with `codehook packages remove \
         {name}`"
    )]
    OtherVersion {
        /// Its name.
        name: String,
        /// The installed version.
        version: String,
    },
    /// Another package has the same module.
    #[error(
        "{package} and {other} both have the module {module}, and a tenant would have both: remove one of them first"
    )]
    Conflict {
        /// The new package.
        package: String,
        /// The installed package.
        other: String,
        /// The module.
        module: String,
    },
    /// No source is known.
    #[error(
        "{0} is not installed, and no source for it is known: name a folder with `--from FOLDER` or an index with \
         `--index URL`"
    )]
    NoSource(String),
}

/// Whether a C extension can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optional {
    /// The rest may be usable.
    Perhaps,
    /// The package cannot be used without it.
    No,
}

fn advice(optional: Optional) -> &'static str {
    match optional {
        Optional::Perhaps => {
            "; if the C code is optional, as in PyYAML, add with `--without-extension`"
        }
        Optional::No => "",
    }
}

fn hint(newest: &Option<String>) -> String {
    match newest {
        Some(newest) => format!("; the newest version that may be for Python 2.7 is {newest}"),
        None => "; no version is for Python 2.7".to_owned(),
    }
}

fn list(reasons: &[String]) -> String {
    reasons
        .iter()
        .map(|reason| format!("\n  {reason}"))
        .collect()
}
