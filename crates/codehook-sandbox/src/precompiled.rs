//! Code that was compiled when the program was built, so that the first start on a machine compiles nothing.

use std::fs::File;
use std::ops::Range;
use std::ptr::NonNull;

use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::{CustomCodeMemory, Engine, Module};

use crate::memory::{Image, Mmap, PAGE};

/// Compiled code and a memory image in a file.
#[derive(Debug)]
pub struct Precompiled {
    file: File,
    code: Range<u64>,
    image: Range<u64>,
    key: [u8; 32],
}

impl Precompiled {
    /// Refers to parts of `file`, in bytes; each starts at a multiple of 4096.
    ///
    /// # Safety
    ///
    /// The parts hold what [`precompile`](crate::precompile) made, and nobody may be able to change them as long as
    /// this process lives: the code is executed outside of any sandbox.
    #[must_use]
    pub unsafe fn in_file(file: File, code: Range<u64>, image: Range<u64>, key: [u8; 32]) -> Self {
        Self {
            file,
            code,
            image,
            key,
        }
    }

    /// Loads the code and the image, if `key` is theirs and they can be used here. Otherwise the log says why not.
    pub(crate) fn load(&self, engine: &Engine, key: [u8; 32]) -> Option<(Module, Image)> {
        if self.key != key {
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
        let mapping = Mmap::of_file(&self.file, self.code.start, len)?;
        let code = NonNull::slice_from_raw_parts(mapping.start(), len);
        // Never unmapped: the module and all that is made from it may live until the process ends, and a process loads
        // it once.
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
        // SAFETY: wasmtime passes whole pages of a mapping of compiled code alone, and writes to none of them from here
        // on.
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
