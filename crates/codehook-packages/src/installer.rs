//! Installs a package: finds, checks, compiles and packs it, and adds it to the lock file.

use std::collections::BTreeMap;

use codehook_egress::{Egress, Policy};
use codehook_sandbox::Sandbox;
use pep440_rs::Version;

use crate::archive::Files;
use crate::built_in::BuiltIn;
use crate::choose::{ChooseError, Chosen, Demand, choose, newest_for_python27};
use crate::compile::{CompileError, Compiled, compile};
use crate::distribution::{self, Distribution, Extensions};
use crate::hash::Sha256;
use crate::lock_file::{LockFile, LockedPackage};
use crate::metadata::Python27;
use crate::modules;
use crate::name::{Tenants, Wanted};
use crate::pack;
use crate::refusal::Refusal;
use crate::requirement::{self, Requirement};
use crate::source::{Source, SourceError};
use crate::store::{Store, StoreError};

/// Reasons why no package was added.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    /// See [`Refusal`].
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// See [`SourceError`].
    #[error(transparent)]
    Source(#[from] SourceError),
    /// See [`CompileError`].
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// See [`StoreError`].
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ChooseError> for AddError {
    fn from(error: ChooseError) -> Self {
        match error {
            ChooseError::Source(error) => Self::Source(error),
            ChooseError::Refused(refusal) => Self::Refused(refusal),
        }
    }
}

/// Adds packages to a store.
pub struct PackageInstaller<'a> {
    /// The store that packages are added to.
    pub store: &'a Store,
    /// The packages that every hook has.
    pub built_in: &'a BuiltIn,
    /// The sandbox in which modules are compiled.
    pub sandbox: &'a Sandbox,
    /// The network of the sandbox, in which nothing is allowed.
    pub egress: &'a Egress,
}

/// A request to add a package.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The package and its version.
    pub wanted: Wanted,
    /// The hash that the file must have.
    pub hash: Option<Sha256>,
    /// The tenants whose hooks are to see it.
    pub tenants: Tenants,
    /// How to treat C code.
    pub extensions: Extensions,
    /// How to treat another version that is installed.
    pub other_version: OtherVersion,
}

/// How to treat another version that is installed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OtherVersion {
    /// The package is refused.
    #[default]
    Refuse,
    /// The new one replaces it, for the same tenants.
    Replace,
}

/// The change that adding made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Novelty {
    /// The package was not installed before.
    New,
    /// Another version was replaced.
    Replaced(String),
    /// The package was installed already; more tenants may see it now.
    Known,
}

/// The result of adding a package.
#[derive(Debug)]
pub struct Added {
    /// Its entry in the lock file.
    pub package: LockedPackage,
    /// The change.
    pub novelty: Novelty,
    /// Files that do not compile, with the reason; they are left out.
    pub left_out: BTreeMap<String, String>,
    /// Packages that it requires and its tenants do not have.
    pub missing: Vec<Missing>,
    /// Whether this version is yanked (PEP 592).
    pub yanked: bool,
}

/// A required package that is not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its name.
    pub name: String,
    /// The versions that satisfy the requirement, as written.
    pub range: String,
    /// The version that is installed, for these tenants or others, and does not satisfy it.
    pub installed: Option<String>,
    /// A version that would satisfy it, if the source has one.
    pub version: Option<String>,
}

/// A package ready to be stored.
struct BuiltPackage {
    package: LockedPackage,
    archive: Vec<u8>,
    left_out: BTreeMap<String, String>,
}

