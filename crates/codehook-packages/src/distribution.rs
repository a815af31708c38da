//! Extracts the importable part of a wheel or a source archive, without running any of its code.

mod source;
mod wheel;

use std::collections::BTreeSet;

use pep440_rs::Version;

use crate::archive::{self, Files};
use crate::file_name::{FileKind, FileName, SourceFormat};
use crate::metadata::{Metadata, Python27};
use crate::modules::{self, NAMESPACE_INIT};
use crate::name::{PackageName, Wanted};
use crate::refusal::{Optional, Refusal};

/// How to treat C code in a source archive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Extensions {
    /// The package is refused.
    #[default]
    Refuse,
    /// Only its Python modules are taken: for packages whose C code is optional.
    LeaveOut,
}

/// A package's files, relative to `dist-packages`, and its metadata.
#[derive(Debug)]
pub(crate) struct Distribution {
    /// Modules as sources, data, and the package's own records.
    pub(crate) files: Files,
    pub(crate) version: Version,
    pub(crate) licence: String,
    /// Lines as in `Requires-Dist`.
    pub(crate) requires: Vec<String>,
    pub(crate) python27: Python27,
    /// Importable names at its top.
    pub(crate) modules: BTreeSet<String>,
}

/// Files that are left out of every package: compiled code, start-up files, programs for other systems.
const OMITTED: [&str; 5] = [".pyc", ".pyo", ".pth", ".exe", ".pyi"];
const MACHINE_CODE: [&str; 5] = [".so", ".pyd", ".dylib", ".dll", ".a"];
/// The records that are kept, because they are read at run time. Licence texts are kept as well.
const RECORDS: [&str; 4] = ["METADATA", "PKG-INFO", "top_level.txt", "entry_points.txt"];
const LICENCES: [&str; 4] = ["license", "licence", "copying", "notice"];

/// Extracts the package in `bytes`.
///
/// # Errors
///
/// The [`Refusal`] if it cannot be used.
pub(crate) fn open(
    file: &FileName,
    bytes: &[u8],
    wanted: &Wanted,
    extensions: Extensions,
) -> Result<Distribution, Refusal> {
    let unpacked = match file.kind {
        FileKind::Wheel { .. } | FileKind::Source(SourceFormat::Zip) => archive::unzip(bytes),
        FileKind::Source(_) => archive::untar_gz(bytes),
    };
    let files = unpacked.map_err(|source| Refusal::Archive {
        file: file.text.clone(),
        source,
    })?;
    let parts = match file.kind {
        FileKind::Wheel { .. } => wheel::parts(file, files)?,
        FileKind::Source(_) => source::parts(file, files, &wanted.name, extensions)?,
    };
    assemble(file, parts, wanted)
}

/// The parts that both kinds of archives have.
struct Parts {
    /// Modules and data, relative to `dist-packages`.
    files: Files,
    /// Name of the directory for the records, and the records.
    records_directory: String,
    records: Files,
    metadata: Metadata,
    requires: Vec<String>,
    namespaces: BTreeSet<String>,
}

fn assemble(file: &FileName, parts: Parts, wanted: &Wanted) -> Result<Distribution, Refusal> {
    let malformed = |reason: String| Refusal::Malformed {
        file: file.text.clone(),
        reason,
    };
    let Parts {
        mut files,
        records_directory,
        records,
        metadata,
        requires,
        namespaces,
    } = parts;
    check_identity(file, &metadata, &wanted.name).map_err(malformed)?;
    let python27 = match metadata.python27() {
        Python27::Refused(reason) => {
            return Err(Refusal::NotPython27 {
                file: file.text.clone(),
                reason,
            });
        }
        Python27::Unstated if file.states_python2() => Python27::Stated,
        stated => stated,
    };
    if let Some(path) = files.keys().find(|path| is_machine_code(path)) {
        return Err(Refusal::Extension {
            file: file.text.clone(),
            evidence: path.clone(),
            optional: Optional::No,
        });
    }
    files.retain(|path, _| !OMITTED.iter().any(|end| path.ends_with(end)));
    for namespace in &namespaces {
        let init = format!("{}/__init__.py", namespace.replace('.', "/"));
        files.insert(init, NAMESPACE_INIT.as_bytes().to_vec());
    }
    let modules = modules::importable(&files, &namespaces);
    if modules.is_empty() {
        return Err(malformed("it has no Python module".to_owned()));
    }
    for (name, content) in records {
        if is_kept_record(&name) {
            files.insert(format!("{records_directory}/{name}"), content);
        }
    }
    Ok(Distribution {
        files,
        version: file.version.clone(),
        licence: metadata.licence(),
        requires,
        python27,
        modules,
    })
}

/// Checks that the metadata matches the name of the file, which the lock file shows.
fn check_identity(file: &FileName, metadata: &Metadata, name: &PackageName) -> Result<(), String> {
    let said = metadata.first("Name").unwrap_or_default();
    if said.parse::<PackageName>().ok().as_ref() != Some(name) {
        return Err(format!(
            "its metadata names the package `{said}`, not {name}"
        ));
    }
    let said = metadata.first("Version").unwrap_or_default();
    if said.parse::<Version>().ok().as_ref() != Some(&file.version) {
        return Err(format!(
            "its metadata says version `{said}`, not {}",
            file.version
        ));
    }
    Ok(())
}

/// Checks for machine code: `x.so`, and `x.so.1` too.
fn is_machine_code(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    MACHINE_CODE.iter().any(|end| name.ends_with(end)) || name.contains(".so.")
}

fn is_kept_record(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let small = name.to_ascii_lowercase();
    RECORDS.contains(&name) || LICENCES.iter().any(|start| small.starts_with(start))
}

/// Returns the names in a record that has one per line.
fn lines(record: Option<&Vec<u8>>) -> BTreeSet<String> {
    let text = record.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    text.unwrap_or_default()
        .lines()
        .map(str::trim)
        .filter(|line| line.split('.').all(modules::is_identifier))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests;
