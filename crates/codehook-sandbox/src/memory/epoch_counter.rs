//! The clock that makes runs give way: a number that every guest of an engine can read and none can write.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::{LinearMemory, MemoryType};

use crate::mapping::Mapping;
use crate::memory::WASM_PAGE;

/// The memory's size, at its start and at most, in WebAssembly pages. No guest's own memory is of a type that ends there.
pub(crate) const PAGES: u64 = 1;
/// The same in bytes.
const SIZE: usize = WASM_PAGE;

/// One for each engine. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Clock {
    shared: Arc<Reservation>,
}

struct Reservation {
    mapping: Mapping,
    guard: usize,
}

impl Clock {
    /// A clock in a memory that may be addressed as far as `capacity` bytes, with guards on both sides.
    pub(crate) fn new(capacity: usize, guard: usize) -> io::Result<Self> {
        let mapping = Mapping::reserve_between_guards(capacity, guard)?;
        let shared = Reservation { mapping, guard };
        // SAFETY: inside of the mapping, which nobody else uses yet.
        unsafe {
            mprotect(
                shared.page().cast(),
                SIZE,
                MprotectFlags::READ | MprotectFlags::WRITE,
            )?
        };
        Ok(Self {
            shared: Arc::new(shared),
        })
    }

    /// The number of ticks so far, which begins again after 2³².
    pub(crate) fn now(&self) -> u32 {
        self.shared.ticks().load(Ordering::Relaxed)
    }

    /// Makes every run give way at its next check.
    pub(crate) fn tick(&self) {
        self.shared.ticks().fetch_add(1, Ordering::Relaxed);
    }

    /// Whether this is the type of the memory through which guests read the clock. No guest's own memory is of it.
    pub(crate) fn is_type(ty: &MemoryType) -> bool {
        ty.minimum() == PAGES && ty.maximum() == Some(PAGES)
    }

    /// The clock as a memory of an instance.
    pub(crate) fn memory(
        &self,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let shared = Arc::clone(&self.shared);
        if reserved != Some(shared.capacity()) || guard > shared.guard {
            return Err("the clock's memory is laid out in another way".to_owned());
        }
        Ok(Box::new(ClockMemory { shared }))
    }
}

impl Reservation {
    fn page(&self) -> *mut u8 {
        // SAFETY: the guard is less than what was reserved.
        unsafe { self.mapping.start().add(self.guard).as_ptr() }
    }

    fn capacity(&self) -> usize {
        self.mapping.len() - 2 * self.guard
    }

    fn ticks(&self) -> &AtomicU32 {
        // SAFETY: readable, writable and aligned, since a page begins there, as long as the mapping lives. Rust's code touches it only
        // through this; guests' code reads it, and has no instruction that writes to it.
        unsafe { AtomicU32::from_ptr(self.page().cast()) }
    }
}

/// What an instance holds of the clock.
struct ClockMemory {
    shared: Arc<Reservation>,
}

// SAFETY: the address never changes, and the page from it on is mapped as long as this lives. It is not exported, so that wasmtime
// makes no slice of it while it changes.
unsafe impl LinearMemory for ClockMemory {
    fn byte_size(&self) -> usize {
        SIZE
    }

    fn byte_capacity(&self) -> usize {
        self.shared.capacity()
    }

    fn grow_to(&mut self, _: usize) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg("the clock's memory does not grow"))
    }

    fn as_ptr(&self) -> *mut u8 {
        self.shared.page()
    }
}
