//! Compiled code on disk, so that the interpreter is compiled once and not at every start.
//!
//! Compiled code is trusted by whoever loads it, so the directory must be the user's own (mode 0700, no link) and a file in it
//! is named by the SHA-256 of the module and of everything that shapes its compilation.

use std::fs::{self, DirBuilder, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use wasmtime::{Engine, Module};

/// A directory of compiled modules.
#[derive(Debug, Clone)]
pub struct CompiledCache {
    directory: PathBuf,
}

/// Why a directory cannot be trusted with compiled code.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// It cannot be made or looked at.
    #[error(
        "the cache directory {path} cannot be used ({source}): name another one, or make it writable"
    )]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody else could put code there.
    #[error(
        "the cache directory {path} must be a real directory, yours and closed to others: `chmod 700` it, or name another one"
    )]
    Untrusted {
        /// The directory.
        path: PathBuf,
    },
}

impl CompiledCache {
    /// A cache in `directory`, which is made (mode 0700) when it is not there.
    ///
    /// # Errors
    ///
    /// When the directory cannot be made, is a link, is another user's or is open to others.
    pub fn open(directory: &Path) -> Result<Self, CacheError> {
        let unusable = |source| CacheError::Unusable {
            path: directory.to_owned(),
            source,
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(unusable)?;
        let metadata = fs::symlink_metadata(directory).map_err(unusable)?;
        if !is_private(&metadata) || !metadata.is_dir() {
            return Err(CacheError::Untrusted {
                path: directory.to_owned(),
            });
        }
        Ok(Self {
            directory: directory.to_owned(),
        })
    }

    /// The compiled form of `wasm`, if it is there.
    pub(crate) fn load(&self, engine: &Engine, wasm: &[u8]) -> Option<Module> {
        let path = self.path_of(engine, wasm);
        let metadata = fs::symlink_metadata(&path).ok()?;
        if !metadata.is_file() || !is_private(&metadata) {
            return None;
        }
        // SAFETY: `deserialize_file` asks that the file hold what `Module::serialize` wrote and that nobody change it while it
        // is mapped. Only this user can write into the directory (checked when the cache was opened: its own, mode 0700, no
        // link), the file is this user's and closed to others (checked above), and `store` puts a file there by renaming a
        // finished one and never writes to it again. A version of wasmtime or settings that differ are refused by wasmtime.
        let module = unsafe { Module::deserialize_file(engine, &path) };
        module
            .inspect_err(|error| tracing::warn!(%error, "compiled code in the cache is not usable"))
            .ok()
    }

    /// Keeps the compiled form of `wasm`. A cache that cannot be written is no reason to fail: it is said in the log.
    pub(crate) fn store(&self, engine: &Engine, wasm: &[u8], module: &Module) {
        let path = self.path_of(engine, wasm);
        if let Err(error) = self.write(&path, module) {
            tracing::warn!(path = %path.display(), %error, "compiled code could not be cached");
        }
    }

    fn write(&self, path: &Path, module: &Module) -> io::Result<()> {
        let code = module
            .serialize()
            .map_err(|error| io::Error::other(error.to_string()))?;
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(0o600))?;
        file.write_all(&code)?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        File::open(&self.directory)?.sync_all()
    }

    fn path_of(&self, engine: &Engine, wasm: &[u8]) -> PathBuf {
        let mut settings = SettingsHasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut settings);
        let mut key = settings.0;
        key.update(wasm);
        let name: String = key
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.directory.join(format!("{name}.cwasm"))
    }
}

/// This user's, and closed to group and others.
fn is_private(metadata: &fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0
}

/// Lets a `Hash` value flow into SHA-256.
struct SettingsHasher(Sha256);

impl Hasher for SettingsHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_others_can_write_to_is_refused() {
        let parent = tempfile::tempdir().expect("a directory");
        let open = parent.path().join("open");
        fs::create_dir(&open).expect("a directory");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).expect("permissions");
        assert!(matches!(
            CompiledCache::open(&open),
            Err(CacheError::Untrusted { .. })
        ));
        let link = parent.path().join("link");
        let private = parent.path().join("private");
        CompiledCache::open(&private).expect("a private directory");
        std::os::unix::fs::symlink(&private, &link).expect("a link");
        assert!(matches!(
            CompiledCache::open(&link),
            Err(CacheError::Untrusted { .. })
        ));
    }
}