impl PackageInstaller<'_> {
    /// Adds a package. A package that is installed in this version is not fetched again when there is no `source`: only
    /// its tenants are added.
    ///
    /// # Errors
    ///
    /// The reason why it was not added; the store is then unchanged.
    pub async fn add(
        &self,
        addition: &Addition,
        source: Option<&mut Source>,
    ) -> Result<Added, AddError> {
        let name = &addition.wanted.name;
        if let Some(package) = self.built_in.find(name) {
            return Err(Refusal::BuiltIn {
                name: package.name.clone(),
                version: package.version.clone(),
            }
            .into());
        }
        let lock_file = self.store.lock_file()?;
        let locked = lock_file.find(name);
        let demand = demand(addition, locked)?;
        let same = locked.filter(|locked| is_version(locked, addition.wanted.version.as_ref()));
        let Some(source) = source else {
            let Some(same) = same else {
                return Err(Refusal::NoSource(name.to_string()).into());
            };
            return self.add_tenants(same.clone(), addition, None).await;
        };
        if let Source::Index(index) = source
            && demand.is_some()
        {
            index.transport = crate::source::Transport::Any;
        }
        let chosen = choose(source, &addition.wanted, demand.as_ref()).await?;
        let yanked = chosen.candidate.yanked;
        if let Some(same) = same {
            let known = self
                .add_tenants(same.clone(), addition, Some(source))
                .await?;
            return Ok(Added { yanked, ..known });
        }
        let built = self.build(addition, chosen).await?;
        let (package, novelty) = self.store_package(built.package, &built.archive, addition)?;
        let missing = self.missing(&package, Some(source)).await?;
        Ok(Added {
            package,
            novelty,
            left_out: built.left_out,
            missing,
            yanked,
        })
    }

    /// Adds tenants to a package that is installed from the same bytes.
    async fn add_tenants(
        &self,
        same: LockedPackage,
        addition: &Addition,
        source: Option<&mut Source>,
    ) -> Result<Added, AddError> {
        let change = self.store.change()?;
        let mut lock_file = change.lock_file.clone();
        // It may have been removed or replaced before the lock was acquired.
        let key = addition.wanted.name.normal().to_owned();
        let unchanged = lock_file
            .packages
            .get(&key)
            .filter(|package| package.sha256 == same.sha256);
        let Some(package) = unchanged else {
            return Err(StoreError::NotAdded(same.name).into());
        };
        let package = LockedPackage {
            tenants: package.tenants.clone().and(&addition.tenants),
            ..package.clone()
        };
        check_conflicts(&lock_file, &package)?;
        lock_file.packages.insert(key, package.clone());
        change.commit(lock_file)?;
        let missing = self.missing(&package, source).await?;
        Ok(Added {
            package,
            novelty: Novelty::Known,
            left_out: BTreeMap::new(),
            missing,
            yanked: false,
        })
    }

    /// Builds a package. This takes time, so the store is not locked meanwhile.
    async fn build(&self, addition: &Addition, chosen: Chosen) -> Result<BuiltPackage, AddError> {
        let Chosen {
            candidate,
            bytes,
            hash,
        } = chosen;
        let file = &candidate.file;
        let distribution = distribution::open(file, &bytes, &addition.wanted, addition.extensions)?;
        let no_network = self.egress.session(Policy::default());
        let compiled = compile(self.sandbox, &distribution.files, no_network).await?;
        for module in &distribution.modules {
            if let Some(owner) = modules::owner(module, self.built_in, &compiled.linked) {
                return Err(Refusal::Shadows {
                    file: file.text.clone(),
                    module: module.clone(),
                    owner,
                }
                .into());
            }
        }
        check_syntax_errors(&file.text, &distribution, &compiled)?;
        let (archive, left_out) = pack_files(distribution.files, compiled)?;
        let archive_hash = Sha256::of(&archive);
        let name = &addition.wanted.name;
        let package = LockedPackage {
            name: name.to_string(),
            version: distribution.version.to_string(),
            licence: distribution.licence,
            tenants: addition.tenants.clone(),
            file: file.text.clone(),
            sha256: hash,
            from: candidate.location.to_string(),
            archive: format!(
                "{}-{}-{}.tar",
                name.normal(),
                distribution.version,
                &archive_hash.digits()[..16]
            ),
            archive_sha256: archive_hash,
            modules: distribution.modules,
            requires: distribution.requires,
            left_out: left_out.keys().cloned().collect(),
        };
        Ok(BuiltPackage {
            package,
            archive,
            left_out,
        })
    }

    fn store_package(
        &self,
        package: LockedPackage,
        archive: &[u8],
        addition: &Addition,
    ) -> Result<(LockedPackage, Novelty), AddError> {
        let change = self.store.change()?;
        let mut lock_file = change.lock_file.clone();
        let (package, novelty) = match lock_file.find(&addition.wanted.name) {
            None => (package, Novelty::New),
            // It was added meanwhile, from the same bytes or from others.
            Some(locked) if locked.version == package.version => {
                check_bytes(locked, &package.sha256, &package.file)?;
                let tenants = package.tenants.clone().and(&locked.tenants);
                (LockedPackage { tenants, ..package }, Novelty::Known)
            }
            Some(locked) if addition.other_version == OtherVersion::Replace => {
                let tenants = package.tenants.clone().and(&locked.tenants);
                let replaced = Novelty::Replaced(locked.version.clone());
                (LockedPackage { tenants, ..package }, replaced)
            }
            Some(locked) => return Err(other_version(locked).into()),
        };
        check_conflicts(&lock_file, &package)?;
        change.write_archive(&package.archive, archive)?;
        let key = addition.wanted.name.normal().to_owned();
        lock_file.packages.insert(key, package.clone());
        change.commit(lock_file)?;
        Ok((package, novelty))
    }

    /// Lists the packages that `package` requires and the tenants that see it do not have.
    async fn missing(
        &self,
        package: &LockedPackage,
        mut source: Option<&mut Source>,
    ) -> Result<Vec<Missing>, AddError> {
        let lock_file = self.store.lock_file()?;
        let mut missing = Vec::new();
        let needed = package
            .requires
            .iter()
            .filter_map(|line| requirement::parse(line));
        for requirement in needed {
            let installed = match self.availability(&requirement, package, &lock_file) {
                Availability::Satisfied => continue,
                Availability::Unsatisfied(installed) => installed,
            };
            let version = match &mut source {
                // Only a suggestion: without it the version is left open.
                Some(source) => source
                    .candidates(&requirement.name)
                    .await
                    .ok()
                    .and_then(|found| newest_for_python27(&found, |v| requirement.admits(v))),
                None => None,
            };
            missing.push(Missing {
                name: requirement.name.to_string(),
                range: requirement.range,
                installed,
                version: version.map(|version| version.to_string()),
            });
        }
        Ok(missing)
    }

    fn availability(
        &self,
        required: &Requirement,
        by: &LockedPackage,
        lock_file: &LockFile,
    ) -> Availability {
        let satisfies = |version: &str| {
            version
                .parse::<Version>()
                .is_ok_and(|version| required.admits(&version))
        };
        if let Some(package) = self.built_in.find(&required.name) {
            return match satisfies(&package.version) {
                true => Availability::Satisfied,
                false => Availability::Unsatisfied(Some(format!("{} (built in)", package.version))),
            };
        }
        let Some(package) = lock_file.find(&required.name) else {
            return Availability::Unsatisfied(None);
        };
        let seen_by_all = by.tenants.clone().and(&package.tenants) == package.tenants;
        match satisfies(&package.version) && seen_by_all {
            true => Availability::Satisfied,
            false => Availability::Unsatisfied(Some(format!(
                "{} for {}",
                package.version, package.tenants
            ))),
        }
    }
}

