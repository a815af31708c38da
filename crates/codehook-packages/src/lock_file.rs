//! The lock file: the installed packages with their hashes and tenants. Made to be read and kept under version control.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::hash::Sha256;
use crate::name::{PackageName, Tenants};

/// The only format so far.
const FORMAT: u32 = 1;
const HEAD: &str = "\
# Packages that were added for hooks, each locked to the bytes it was made from.
# `codehook packages add`, `remove` and `verify` keep it; see docs/packages.md.
";

/// One package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockedPackage {
    /// Its name as requested.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence, from its metadata.
    pub licence: String,
    /// The tenants whose hooks see it.
    pub tenants: Tenants,
    /// The wheel or source archive it was made from.
    pub file: String,
    /// That file's hash.
    pub sha256: Sha256,
    /// The location of that file.
    pub from: String,
    /// The archive of compiled modules and data, in the store.
    pub archive: String,
    /// That archive's hash.
    pub archive_sha256: Sha256,
    /// The modules that can be imported.
    pub modules: BTreeSet<String>,
    /// Its requirements, from its metadata.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Files that do not compile and were left out.
    #[serde(default)]
    pub left_out: Vec<String>,
}

/// The packages of a lock file, by their normalized names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct LockFile {
    pub(crate) packages: BTreeMap<String, LockedPackage>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    format: u32,
    #[serde(default, rename = "package", skip_serializing_if = "Vec::is_empty")]
    packages: Vec<LockedPackage>,
}

impl LockFile {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let written: Written = toml::from_str(text).map_err(|error| error.to_string())?;
        if written.format != FORMAT {
            let format = written.format;
            return Err(format!(
                "it has format {format}, and this program knows {FORMAT}"
            ));
        }
        let mut packages = BTreeMap::new();
        for package in written.packages {
            let name: PackageName = package.name.parse().map_err(|error| format!("{error}"))?;
            // The file may come from another machine, and the archives that it names are opened.
            if package.archive.contains('/') || !package.archive.ends_with(".tar") {
                return Err(format!(
                    "`{}` is not a valid name of an archive",
                    package.archive
                ));
            }
            if let Some(twice) = packages.insert(name.normal().to_owned(), package) {
                return Err(format!("it has {} twice", twice.name));
            }
        }
        Ok(Self { packages })
    }

    pub(crate) fn text(&self) -> Result<String, String> {
        let written = Written {
            format: FORMAT,
            packages: self.packages.values().cloned().collect(),
        };
        let text = toml::to_string(&written).map_err(|error| error.to_string())?;
        Ok(format!("{HEAD}{text}"))
    }

    pub(crate) fn find(&self, name: &PackageName) -> Option<&LockedPackage> {
        self.packages.get(name.normal())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::Tenant;

    fn package(name: &str, tenants: Tenants) -> LockedPackage {
        LockedPackage {
            name: name.to_owned(),
            version: "1.0".to_owned(),
            licence: "MIT".to_owned(),
            tenants,
            file: format!("{name}-1.0.tar.gz"),
            sha256: Sha256::of(b"file"),
            from: "/folder".to_owned(),
            archive: format!("{name}-1.0.tar"),
            archive_sha256: Sha256::of(b"archive"),
            modules: BTreeSet::from([name.to_owned()]),
            requires: vec!["six; python_version < '3'".to_owned()],
            left_out: Vec::new(),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut file = LockFile::default();
        for (name, tenants) in [
            ("Six_Seven", Tenants::All),
            ("a", Tenants::only(Tenant::default())),
        ] {
            let normal = name.parse::<PackageName>().expect("a name");
            let package = package(name, tenants);
            file.packages.insert(normal.normal().to_owned(), package);
        }
        let text = file.text().expect("text");
        assert!(
            text.contains("tenants = \"all\"") && text.contains("tenants = [\"default\"]"),
            "{text}"
        );
        assert_eq!(LockFile::parse(&text), Ok(file));
        assert_eq!(LockFile::parse("format = 1\n"), Ok(LockFile::default()));
    }

    #[test]
    fn what_could_mislead_is_refused() {
        let mut file = LockFile::default();
        file.packages
            .insert("a".to_owned(), package("a", Tenants::All));
        let text = file.text().expect("text");
        let elsewhere = text.replace("\"a-1.0.tar\"", "\"../a.tar\"");
        for (bad, why) in [
            (text.replace("format = 1", "format = 2"), "format 2"),
            (elsewhere, "not a valid name of an archive"),
            (
                text.replace(&Sha256::of(b"file").to_string(), "sha256:00"),
                "not a SHA-256",
            ),
            (text.replace("\"all\"", "[\"a b\"]"), ""),
        ] {
            let refused = LockFile::parse(&bad).expect_err("a bad file");
            assert!(refused.contains(why), "{refused}");
        }
    }
}
