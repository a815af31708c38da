//! The store: a directory with one archive for each package, and the lock file that names the current ones.
//!
//! A change holds an exclusive lock on the file `lock`, a reader a shared one. A change writes new files beside the old
//! ones and then replaces the lock file by a rename: a crash leaves either the old state or the new, and some files
//! that the next change deletes.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use codehook_sandbox::{Library, LibraryError};

use crate::PACKAGES_DIRECTORY;
use crate::hash::Sha256;
use crate::lock_file::{LockFile, LockedPackage};
use crate::name::{PackageName, Tenant, Tenants};

const LOCK_FILE: &str = "packages.lock.toml";
/// The file that processes lock while they use the store.
const MUTEX_FILE: &str = "lock";
const ARCHIVES: &str = "archives";
/// The prefix of a file that is not complete.
const UNFINISHED: &str = ".unfinished-";

/// Errors of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or directory cannot be used.
    #[error(
        "the packages in {path} cannot be used ({error}): check the directory, or name another with `--packages-dir \
         DIR`"
    )]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// The error of the operating system.
        error: io::Error,
    },
    /// The lock file is damaged.
    #[error(
        "{path} cannot be read: {reason}; restore it from a copy, or delete it and add the packages again"
    )]
    LockFile {
        /// Its path.
        path: PathBuf,
        /// The reason.
        reason: String,
    },
    /// An archive is not the one that the lock file names.
    #[error(
        "{package}: {reason}; remove it with `codehook packages remove {package}` and add it again"
    )]
    Changed {
        /// The package.
        package: String,
        /// The reason.
        reason: String,
    },
    /// The package is not installed.
    #[error("{0} is not installed; `codehook packages list` shows the packages that are")]
    NotAdded(String),
    /// The package cannot be removed for one tenant only.
    #[error(
        "{0} is installed for all tenants: remove it, and add it for those that need it with `--tenant NAME`"
    )]
    ForAll(String),
    /// The tenant does not have it.
    #[error("{package} is not installed for tenant {tenant}, but for {tenants}")]
    NotForTenant {
        /// The package.
        package: String,
        /// The tenant.
        tenant: Tenant,
        /// The tenants that have it.
        tenants: Tenants,
    },
}

/// A directory of packages. Without the directory there are none.
#[derive(Debug, Clone)]
pub struct Store {
    directory: PathBuf,
}

/// The version of a store. A change puts a new file in the place of the lock file, so that its inode and the time of
/// its last change tell two versions apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoreVersion(Option<(u64, i64, i64)>);

/// The result of a removal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Removed {
    /// The package as it was.
    pub package: LockedPackage,
    /// The tenants that still have it.
    pub left: Option<Tenants>,
}

/// Packages in memory, with one copy of each archive for all tenants.
#[derive(Default)]
pub struct Packages {
    loaded: Vec<(LockedPackage, Arc<[u8]>)>,
}

