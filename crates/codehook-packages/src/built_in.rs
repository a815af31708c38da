//! The packages that every hook has: those in the interpreter's own library.

use std::sync::Arc;

use codehook_sandbox::Library;
use serde::{Deserialize, Serialize};

use crate::name::PackageName;

/// How a package works inside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PackageKind {
    /// Python alone.
    #[default]
    Pure,
    /// With C code that is linked into the interpreter.
    Linked,
    /// Of this project, in the place of a package that cannot be had.
    Own,
}

impl PackageKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pure => "pure",
            Self::Linked => "linked",
            Self::Own => "own",
        }
    }
}

/// A package of the library's manifest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BuiltInPackage {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence, as SPDX has it.
    pub licence: String,
    /// Whether C code belongs to it.
    #[serde(default)]
    pub kind: PackageKind,
}

/// The manifest cannot be read.
#[derive(Debug, thiserror::Error)]
#[error(
    "the list of packages inside this program is damaged ({0}): build it again with `make python`"
)]
pub struct ManifestError(#[from] serde_json::Error);

/// The library and what its manifest says about its packages.
#[derive(Clone)]
pub struct BuiltIn {
    packages: Vec<BuiltInPackage>,
    library: Arc<Library>,
}

impl BuiltIn {
    /// Reads the manifest (JSON with a list `packages`) of `library`.
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

    /// The packages, in the manifest's order.
    pub fn packages(&self) -> &[BuiltInPackage] {
        &self.packages
    }

    /// The package of this name.
    pub fn find(&self, name: &PackageName) -> Option<&BuiltInPackage> {
        self.packages
            .iter()
            .find(|package| is_named(package, name.normal()))
    }

    pub(crate) fn library(&self) -> &Library {
        &self.library
    }

    /// The package that brings a top-level module: as its own record says, or by the same name.
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
