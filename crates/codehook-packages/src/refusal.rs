//! Why a package is not taken.

use crate::archive::ArchiveError;
use crate::hash::Sha256;

/// The reason, with what to do about it.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// No version was named.
    #[error("name one version{}", hint(newest))]
    NoVersion {
        /// The newest that may serve, as a whole request.
        newest: Option<String>,
    },
    /// The package or the version is not where it was looked for.
    #[error("{wanted} is not in {place}{}", hint(newest))]
    NotThere {
        /// What was asked for.
        wanted: String,
        /// Where.
        place: String,
        /// The newest version there that may serve, as a whole request.
        newest: Option<String>,
    },
    /// There are files, and none of them will do.
    #[error(
        "{wanted} has no file that a hook can use:{}{}",
        list(reasons),
        hint(newest)
    )]
    NoUsableFile {
        /// What was asked for.
        wanted: String,
        /// File by file, why not.
        reasons: Vec<String>,
        /// The newest version there that may serve, as a whole request.
        newest: Option<String>,
    },
    /// The bytes are not those that were demanded.
    #[error(
        "{file} is not the file that {demand}: it has {found}, and {expected} was expected; do not use it before you know why it differs"
    )]
    OtherBytes {
        /// The file.
        file: String,
        /// Who demands: `--hash`, the lock file, the index.
        demand: &'static str,
        /// What was demanded.
        expected: Sha256,
        /// What came.
        found: Sha256,
    },
    /// Two demands that no file can meet.
    #[error(
        "the lock file has {locked} for {package}, and {demanded} is demanded: if the file was exchanged for a good reason, remove the package first, with `codehook packages remove {package}`"
    )]
    OtherHashLocked {
        /// The package.
        package: String,
        /// What the lock file has.
        locked: Sha256,
        /// What was asked for.
        demanded: Sha256,
    },
    /// See [`ArchiveError`].
    #[error("{file}: {source}")]
    Archive {
        /// The file.
        file: String,
        /// What is wrong with it.
        source: ArchiveError,
    },
    /// The archive is in order and is not what its name says.
    #[error("{file} is no usable package: {reason}")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// It has C code.
    #[error("{file} holds a C extension ({evidence}), and a hook cannot load machine code: choose a version or another package without{}", advice(*optional))]
    Extension {
        /// The file.
        file: String,
        /// Where that is seen.
        evidence: String,
        /// Whether it can be tried without.
        optional: Optional,
    },
    /// It is for another Python.
    #[error("{file} is not for Python 2.7 ({reason}): choose an older version")]
    NotPython27 {
        /// The file.
        file: String,
        /// How that is known.
        reason: String,
    },
    /// Its modules are no Python 2.7.
    #[error(
        "{file} is not for Python 2.7: these modules do not compile:{}",
        list(complaints)
    )]
    DoesNotCompile {
        /// The file.
        file: String,
        /// Module by module, why not.
        complaints: Vec<String>,
    },
    /// It would take a name that is taken.
    #[error("{file} brings the module {module}, which is part of {owner} and cannot be replaced")]
    Shadows {
        /// The file.
        file: String,
        /// The module.
        module: String,
        /// Whose it is.
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
    /// Another version is there.
    #[error(
        "{name} {version} is added already: add with `--replace`, or remove it first with `codehook packages remove {name}`"
    )]
    OtherVersion {
        /// Its name.
        name: String,
        /// The version that is there.
        version: String,
    },
    /// Another package is in the way.
    #[error(
        "{package} and {other} both bring the module {module}, and a tenant is to have both: remove one of them first"
    )]
    InTheWay {
        /// The new package.
        package: String,
        /// The one that is there.
        other: String,
        /// The module.
        module: String,
    },
    /// Nowhere to get it from.
    #[error(
        "{0} is not added yet, and it is not known where to get it: name a folder with `--from FOLDER` or an index with `--index URL`"
    )]
    NoSource(String),
}

/// Whether a C extension can be left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Optional {
    /// The rest may serve.
    Perhaps,
    /// There is only this.
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
        Some(newest) => format!("; the newest there that may be for Python 2.7 is {newest}"),
        None => "; nothing of it there is for Python 2.7".to_owned(),
    }
}

fn list(reasons: &[String]) -> String {
    reasons
        .iter()
        .map(|reason| format!("\n  {reason}"))
        .collect()
}
