//! The native stacks on which guests run: kept from one run to the next, since mapping 50 MiB anew costs more than a short run.

use std::io;
use std::ops::Range;
use std::ptr::{self, NonNull};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::mm::{
    Advice, MapFlags, MprotectFlags, ProtFlags, madvise, mmap_anonymous, mprotect, munmap,
};
use wasmtime::{StackCreator, StackMemory};

/// Below each stack, so that an overflow traps.
const GUARD_BYTES: usize = 64 * 1024;
/// What stays with an idle stack, from its top: most runs need less.
const KEPT_BYTES: usize = 128 * 1024;

/// Where fibers get their stacks from.
#[derive(Clone)]
pub(crate) struct StackPool {
    shared: Arc<Shared>,
}

struct Shared {
    idle: Mutex<Vec<Stack>>,
    max_idle: usize,
}

impl StackPool {
    /// A pool that keeps at most `max_idle` stacks that no run uses.
    pub(crate) fn new(max_idle: usize) -> Self {
        Self {
            shared: Arc::new(Shared {
                idle: Mutex::new(Vec::new()),
                max_idle,
            }),
        }
    }
}

impl Shared {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Stack>> {
        // Nothing that holds the lock can leave the list half changed.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// SAFETY: every stack is page-aligned, has a guard below it, was zero when it was mapped and is owned by whoever took it.
unsafe impl StackCreator for StackPool {
    fn new_stack(&self, size: usize, zeroed: bool) -> wasmtime::Result<Box<dyn StackMemory>> {
        let idle = if zeroed {
            None
        } else {
            self.shared.idle().pop()
        };
        let stack = match idle {
            Some(stack) if stack.range().len() == size => stack,
            _ => Stack::new(size)?,
        };
        Ok(Box::new(PooledStack {
            stack: Some(stack),
            pool: Arc::clone(&self.shared),
        }))
    }
}

/// A guard, and a stack above it.
struct Stack {
    mapping: NonNull<u8>,
    len: usize,
}

// SAFETY: the pointer is to a mapping that this value alone owns.
unsafe impl Send for Stack {}
// SAFETY: as above; nothing changes it through a shared reference.
unsafe impl Sync for Stack {}

impl Stack {
    fn new(size: usize) -> io::Result<Self> {
        let len = size
            .checked_add(GUARD_BYTES)
            .ok_or(io::ErrorKind::OutOfMemory)?;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping at an address that the system chooses.
        let at = unsafe { mmap_anonymous(ptr::null_mut(), len, ProtFlags::empty(), flags)? };
        let mapping = NonNull::new(at.cast()).ok_or(io::ErrorKind::AddrNotAvailable)?;
        let stack = Self { mapping, len };
        // SAFETY: the range is the upper part of the mapping made above.
        unsafe {
            let flags = MprotectFlags::READ | MprotectFlags::WRITE;
            mprotect(at.cast::<u8>().add(GUARD_BYTES).cast(), size, flags)?;
            // A huge page for the few kilobytes that most runs need would be waste. Where there are none, nothing is lost.
            let _ = madvise(at, len, Advice::LinuxNoHugepage);
        }
        Ok(stack)
    }

    fn range(&self) -> Range<usize> {
        let start = self.mapping.as_ptr().addr();
        start + GUARD_BYTES..start + self.len
    }

    /// Gives back what a deep run has used.
    fn release_depths(&self) -> io::Result<()> {
        let depths = self.range().len().saturating_sub(KEPT_BYTES);
        // SAFETY: the lower part of the stack, which no fiber uses any more.
        unsafe {
            let at = self.mapping.as_ptr().add(GUARD_BYTES).cast();
            madvise(at, depths, Advice::LinuxDontNeed)?;
        }
        Ok(())
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // SAFETY: the whole mapping is ours, and nothing refers to it any more.
        let unmapped = unsafe { munmap(self.mapping.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok());
    }
}

/// The stack of one fiber.
struct PooledStack {
    /// There until it is dropped.
    stack: Option<Stack>,
    pool: Arc<Shared>,
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
        let stack = self.stack();
        // SAFETY: one past the end of the mapping.
        unsafe { stack.mapping.as_ptr().add(stack.len) }
    }

    fn range(&self) -> Range<usize> {
        self.stack().range()
    }

    fn guard_range(&self) -> Range<*mut u8> {
        let start = self.stack().mapping.as_ptr();
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
            let mut idle = self.pool.idle();
            if idle.len() < self.pool.max_idle {
                idle.push(stack);
            }
        }
    }
}
