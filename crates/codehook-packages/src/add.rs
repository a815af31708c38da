//! The way of a package into the store: found, checked, compiled, packed, locked.

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

/// Why nothing was added.
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

/// What adding needs.
pub struct Workshop<'a> {
    /// Where the package goes.
    pub store: &'a Store,
    /// What every hook has already.
    pub built_in: &'a BuiltIn,
    /// The interpreter that compiles.
    pub sandbox: &'a Sandbox,
    /// For the sandbox, which reaches nothing through it.
    pub egress: &'a Egress,
}

/// What is to be added, and how.
#[derive(Debug, Clone)]
pub struct Addition {
    /// The package and its version.
    pub wanted: Wanted,
    /// The hash that the file must have.
    pub hash: Option<Sha256>,
    /// Whose hooks are to see it.
    pub tenants: Tenants,
    /// What to do about C code.
    pub extensions: Extensions,
    /// What to do when another version is there.
    pub other_version: OtherVersion,
}

/// What to do when another version is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum OtherVersion {
    /// Nothing is added.
    #[default]
    Refuse,
    /// The new one takes its place, for the same tenants.
    Replace,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Novelty {
    /// A package that was not there.
    New,
    /// Another version was there.
    Replaced(String),
    /// It was there; perhaps more tenants see it now.
    Known,
}

/// What was added.
#[derive(Debug)]
pub struct Added {
    /// As in the lock file.
    pub package: LockedPackage,
    /// What changed.
    pub novelty: Novelty,
    /// Files that do not compile, and why; they are left out.
    pub left_out: BTreeMap<String, String>,
    /// What it needs and its tenants do not have.
    pub missing: Vec<Missing>,
    /// Whether its author has withdrawn this version.
    pub yanked: bool,
}

/// A package that another needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its name.
    pub name: String,
    /// The versions that will do, as written.
    pub range: String,
    /// A version that is there, for these tenants or others, and is not enough.
    pub there: Option<String>,
    /// A version that would do, if the source has one.
    pub version: Option<String>,
}

/// A package ready to be stored.
struct Made {
    package: LockedPackage,
    archive: Vec<u8>,
    left_out: BTreeMap<String, String>,
}

impl Workshop<'_> {
    /// Adds a package. A package that is there in this version is not fetched again when there is no `source`: only its tenants
    /// are added.
    ///
    /// # Errors
    ///
    /// Why it was not added; the store is then as it was.
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
            return self.widen(same.clone(), addition, None).await;
        };
        if let Source::Index(index) = source
            && demand.is_some()
        {
            index.transport = crate::source::Transport::Any;
        }
        let chosen = choose(source, &addition.wanted, demand.as_ref()).await?;
        let yanked = chosen.candidate.yanked;
        if let Some(same) = same {
            let known = self.widen(same.clone(), addition, Some(source)).await?;
            return Ok(Added { yanked, ..known });
        }
        let made = self.make(addition, chosen).await?;
        let (package, novelty) = self.put(made.package, &made.archive, addition)?;
        let missing = self.missing(&package, Some(source)).await?;
        Ok(Added {
            package,
            novelty,
            left_out: made.left_out,
            missing,
            yanked,
        })
    }

    /// The same bytes again: nothing is made, but more tenants may see it.
    async fn widen(
        &self,
        same: LockedPackage,
        addition: &Addition,
        source: Option<&mut Source>,
    ) -> Result<Added, AddError> {
        let change = self.store.change()?;
        let mut lock_file = change.lock_file.clone();
        // Between the first look and this turn it may have been removed or replaced.
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
        check_neighbours(&lock_file, &package)?;
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

    /// Everything that takes time, without a turn in the store.
    async fn make(&self, addition: &Addition, chosen: Chosen) -> Result<Made, AddError> {
        let Chosen {
            candidate,
            bytes,
            hash,
        } = chosen;
        let file = &candidate.file;
        let distribution = distribution::open(file, &bytes, &addition.wanted, addition.extensions)?;
        let nothing_allowed = self.egress.session(Policy::default());
        let compiled = compile(self.sandbox, &distribution.files, nothing_allowed).await?;
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
        check_complaints(&file.text, &distribution, &compiled)?;
        let (archive, left_out) = packed(distribution.files, compiled)?;
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
        Ok(Made {
            package,
            archive,
            left_out,
        })
    }

    fn put(
        &self,
        package: LockedPackage,
        archive: &[u8],
        addition: &Addition,
    ) -> Result<(LockedPackage, Novelty), AddError> {
        let change = self.store.change()?;
        let mut lock_file = change.lock_file.clone();
        let (package, novelty) = match lock_file.find(&addition.wanted.name) {
            None => (package, Novelty::New),
            // Somebody else was faster, with the same bytes or with others.
            Some(there) if there.version == package.version => {
                demanded_bytes(there, &package.sha256, &package.file)?;
                let tenants = package.tenants.clone().and(&there.tenants);
                (LockedPackage { tenants, ..package }, Novelty::Known)
            }
            Some(there) if addition.other_version == OtherVersion::Replace => {
                let tenants = package.tenants.clone().and(&there.tenants);
                let replaced = Novelty::Replaced(there.version.clone());
                (LockedPackage { tenants, ..package }, replaced)
            }
            Some(there) => return Err(other_version(there).into()),
        };
        check_neighbours(&lock_file, &package)?;
        change.write_archive(&package.archive, archive)?;
        let key = addition.wanted.name.normal().to_owned();
        lock_file.packages.insert(key, package.clone());
        change.commit(lock_file)?;
        Ok((package, novelty))
    }

    /// What `package` needs and the tenants that see it do not have.
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
            let there = match self.there(&requirement, package, &lock_file) {
                Found::Enough => continue,
                Found::NotEnough(there) => there,
            };
            let version = match &mut source {
                // A help for whoever adds: without it the version is left open.
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
                there,
                version: version.map(|version| version.to_string()),
            });
        }
        Ok(missing)
    }

    fn there(&self, needed: &Requirement, by: &LockedPackage, lock_file: &LockFile) -> Found {
        let enough = |version: &str| {
            version
                .parse::<Version>()
                .is_ok_and(|version| needed.admits(&version))
        };
        if let Some(package) = self.built_in.find(&needed.name) {
            return match enough(&package.version) {
                true => Found::Enough,
                false => Found::NotEnough(Some(format!("{} (built in)", package.version))),
            };
        }
        let Some(package) = lock_file.find(&needed.name) else {
            return Found::NotEnough(None);
        };
        let seen_by_all = by.tenants.clone().and(&package.tenants) == package.tenants;
        match enough(&package.version) && seen_by_all {
            true => Found::Enough,
            false => Found::NotEnough(Some(format!("{} for {}", package.version, package.tenants))),
        }
    }
}

