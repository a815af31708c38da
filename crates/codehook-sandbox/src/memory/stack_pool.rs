//! The native stacks on which guests run: kept from one run to the next, since mapping 50 MiB anew costs more than a short run.

use std::io;
use std::ops::Range;
use std::sync::Arc;

use rustix::mm::{Advice, MprotectFlags, madvise, mprotect};
use wasmtime::{StackCreator, StackMemory};

use crate::idle::Idle;
use crate::mapping::Mapping;

/// Below each stack, so that an overflow traps.
const GUARD_BYTES: usize = 64 * 1024;
/// What stays with an idle stack, from its top: most runs need less.
const KEPT_BYTES: usize = 128 * 1024;

/// Where fibers get their stacks from.
#[derive(Clone)]
pub(crate) struct StackPool {
    idle: Arc<Idle<Stack>>,
}

impl StackPool {
    /// A pool that keeps at most `max_idle` stacks that no run uses.
    pub(crate) fn new(max_idle: usize) -> Self {
        Self {
            idle: Arc::new(Idle::new(max_idle)),
        }
    }
}

// SAFETY: every stack is page-aligned, has a guard below it, was zero when it was mapped and is owned by whoever took it.
unsafe impl StackCreator for StackPool {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let idle = if zeroed { None } else { self.idle.take() };
        let stack = match idle {
            Some(stack) if stack.range().len() == size => stack,
            _ => Stack::new(size)?,
        };
        Ok(Box::new(PooledStack {
            stack: Some(stack),
            idle: Arc::clone(&self.idle),
        }))
    }
}

/// A guard, and a stack above it.
struct Stack(Mapping);

impl Stack {
    fn new(size: usize) -> io::Result<Self> {
        let len = size
            .checked_add(GUARD_BYTES)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let mapping = Mapping::reserve(len)?;
        // SAFETY: the range is the upper part of the mapping made above.
        unsafe {
            let stack = mapping.start().as_ptr().add(GUARD_BYTES).cast();
            mprotect(stack, size, MprotectFlags::READ | MprotectFlags::WRITE)?;
            // A huge page for the few kilobytes that most runs need would be waste. Where there are none, nothing is lost.
            let _ = madvise(stack, size, Advice::LinuxNoHugepage);
        }
        Ok(Self(mapping))
    }

    fn range(&self) -> Range<usize> {
        let start = self.0.start().as_ptr().addr();
        start + GUARD_BYTES..start + self.0.len()
    }

    /// Gives back what a deep run has used.
    fn release_depths(&self) -> io::Result<()> {
        let depths = self.range().len().saturating_sub(KEPT_BYTES);
        // SAFETY: the lower part of the stack, which no fiber uses any more.
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
    idle: Arc<Idle<Stack>>,
}

impl PooledStack {
    fn stack(&self) -> &Stack {
        match &self.stack {
            Some(stack) => stack,
            // `drop` alone takes it.
            None => unreachable!("a stack that was given back"),
        }
    }
}

// SAFETY: the ranges are those of one mapping, readable and writable but for the guard, that lives as long as this.
unsafe impl StackMemory for PooledStack {
    fn top(&self) -> *mut u8 {
        let mapping = &self.stack().0;
        // SAFETY: one past the end of the mapping.
        unsafe { mapping.start().as_ptr().add(mapping.len()) }
    }

    fn range(&self) -> Range<usize> {
        self.stack().range()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        let start = self.stack().0.start().as_ptr();
        // SAFETY: inside of the mapping.
        start..unsafe { start.add(GUARD_BYTES) }
    }
}

impl Drop for PooledStack {
    fn drop(&mut self) {
        let Some(stack) = self.stack.take() else {
            return;
        };
        if stack.release_depths().is_ok() {
            self.idle.put(stack);
        }
    }
}
