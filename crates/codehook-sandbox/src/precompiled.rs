//! Code that was compiled when the program was built, so that the first start on a machine compiles nothing.
//!
//! It is compiled for every processor of the platform, not for the one at hand: on x86-64 for the level v2 of the
//! psABI, which all servers since about 2009 have. docs/performance.md says what that costs.

use std::fs::File;
use std::ops::Range;
use std::ptr::NonNull;

use rustix::mm::{MprotectFlags, mprotect};
use sha2::Digest;
use wasmtime::{Config, CustomCodeMemory, Engine, Module};

use crate::engine::{Metering, SandboxError, compiler_config, with_checks};
use crate::interpreter::Interpreter;
use crate::mapping::Mapping;
use crate::memory::{Image, PAGE};

/// Processor features of x86-64-v2 by Cranelift's names, as far as it has code for them.
#[cfg(target_arch = "x86_64")]
const BASELINE: &[&str] = &[
    "has_cmpxchg16b",
    "has_popcnt",
    "has_sse3",
    "has_ssse3",
    "has_sse41",
    "has_sse42",
];
#[cfg(target_arch = "x86_64")]
const TARGET: &str = "x86_64-unknown-linux-gnu";

#[cfg(target_arch = "aarch64")]
const BASELINE: &[&str] = &[];
#[cfg(target_arch = "aarch64")]
const TARGET: &str = "aarch64-unknown-linux-gnu";

/// What [`precompile`] makes, to be kept in a file.
pub struct PrecompiledParts {
    /// Native code, as wasmtime writes it.
    pub code: Vec<u8>,
    /// What the interpreter's memory holds when a run begins.
    pub image: Vec<u8>,
    /// Names the interpreter and all that shapes its code but wasmtime, which looks after itself.
    pub key: [u8; 32],
}

/// Compiles `interpreter` for every machine of this platform.
///
/// # Errors
///
/// When it is not a usable interpreter.
pub fn precompile(interpreter: &Interpreter<'_>) -> Result<PrecompiledParts, SandboxError> {
    let engine = Engine::new(&baseline_config().map_err(SandboxError::Engine)?)
        .map_err(SandboxError::Engine)?;
    let (checked, data) = with_checks(interpreter)?;
    let code = engine
        .precompile_module(&checked)
        .map_err(SandboxError::Module)?;
    let mut image = Vec::new();
    Image::write(&data, &mut image)
        .map_err(|error| SandboxError::Interpreter(error.to_string()))?;
    Ok(PrecompiledParts {
        code,
        image,
        key: key_of(interpreter),
    })
}

fn baseline_config() -> wasmtime::Result<Config> {
    let mut config = compiler_config(Metering::Time);
    config.target(TARGET)?;
    for feature in BASELINE {
        // SAFETY: these flags say which instructions may be used. Wherever the code is loaded, wasmtime compares them
        // with what the processor has and refuses code that asks for more.
        unsafe { config.cranelift_flag_enable(feature) };
    }
    Ok(config)
}

fn key_of(interpreter: &Interpreter<'_>) -> [u8; 32] {
    interpreter.code_key().finalize().into()
}

/// Compiled code and a memory image in a file.
#[derive(Debug)]
pub struct Precompiled {
    file: File,
    code: Range<u64>,
    image: Range<u64>,
    key: [u8; 32],
}

impl Precompiled {
    /// What lies in these parts of `file`, in bytes; each starts at a multiple of 4096.
    ///
    /// # Safety
    ///
    /// The parts hold what [`precompile`] made, and nobody may be able to change them as long as this process lives:
    /// the code is executed outside of any sandbox.
    #[must_use]
    pub unsafe fn in_file(file: File, code: Range<u64>, image: Range<u64>, key: [u8; 32]) -> Self {
        Self {
            file,
            code,
            image,
            key,
        }
    }

    /// The code and the image, if they are this interpreter's and can be used here; the log says why they cannot.
    pub(crate) fn load(
        &self,
        engine: &Engine,
        interpreter: &Interpreter<'_>,
    ) -> Option<(Module, Image)> {
        if self.key != key_of(interpreter) {
            tracing::warn!("the compiled code that came with the program is another interpreter's");
            return None;
        }
        self.map(engine)
            .inspect_err(
                |error| tracing::warn!(%error, "the compiled code that came with the program cannot be used here"),
            )
            .ok()
    }

    fn map(&self, engine: &Engine) -> wasmtime::Result<(Module, Image)> {
        let image = Image::from_part(self.file.try_clone()?, self.image.clone())?;
        let len = usize::try_from(self.code.end.saturating_sub(self.code.start))?;
        if len == 0 || !self.code.start.is_multiple_of(PAGE as u64) {
            wasmtime::bail!("it is not where code can be mapped");
        }
        let mapping = Mapping::of_file(&self.file, self.code.start, len)?;
        let code = NonNull::slice_from_raw_parts(mapping.start(), len);
        // The module and whatever was made of it may live until the process ends; a process loads it once.
        std::mem::forget(mapping);
        // SAFETY: `in_file` requires that this be what `precompile` made with `Engine::precompile_module`, and that
        // it never change. The mapping is private, starts at a page and is never unmapped. `CodePages` makes its code
        // executable.
        let module = unsafe { Module::deserialize_raw(engine, code)? };
        Ok((module, image))
    }
}

/// Makes pages of code executable. wasmtime does so by itself only where the memory is its own, and a part of a file
/// is not.
pub(crate) struct CodePages;

impl CustomCodeMemory for CodePages {
    fn required_alignment(&self) -> usize {
        rustix::param::page_size()
    }

    fn publish_executable(&self, ptr: *const u8, len: usize) -> wasmtime::Result<()> {
        // SAFETY: wasmtime gives whole pages of a mapping that holds nothing but compiled code, and nobody writes to
        // them from here on.
        unsafe {
            let flags = MprotectFlags::READ | MprotectFlags::EXEC;
            mprotect(ptr.cast_mut().cast(), len, flags)?;
        }
        Ok(())
    }

    fn unpublish_executable(&self, ptr: *const u8, len: usize) -> wasmtime::Result<()> {
        // SAFETY: as above; wasmtime promises that no code runs there any more.
        unsafe { mprotect(ptr.cast_mut().cast(), len, MprotectFlags::READ)? };
        Ok(())
    }
}