enum Found {
    Enough,
    NotEnough(Option<String>),
}

fn is_version(package: &LockedPackage, version: Option<&Version>) -> bool {
    version.is_some() && package.version.parse::<Version>().ok().as_ref() == version
}

fn other_version(there: &LockedPackage) -> Refusal {
    Refusal::OtherVersion {
        name: there.name.clone(),
        version: there.version.clone(),
    }
}

/// The hash that the file must have: as demanded, or as locked.
fn demand(addition: &Addition, locked: Option<&LockedPackage>) -> Result<Option<Demand>, Refusal> {
    let asked = addition.hash.clone().map(|hash| Demand {
        hash,
        whose: "--hash demands",
    });
    let Some(locked) = locked else {
        return Ok(asked);
    };
    if !is_version(locked, addition.wanted.version.as_ref()) {
        // Nothing to fetch in order to be refused at the end.
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
        whose: "the lock file names",
    }))
}

fn demanded_bytes(there: &LockedPackage, found: &Sha256, file: &str) -> Result<(), Refusal> {
    if there.sha256 == *found {
        return Ok(());
    }
    Err(Refusal::OtherBytes {
        file: file.to_owned(),
        demand: "the lock file names",
        expected: there.sha256.clone(),
        found: found.clone(),
    })
}

/// No tenant may have two packages that bring the same module.
fn check_neighbours(lock_file: &LockFile, package: &LockedPackage) -> Result<(), Refusal> {
    for other in lock_file.packages.values() {
        if other.name == package.name || !other.tenants.overlap(&package.tenants) {
            continue;
        }
        if let Some(module) = modules::in_each_others_way(&package.modules, &other.modules) {
            return Err(Refusal::InTheWay {
                package: package.name.clone(),
                other: other.name.clone(),
                module: module.to_owned(),
            });
        }
    }
    Ok(())
}

/// Packages for Python 2.7 and 3 often have single modules for 3 only; a package that says nothing is judged by all of them.
fn check_complaints(
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
    let grave: Vec<String> = compiled
        .complaints
        .iter()
        .filter(|(path, _)| !stated || is_top(path))
        .map(|(path, reason)| format!("{path}: {reason}"))
        .collect();
    if grave.is_empty() {
        return Ok(());
    }
    Err(Refusal::DoesNotCompile {
        file: file.to_owned(),
        complaints: grave,
    })
}

/// The archive, and what is not in it.
fn packed(
    mut files: Files,
    compiled: Compiled,
) -> Result<(Vec<u8>, BTreeMap<String, String>), CompileError> {
    for path in compiled.complaints.keys() {
        files.remove(path);
    }
    for (path, code) in compiled.code {
        files.remove(&path);
        files.insert(format!("{path}c"), code);
    }
    let archive = pack::tar(&files).map_err(|error| CompileError::Sources(error.to_string()))?;
    Ok((archive, compiled.complaints))
}
