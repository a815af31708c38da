//! The `python2.7` runtime: CPython 2.7.18 as a WebAssembly snapshot, its code compiled for this platform, and the
//! library that goes with it.
//!
//! All of it lies in one [runtime file](mod@format), which `make python` builds. The program that is handed out has
//! the file appended to itself; one that Cargo has just linked finds it [beside itself](locate). This crate owns the
//! file's format and its place; it does not run what it holds.

mod format;
mod locate;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use codehook_sandbox::{Interpreter, Library, LibraryError, Precompiled};
use memmap2::{Mmap, MmapOptions};

pub use format::{FormatError, RuntimeParts, WriteError};
pub use locate::LocateError;

use format::Members;

/// The runtime's name, wherever a hook, a run or a cache key mentions it.
pub const RUNTIME: &str = "python2.7";

/// Why there is no runtime.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// There is no file, or none that can be trusted.
    #[error(transparent)]
    Locate(#[from] LocateError),
    /// It is damaged, or another version's.
    #[error(
        "the runtime file {path} cannot be used ({source}): build it again with `make python`, or install the program again"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: FormatError,
    },
}

/// A runtime file, mapped into this process for good.
#[derive(Debug)]
pub struct Runtime {
    path: PathBuf,
    wasm: Mmap,
    sha256: [u8; 32],
    precompiled: Precompiled,
    library: Mmap,
    index: Mmap,
    manifest: String,
}

/// The runtime of this program, which is looked for once in a process. The files are opened by then, so a process
/// that gives up its rights does so after the first call.
///
/// # Errors
///
/// When there is none that can be used.
pub fn runtime() -> Result<&'static Runtime, &'static RuntimeError> {
    static FOUND: OnceLock<Result<Runtime, RuntimeError>> = OnceLock::new();
    FOUND
        .get_or_init(|| {
            let (file, path) = locate::find(RUNTIME)?;
            Runtime::from_trusted(file, path)
        })
        .as_ref()
}

impl Runtime {
    fn from_trusted(mut file: File, path: PathBuf) -> Result<Self, RuntimeError> {
        match Members::of(&mut file).and_then(|members| Self::map(file, &path, &members)) {
            Ok(runtime) => Ok(runtime),
            Err(source) => Err(RuntimeError::Format { path, source }),
        }
    }

    fn map(file: File, path: &Path, members: &Members) -> Result<Self, FormatError> {
        let map = |name| -> Result<Mmap, FormatError> {
            let part = members.part(name)?;
            let len = usize::try_from(part.end - part.start).map_err(|_| FormatError::Short)?;
            // SAFETY: `locate` finds only files that are this program itself or that nobody but their owner, this
            // user or root, may write to; they are replaced by renaming another over them and never changed in place.
            let mapped = unsafe { MmapOptions::new().offset(part.start).len(len).map(&file)? };
            Ok(mapped)
        };
        let digest = |name| -> Result<[u8; 32], FormatError> {
            map(name)?
                .as_ref()
                .try_into()
                .map_err(|_| FormatError::Short)
        };
        let manifest = map(format::MANIFEST)?;
        // SAFETY: the file is trusted with code by whoever installed it, as the program itself is, and does not
        // change; see above.
        let precompiled = unsafe {
            Precompiled::in_file(
                file.try_clone()?,
                members.part(format::CODE)?,
                members.part(format::IMAGE)?,
                digest(format::CODE_KEY)?,
            )
        };
        Ok(Self {
            path: path.to_owned(),
            wasm: map(format::WASM)?,
            sha256: digest(format::WASM_SHA256)?,
            precompiled,
            library: map(format::LIBRARY)?,
            index: map(format::INDEX)?,
            manifest: String::from_utf8(manifest.to_vec()).map_err(|_| FormatError::Text)?,
        })
    }

    /// Where it lies: the program itself, or a file beside it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The interpreter, initialised and snapshotted (a WebAssembly core module, WASI preview 1), with its compiled
    /// code.
    pub fn interpreter(&self) -> Interpreter<'_> {
        Interpreter::with_digest(&self.wasm, self.sha256)
            .with_native_yields()
            .with_precompiled(&self.precompiled)
    }

    /// The interpreter's size, in bytes.
    pub fn interpreter_bytes(&self) -> usize {
        self.wasm.len()
    }

    /// The standard library and the packages, as guests see them.
    ///
    /// # Errors
    ///
    /// When the archive is damaged.
    pub fn library(&'static self) -> Result<Arc<Library>, LibraryError> {
        Library::from_indexed(&*self.library, &self.index).map(Arc::new)
    }

    /// What the library holds, as JSON: an object whose `packages` have `name`, `version`, `licence`, `kind` and,
    /// unless they are our own, `sha256`.
    pub fn manifest(&self) -> &str {
        &self.manifest
    }
}

#[cfg(test)]
mod tests;