impl Store {
    /// Returns the store in `directory`.
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
        }
    }

    /// Returns its directory.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Returns the version of the store: another one after every change.
    ///
    /// # Errors
    ///
    /// When the directory cannot be read.
    pub fn version(&self) -> Result<StoreVersion, StoreError> {
        let path = self.directory.join(LOCK_FILE);
        match fs::metadata(&path) {
            Ok(file) => Ok(StoreVersion(Some((
                file.ino(),
                file.ctime(),
                file.ctime_nsec(),
            )))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(StoreVersion(None)),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Lists the installed packages by name.
    ///
    /// # Errors
    ///
    /// When the lock file cannot be read.
    pub fn list(&self) -> Result<Vec<LockedPackage>, StoreError> {
        let _lock = self.shared_lock()?;
        Ok(self.lock_file()?.packages.into_values().collect())
    }

    /// Loads every package into memory and checks its archive against the lock file.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or differs from the lock file.
    pub fn load(&self) -> Result<Packages, StoreError> {
        let mut packages = Packages::default();
        self.load_where(&mut packages, |_| true)?;
        Ok(packages)
    }

    /// Loads the packages of one tenant.
    ///
    /// # Errors
    ///
    /// As [`Store::load`].
    pub fn load_for(&self, tenant: &Tenant) -> Result<Packages, StoreError> {
        let mut packages = Packages::default();
        self.load_more(&mut packages, tenant)?;
        Ok(packages)
    }

    /// Checks every archive against the lock file; returns each package with the problem, if any.
    ///
    /// # Errors
    ///
    /// When the lock file cannot be read.
    pub fn verify(&self) -> Result<Vec<(LockedPackage, Option<String>)>, StoreError> {
        let _lock = self.shared_lock()?;
        let packages = self.lock_file()?.packages.into_values();
        Ok(packages
            .map(|package| {
                let problem = self.archive(&package).err();
                (package, problem)
            })
            .collect())
    }

    /// Removes a package; with `tenants`, for these only.
    ///
    /// # Errors
    ///
    /// When it is not installed, or the store cannot be written.
    pub fn remove(&self, name: &PackageName, tenants: &[Tenant]) -> Result<Removed, StoreError> {
        // A store that does not exist is not created for a removal.
        if !self.directory.join(LOCK_FILE).exists() {
            return Err(StoreError::NotAdded(name.to_string()));
        }
        let change = self.change()?;
        let mut file = change.lock_file.clone();
        let package = file
            .packages
            .remove(name.normal())
            .ok_or_else(|| StoreError::NotAdded(name.to_string()))?;
        let left = without(&package, tenants)?;
        if let Some(left) = &left {
            let package = LockedPackage {
                tenants: left.clone(),
                ..package.clone()
            };
            file.packages.insert(name.normal().to_owned(), package);
        }
        change.commit(file)?;
        Ok(Removed { package, left })
    }

    /// Locks the store for a change.
    pub(crate) fn change(&self) -> Result<Change<'_>, StoreError> {
        let archives = self.directory.join(ARCHIVES);
        fs::create_dir_all(&archives).map_err(|error| failed(&archives, error))?;
        let path = self.directory.join(MUTEX_FILE);
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .and_then(|lock| lock.lock().map(|()| lock))
            .map_err(|error| failed(&path, error))?;
        Ok(Change {
            store: self,
            lock_file: self.lock_file()?,
            _lock: lock,
        })
    }

    pub(crate) fn lock_file(&self) -> Result<LockFile, StoreError> {
        let path = self.directory.join(LOCK_FILE);
        match fs::read_to_string(&path) {
            Ok(text) => {
                LockFile::parse(&text).map_err(|reason| StoreError::LockFile { path, reason })
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(LockFile::default()),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Locks the store for reading: no file is deleted meanwhile. `None` where the store does not exist.
    fn shared_lock(&self) -> Result<Option<File>, StoreError> {
        let path = self.directory.join(MUTEX_FILE);
        match File::open(&path) {
            Ok(lock) => match lock.lock_shared() {
                Ok(()) => Ok(Some(lock)),
                Err(error) => Err(failed(&path, error)),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed(&path, error)),
        }
    }

    /// Loads into `packages` those of `tenant` that are missing there, each archive checked against the lock file,
    /// and drops those that the store no longer has.
    ///
    /// # Errors
    ///
    /// As [`Store::load`], for the packages of this tenant.
    pub fn load_more(&self, packages: &mut Packages, tenant: &Tenant) -> Result<(), StoreError> {
        self.load_where(packages, |package| package.tenants.include(tenant))
    }

    fn load_where(
        &self,
        packages: &mut Packages,
        wanted: impl Fn(&LockedPackage) -> bool,
    ) -> Result<(), StoreError> {
        let _lock = self.shared_lock()?;
        let locked = self.lock_file()?.packages;
        let mut before = std::mem::take(&mut packages.loaded);
        for package in locked.into_values() {
            if let Some(at) = before.iter().position(|(loaded, _)| *loaded == package) {
                packages.loaded.push(before.swap_remove(at));
            } else if wanted(&package) {
                match self.archive(&package) {
                    Ok(archive) => packages.loaded.push((package, archive)),
                    Err(reason) => {
                        return Err(StoreError::Changed {
                            package: package.name,
                            reason,
                        });
                    }
                }
            }
        }
        Ok(())
    }

    fn archive(&self, package: &LockedPackage) -> Result<Arc<[u8]>, String> {
        let path = self.directory.join(ARCHIVES).join(&package.archive);
        let bytes = fs::read(&path)
            .map_err(|error| format!("its archive {} cannot be read ({error})", path.display()))?;
        let found = Sha256::of(&bytes);
        if found == package.archive_sha256 {
            Ok(bytes.into())
        } else {
            Err(format!(
                "its archive {} was changed: it has {found}, and the lock file has {}",
                path.display(),
                package.archive_sha256
            ))
        }
    }
}

impl Packages {
    /// Returns the names of the packages that `tenant` has, in order.
    pub fn names_for(&self, tenant: &Tenant) -> Vec<String> {
        let visible = self
            .loaded
            .iter()
            .filter(|(package, _)| package.tenants.include(tenant));
        visible.map(|(package, _)| package.name.clone()).collect()
    }

    /// Returns the packages that a run of `tenant` sees besides the library; `None` if there are none.
    ///
    /// # Errors
    ///
    /// When an archive is malformed, which its hash rules out.
    pub fn library(&self, tenant: &Tenant) -> Result<Option<Arc<Library>>, LibraryError> {
        let mut archives = self
            .loaded
            .iter()
            .filter(|(package, _)| package.tenants.include(tenant))
            .map(|(_, archive)| Arc::clone(archive))
            .peekable();
        if archives.peek().is_none() {
            return Ok(None);
        }
        Library::mounted_at(PACKAGES_DIRECTORY, archives).map(|library| Some(Arc::new(library)))
    }
}

/// A change of a store, which holds its lock.
pub(crate) struct Change<'a> {
    store: &'a Store,
    pub(crate) lock_file: LockFile,
    _lock: File,
}

impl Change<'_> {
    /// Writes an archive. It is part of the store once the lock file names it.
    pub(crate) fn write_archive(&self, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        write_atomically(&self.store.directory.join(ARCHIVES), name, bytes)
    }

    /// Replaces the lock file by `file`, and deletes the archives that it no longer names.
    pub(crate) fn commit(self, file: LockFile) -> Result<(), StoreError> {
        let text = file.text().map_err(|reason| StoreError::LockFile {
            path: self.store.directory.join(LOCK_FILE),
            reason,
        })?;
        write_atomically(&self.store.directory, LOCK_FILE, text.as_bytes())?;
        self.sweep(&file);
        Ok(())
    }

    /// Deletes stray files. One that cannot be deleted stays and does no harm.
    fn sweep(&self, file: &LockFile) {
        let is_named = |name: &str| {
            file.packages
                .values()
                .any(|package| package.archive == name)
        };
        let directories = [
            self.store.directory.clone(),
            self.store.directory.join(ARCHIVES),
        ];
        for directory in directories {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let name = entry.file_name().to_string_lossy().into_owned();
                let stray = name.ends_with(".tar") && !is_named(&name);
                if stray || name.starts_with(UNFINISHED) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
    }
}

/// Writes a file atomically; it is on the disk when this returns.
fn write_atomically(directory: &Path, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
    let path = directory.join(name);
    let write = || {
        let mut file = tempfile::Builder::new()
            .prefix(UNFINISHED)
            // Hooks may be run by another user than the one that adds packages.
            .permissions(fs::Permissions::from_mode(0o644))
            .tempfile_in(directory)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        File::open(directory)?.sync_all()
    };
    write().map_err(|error| failed(&path, error))
}

fn without(package: &LockedPackage, tenants: &[Tenant]) -> Result<Option<Tenants>, StoreError> {
    if tenants.is_empty() {
        return Ok(None);
    }
    let Tenants::Only(mut left) = package.tenants.clone() else {
        return Err(StoreError::ForAll(package.name.clone()));
    };
    for tenant in tenants {
        if !left.remove(tenant) {
            return Err(StoreError::NotForTenant {
                package: package.name.clone(),
                tenant: tenant.clone(),
                tenants: package.tenants.clone(),
            });
        }
    }
    Ok((!left.is_empty()).then_some(Tenants::Only(left)))
}

fn failed(path: &Path, error: io::Error) -> StoreError {
    StoreError::Io {
        path: path.to_owned(),
        error,
    }
}

#[cfg(test)]
mod tests;
