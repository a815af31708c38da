//! The packages of tenants, in memory and as current as the store on disk.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::{Duration, Instant};

use codehook_packages::{Packages, Store, StoreError, StoreVersion, Tenant};
use codehook_sandbox::{Library, LibraryError};
use tokio::sync::OwnedMutexGuard;

/// How long a version of the store is taken for the current one without a look at the disk.
const RECHECK_INTERVAL: Duration = Duration::from_secs(1);

/// Why the packages of a tenant cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackagesError {
    /// The store cannot be read, or is not what was locked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// An archive cannot be mounted.
    #[error(transparent)]
    Library(#[from] LibraryError),
    /// The process is ending.
    #[error("the packages were not read: the process is ending")]
    Ending,
}

/// The libraries that runs of each tenant see besides the built-in one. Cheap to clone.
///
/// A change of the store counts for runs that start a second after it, or later. Tenants with the same packages share
/// one library, and every archive is in memory once.
#[derive(Clone)]
pub struct PackageLibraries {
    shared: Option<Arc<Shared>>,
}

struct Shared {
    store: Store,
    snapshot: RwLock<Snapshot>,
    /// Held while the store is read, so that it is read once for all runs that wait for it.
    loaded: Arc<tokio::sync::Mutex<Loaded>>,
}

/// What runs take without a look at the disk.
#[derive(Default)]
struct Snapshot {
    /// When the store was last seen to be of this version.
    checked: Option<Instant>,
    tenants: HashMap<Tenant, Option<Arc<Library>>>,
}

/// One version of the store.
#[derive(Default)]
struct Loaded {
    version: Option<StoreVersion>,
    packages: Packages,
    /// By the names of the packages in them.
    libraries: HashMap<Vec<String>, Arc<Library>>,
}

impl PackageLibraries {
    /// The store in `directory`, which need not exist; without a directory, no tenant has packages.
    pub fn new(directory: Option<PathBuf>) -> Self {
        let shared = directory.map(|directory| {
            Arc::new(Shared {
                store: Store::new(directory),
                snapshot: RwLock::default(),
                loaded: Arc::default(),
            })
        });
        Self { shared }
    }

    /// What a run of `tenant` sees besides the built-in library; `None` if it has no packages.
    ///
    /// # Errors
    ///
    /// When the store cannot be read, or an archive of the tenant is not the one that was locked.
    pub async fn of(&self, tenant: &Tenant) -> Result<Option<Arc<Library>>, PackagesError> {
        let Some(shared) = &self.shared else {
            return Ok(None);
        };
        if let Some(found) = shared.recent(tenant) {
            return Ok(found);
        }
        let loaded = Arc::clone(&shared.loaded).lock_owned().await;
        // Another run may have read the store meanwhile.
        if let Some(found) = shared.recent(tenant) {
            return Ok(found);
        }
        let (shared, tenant) = (Arc::clone(shared), tenant.clone());
        tokio::task::spawn_blocking(move || shared.read(loaded, &tenant))
            .await
            .map_err(|_| PackagesError::Ending)?
    }
}

impl Shared {
    /// The tenant's library, where it is in memory and was compared with the store a short time ago.
    fn recent(&self, tenant: &Tenant) -> Option<Option<Arc<Library>>> {
        let snapshot = self.snapshot.read().unwrap_or_else(PoisonError::into_inner);
        let checked = snapshot.checked?;
        let library = snapshot.tenants.get(tenant)?;
        (checked.elapsed() < RECHECK_INTERVAL).then(|| library.clone())
    }

    fn snapshot_mut(&self) -> RwLockWriteGuard<'_, Snapshot> {
        self.snapshot
            .write()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that the store is what it was, and returns the tenant's library, where it is in memory.
    fn confirm(&self, checked: Instant, tenant: &Tenant) -> Option<Option<Arc<Library>>> {
        let mut snapshot = self.snapshot_mut();
        snapshot.checked = Some(checked);
        snapshot.tenants.get(tenant).cloned()
    }

    /// Reads what the tenant has and is not in memory yet, or has changed on the disk. Blocks.
    fn read(
        &self,
        mut loaded: OwnedMutexGuard<Loaded>,
        tenant: &Tenant,
    ) -> Result<Option<Arc<Library>>, PackagesError> {
        // Before anything else: a change from here on is one that the next look finds.
        let (checked, version) = (Instant::now(), self.store.version()?);
        let unchanged = loaded.version == Some(version);
        if unchanged && let Some(known) = self.confirm(checked, tenant) {
            return Ok(known);
        }
        if !unchanged {
            // Nothing of the older version counts any more, also if reading the new one fails below.
            loaded.version = None;
            loaded.libraries.clear();
            *self.snapshot_mut() = Snapshot::default();
        }
        self.store.load_more(&mut loaded.packages, tenant)?;
        let names = loaded.packages.names_for(tenant);
        let library = match loaded.libraries.get(&names) {
            Some(library) => Some(Arc::clone(library)),
            None => loaded.packages.library(tenant)?,
        };
        if let Some(library) = &library {
            loaded.libraries.insert(names, Arc::clone(library));
        }
        loaded.version = Some(version);
        let mut snapshot = self.snapshot_mut();
        snapshot.checked = Some(checked);
        snapshot.tenants.insert(tenant.clone(), library.clone());
        Ok(library)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_store_that_was_never_made_has_no_packages_and_is_not_made() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("packages");
        let libraries = PackageLibraries::new(Some(path.clone()));
        for _ in 0..2 {
            assert!(libraries.of(&Tenant::default()).await.unwrap().is_none());
        }
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_store_that_cannot_be_read_is_an_error_each_time() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("packages.lock.toml"), "format = 2").unwrap();
        let libraries = PackageLibraries::new(Some(directory.path().to_owned()));
        for _ in 0..2 {
            assert!(libraries.of(&Tenant::default()).await.is_err());
        }
    }
}
