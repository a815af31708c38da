//! Compiled code on disk, so that the interpreter is compiled once and not at every start.
//!
//! Compiled code is trusted by whoever loads it, so the directory must be the user's own (mode 0700, no link) and a
//! file in it is named by the SHA-256 of the module and of everything that shapes its compilation.

use std::fs::{self, DirBuilder, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use sha2::{Digest, Sha256};
use wasmtime::{Engine, Module};

use crate::interpreter::Interpreter;
use crate::memory::{Image, InitialData};

/// Compiled code, as wasmtime writes it.
const CODE: &str = "cwasm";
/// The initial content of the interpreter's memory.
const IMAGE: &str = "image";

/// A directory of compiled modules.
#[derive(Debug, Clone)]
pub struct CompiledCache {
    directory: PathBuf,
}

/// Reasons why a directory cannot be trusted with compiled code.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The directory cannot be created or examined.
    #[error(
        "the cache directory {path} cannot be used ({source}): name another one, or make it writable"
    )]
    Unusable {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Another user could put code there.
    #[error(
        "the cache directory {path} must be a real directory, yours and closed to others: `chmod 700` it, \
         or name another one"
    )]
    Untrusted {
        /// The directory.
        path: PathBuf,
    },
}

impl CompiledCache {
    /// Returns its path.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Opens a cache in `directory`, which is created (mode 0700) if it does not exist.
    ///
    /// # Errors
    ///
    /// When the directory cannot be created, is a link, is another user's or is open to others.
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

    /// Loads the code of `interpreter` and its memory's image, if they are there.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        interpreter: &Interpreter<'_>,
    ) -> Option<(Module, Image)> {
        let path = self.path_of(engine, interpreter);
        let image = Image::from_file(private_file(&path.with_extension(IMAGE))?)
            .inspect_err(
                |error| tracing::warn!(%error, "the memory image in the cache is not usable"),
            )
            .ok()?;
        let code = private_file(&path.with_extension(CODE))?;
        // SAFETY: `deserialize_open_file` asks that the file hold what `Module::serialize` wrote and that nobody change
        // it while it is mapped. Only this user can write into the directory (checked when the cache was opened: its
        // own, mode 0700, no link), the file is this user's and closed to others (checked above), and `store` puts a
        // file there by renaming a finished one and never writes to it again. A version of wasmtime or settings that
        // differ are refused by wasmtime.
        let module = unsafe { Module::deserialize_open_file(engine, code) };
        let module = module
            .inspect_err(|error| tracing::warn!(%error, "compiled code in the cache is not usable"))
            .ok()?;
        Some((module, image))
    }

    /// Keeps the compiled form of `interpreter`. A cache that cannot be written is no reason to fail: it is said in the
    /// log.
    pub(crate) fn store(
        &self,
        engine: &Engine,
        interpreter: &Interpreter<'_>,
        module: &Module,
        data: &InitialData,
    ) {
        let path = self.path_of(engine, interpreter);
        if let Err(error) = self.write(&path, module, data) {
            tracing::warn!(path = %path.display(), %error, "compiled code could not be cached");
        }
    }

    fn write(&self, path: &Path, module: &Module, data: &InitialData) -> io::Result<()> {
        let code = module
            .serialize()
            .map_err(|error| io::Error::other(error.to_string()))?;
        self.write_file(&path.with_extension(IMAGE), |file| Image::write(data, file))?;
        self.write_file(&path.with_extension(CODE), |file| file.write_all(&code))?;
        File::open(&self.directory)?.sync_all()
    }

    fn write_file(
        &self,
        path: &Path,
        content: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
        file.as_file()
            .set_permissions(fs::Permissions::from_mode(0o600))?;
        content(file.as_file_mut())?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }

    /// Returns the path of an entry without an extension.
    fn path_of(&self, engine: &Engine, interpreter: &Interpreter<'_>) -> PathBuf {
        let mut key = SettingsHasher(interpreter.code_key());
        engine.precompile_compatibility_hash().hash(&mut key);
        let name: String = key
            .0
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.directory.join(name)
    }
}

/// Opens the file at `path`, if it is this user's and closed to others.
fn private_file(path: &Path) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let metadata = file.metadata().ok()?;
    (metadata.is_file() && is_private(&metadata)).then_some(file)
}

/// Returns whether a file is this user's, and closed to group and others.
fn is_private(metadata: &fs::Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o077 == 0
}

/// Adapter that feeds `Hash` values to SHA-256.
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
