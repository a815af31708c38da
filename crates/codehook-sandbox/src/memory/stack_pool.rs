//! The native stacks on which guests run. They are kept from one run to the next: to map 50 MiB costs more than a short
//! run.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use rustix::mm::{Advice, MprotectFlags, madvise, mprotect};
use wasmtime::{StackCreator, StackMemory};

use super::free_list::FreeList;
use super::mmap::Mmap;

/// Guard below each stack, so that an overflow traps.
const GUARD_BYTES: usize = 64 * 1024;
/// Bytes that an unused stack keeps, from its top: most runs need less.
const KEPT_BYTES: usize = 128 * 1024;

/// Pool of stacks for wasmtime's fibers.
#[derive(Clone)]
pub(crate) struct StackPool {
    free: Arc<FreeList<Stack>>,
}

impl StackPool {
    /// Returns a pool that keeps at most `max_idle` unused stacks.
    pub(crate) fn new(max_idle: usize) -> Self {
        Self {
            free: Arc::new(FreeList::new(max_idle)),
        }
    }
}

// SAFETY: every stack is page-aligned and has a guard below it, since it is the upper part of a mapping whose lower
// part is never made accessible. It is zero when a caller asks for that, since then it is newly mapped.
// `FreeList::take` hands each out once, so it has one owner at a time.
unsafe impl StackCreator for StackPool {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let kept = if zeroed { None } else { self.free.take() };
        let stack = match kept {
            Some(stack) if stack.range().len() == size => stack,
            _ => Stack::new(size)?,
        };
        Ok(Box::new(PooledStack {
            stack: Some(stack),
            free: Arc::clone(&self.free),
        }))
    }
}

/// A guard, and a stack above it.
struct Stack(Mmap);

impl Stack {
    fn new(size: usize) -> io::Result<Self> {
        let len = size
            .checked_add(GUARD_BYTES)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let mapping = Mmap::reserve(len)?;
        // SAFETY: `GUARD_BYTES` and `size` add up to the length of the mapping made above, so the range lies in it.
        // Nothing refers to it yet.
        unsafe {
            let stack = mapping.start().as_ptr().add(GUARD_BYTES).cast();
            mprotect(stack, size, MprotectFlags::READ | MprotectFlags::WRITE)?;
            // A huge page for the few kilobytes that most runs need would be waste. Where there are none, nothing is
            // lost.
            let _ = madvise(stack, size, Advice::LinuxNoHugepage);
        }
        Ok(Self(mapping))
    }

    fn range(&self) -> Range<usize> {
        let start = self.0.start().as_ptr().addr();
        start + GUARD_BYTES..start + self.0.len()
    }

    /// Gives the pages of deep calls back to the system.
    fn release_depths(&self) -> io::Result<()> {
        let depths = self.range().len().saturating_sub(KEPT_BYTES);
        // SAFETY: the range is the lower part of the stack, or nothing. The stack is in no fiber's hands:
        // `PooledStack::drop` calls this after wasmtime has dropped the fiber. Pages that are given back read as zero.
        unsafe {
            let at = self.0.start().as_ptr().add(GUARD_BYTES).cast();
            madvise(at, depths, Advice::LinuxDontNeed)?;
        }
        Ok(())
    }
}

/// The stack of one fiber.
struct PooledStack {
    /// There until it is dropped.
    stack: Option<Stack>,
    free: Arc<FreeList<Stack>>,
}

impl PooledStack {
    fn stack(&self) -> &Stack {
        match &self.stack {
            Some(stack) => stack,
            // `drop` alone takes it.
            None => unreachable!("a stack that was dropped"),
        }
    }
}

// SAFETY: the ranges are parts of one mapping that lives as long as this value. `Stack::new` made all of it but the
// guard readable and writable.
unsafe impl StackMemory for PooledStack {
    fn top(&self) -> *mut u8 {
        let mapping = &self.stack().0;
        // SAFETY: one past the end of the mapping is in bounds for `add`.
        unsafe { mapping.start().as_ptr().add(mapping.len()) }
    }

    fn range(&self) -> Range<usize> {
        self.stack().range()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        let start = self.stack().0.start().as_ptr();
        // SAFETY: the mapping is longer than the guard.
        start..unsafe { start.add(GUARD_BYTES) }
    }
}

impl Drop for PooledStack {
    fn drop(&mut self) {
        let Some(stack) = self.stack.take() else {
            return;
        };
        if stack.release_depths().is_ok() {
            self.free.put(stack);
        }
    }
}
