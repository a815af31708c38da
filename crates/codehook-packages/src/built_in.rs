//! Built-in packages, which every hook has: those in the interpreter's library.

use std::sync::Arc;

use codehook_sandbox::Library;
use serde::{Deserialize, Serialize};

use crate::name::PackageName;

/// The kind of a built-in package.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageKind {
    /// Pure Python.
    #[default]
    Pure,
    /// With C code that is linked into the interpreter.
    Linked,
    /// An implementation of this project that replaces a package.
    Own,
}

impl PackageKind {
    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Linked => "linked",
            Self::Own => "own",
        }
    }
}

/// A package in the library's manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuiltInPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence, an SPDX expression.
    pub licence: String,
    /// Its kind.
    #[serde(default)]
    pub kind: PackageKind,
}

/// The error when the manifest cannot be parsed.
#[derive(Debug, thiserror::Error)]
#[error(
    "the list of packages inside this program is damaged ({0}): build it again with `make python`"
)]
pub struct ManifestError(#[from] serde_json::Error);

/// The library and the packages in its manifest.
#[derive(Clone)]
pub struct BuiltIn {
    packages: Vec<BuiltInPackage>,
    library: Arc<Library>,
}

impl BuiltIn {
    /// Parses the manifest (JSON with a list `packages`) of `library`.
    ///
    /// # Errors
    ///
    /// When it is damaged.
    pub fn new(manifest: &str, library: Arc<Library>) -> Result<Self, ManifestError> {
        #[derive(Deserialize)]
        struct Manifest {
            packages: Vec<BuiltInPackage>,
        }
        let manifest: Manifest = serde_json::from_str(manifest)?;
        Ok(Self {
            packages: manifest.packages,
            library,
        })
    }

    /// Returns the packages, in the manifest's order.
    pub fn packages(&self) -> &[BuiltInPackage] {
        &self.packages
    }

    /// Finds the package of this name.
    pub fn find(&self, name: &PackageName) -> Option<&BuiltInPackage> {
        self.packages
            .iter()
            .find(|package| is_named(package, name.normal()))
    }

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    /// Finds the package that has a top-level module: by its record, or by the same name.
    pub(crate) fn owner_of(&self, module: &str) -> Option<&BuiltInPackage> {
        const PACKAGES: &str = "/usr/lib/python2.7/dist-packages";
        let recorded = self.library.names_in(PACKAGES).find_map(|directory| {
            let stem = directory
                .strip_suffix(".dist-info")
                .or_else(|| directory.strip_suffix(".egg-info"))?;
            let record = format!("{PACKAGES}/{directory}/top_level.txt");
            let names = String::from_utf8_lossy(self.library.read(&record)?);
            let name = stem.rsplit_once('-').map_or(stem, |(name, _version)| name);
            let name: PackageName = name.parse().ok()?;
            names
                .lines()
                .any(|line| line.trim() == module)
                .then(|| self.find(&name))?
        });
        recorded.or_else(|| self.find(&module.parse().ok()?))
    }
}

fn is_named(package: &BuiltInPackage, normal: &str) -> bool {
    package
        .name
        .parse::<PackageName>()
        .is_ok_and(|name| name.normal() == normal)
}