/// Whether a requirement is satisfied by an installed package.
enum Availability {
    Satisfied,
    Unsatisfied(Option<String>),
}

fn is_version(package: &LockedPackage, version: Option<&Version>) -> bool {
    version.is_some() && package.version.parse::<Version>().ok().as_ref() == version
}

fn other_version(locked: &LockedPackage) -> Refusal {
    Refusal::OtherVersion {
        name: locked.name.clone(),
        version: locked.version.clone(),
    }
}

/// Returns the hash that the file must have: the requested one, or the locked one.
fn demand(addition: &Addition, locked: Option<&LockedPackage>) -> Result<Option<Demand>, Refusal> {
    let asked = addition.hash.clone().map(|hash| Demand {
        hash,
        origin: "--hash demands",
    });
    let Some(locked) = locked else {
        return Ok(asked);
    };
    if !is_version(locked, addition.wanted.version.as_ref()) {
        // Refused before fetching rather than after it.
        return match addition.other_version {
            OtherVersion::Refuse if addition.wanted.version.is_some() => Err(other_version(locked)),
            _ => Ok(asked),
        };
    }
    if let Some(asked) = asked.filter(|asked| asked.hash != locked.sha256) {
        return Err(Refusal::OtherHashLocked {
            package: locked.name.clone(),
            locked: locked.sha256.clone(),
            demanded: asked.hash,
        });
    }
    Ok(Some(Demand {
        hash: locked.sha256.clone(),
        origin: "the lock file names",
    }))
}

fn check_bytes(locked: &LockedPackage, found: &Sha256, file: &str) -> Result<(), Refusal> {
    if locked.sha256 == *found {
        return Ok(());
    }
    Err(Refusal::OtherBytes {
        file: file.to_owned(),
        demand: "the lock file names",
        expected: locked.sha256.clone(),
        found: found.clone(),
    })
}

/// Checks that no tenant has two packages with the same module.
fn check_conflicts(lock_file: &LockFile, package: &LockedPackage) -> Result<(), Refusal> {
    for other in lock_file.packages.values() {
        if other.name == package.name || !other.tenants.overlap(&package.tenants) {
            continue;
        }
        if let Some(module) = modules::conflicting_module(&package.modules, &other.modules) {
            return Err(Refusal::Conflict {
                package: package.name.clone(),
                other: other.name.clone(),
                module: module.to_owned(),
            });
        }
    }
    Ok(())
}

/// Checks that the modules compile. Packages for Python 2.7 and 3 often have single modules for 3 only; in a package
/// that does not state its versions, every module must compile.
fn check_syntax_errors(
    file: &str,
    distribution: &Distribution,
    compiled: &Compiled,
) -> Result<(), Refusal> {
    let is_top = |path: &str| {
        distribution.modules.iter().any(|module| {
            let module = module.replace('.', "/");
            path == format!("{module}.py") || path == format!("{module}/__init__.py")
        })
    };
    let stated = distribution.python27 == Python27::Stated;
    let fatal: Vec<String> = compiled
        .syntax_errors
        .iter()
        .filter(|(path, _)| !stated || is_top(path))
        .map(|(path, reason)| format!("{path}: {reason}"))
        .collect();
    if fatal.is_empty() {
        return Ok(());
    }
    Err(Refusal::DoesNotCompile {
        file: file.to_owned(),
        syntax_errors: fatal,
    })
}

/// Packs the archive; returns it with the files that are left out.
fn pack_files(
    mut files: Files,
    compiled: Compiled,
) -> Result<(Vec<u8>, BTreeMap<String, String>), CompileError> {
    for path in compiled.syntax_errors.keys() {
        files.remove(path);
    }
    for (path, code) in compiled.code {
        files.remove(&path);
        files.insert(format!("{path}c"), code);
    }
    let archive = pack::tar(&files).map_err(|error| CompileError::Sources(error.to_string()))?;
    Ok((archive, compiled.syntax_errors))
}
