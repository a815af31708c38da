//! The epoch: a number that every guest of an engine can read and none can write. Safepoints yield when it has changed.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use codehook_safepoints::EPOCH_MEMORY_PAGES;
use rustix::mm::{MprotectFlags, mprotect};
use wasmtime::{LinearMemory, MemoryType};

use super::mmap::Mmap;
use super::page::WASM_PAGE;

/// Size of the epoch's memory in bytes.
const SIZE: usize = EPOCH_MEMORY_PAGES as usize * WASM_PAGE;

/// The epoch of one engine. Cheap to clone.
#[derive(Clone)]
pub(crate) struct EpochCounter {
    shared: Arc<Reservation>,
}

struct Reservation {
    mapping: Mmap,
    guard: usize,
}

impl EpochCounter {
    /// Maps a counter in a memory of `capacity` addressable bytes, with guards on both sides.
    pub(crate) fn new(capacity: usize, guard: usize) -> io::Result<Self> {
        if capacity < SIZE {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        let mapping = Mmap::reserve_between_guards(capacity, guard)?;
        let shared = Reservation { mapping, guard };
        // SAFETY: the page lies in the mapping made above: after the guard, and `capacity` is at least a page
        // (checked). Nothing refers to the mapping yet.
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

    /// Returns the current epoch, which wraps around after 2³².
    pub(crate) fn current(&self) -> u32 {
        self.shared.epoch().load(Ordering::Relaxed)
    }

    /// Increments the epoch: every run yields at its next safepoint.
    pub(crate) fn increment(&self) {
        self.shared.epoch().fetch_add(1, Ordering::Relaxed);
    }

    /// Returns whether `ty` is the type of the epoch's memory. A guest's own memory cannot have it: safepoint insertion
    /// refuses it.
    pub(crate) fn is_type(ty: &MemoryType) -> bool {
        ty.minimum() == EPOCH_MEMORY_PAGES && ty.maximum() == Some(EPOCH_MEMORY_PAGES)
    }

    /// Returns the epoch as a memory of an instance.
    pub(crate) fn memory(
        &self,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let shared = Arc::clone(&self.shared);
        if reserved != Some(shared.capacity()) || guard > shared.guard {
            return Err("the epoch's memory is laid out in another way".to_owned());
        }
        Ok(Box::new(EpochMemory { shared }))
    }
}

impl Reservation {
    fn page(&self) -> *mut u8 {
        // SAFETY: the mapping is `guard + capacity + guard` bytes long (`reserve_between_guards`), so `guard` is inside
        // it.
        unsafe { self.mapping.start().add(self.guard).as_ptr() }
    }

    fn capacity(&self) -> usize {
        self.mapping.len() - 2 * self.guard
    }

    fn epoch(&self) -> &AtomicU32 {
        // SAFETY: `new` made the page readable and writable, a page's start is aligned for `u32`, and the mapping lives
        // as long as the reference. Rust code accesses it through this function alone. Guests' code reads it with plain
        // loads: safepoint insertion validates a guest's code before it adds this memory, so that no instruction of the
        // guest's names it. To the processor an aligned load of 32 bits is atomic; such code is outside of Rust's
        // memory model.
        unsafe { AtomicU32::from_ptr(self.page().cast()) }
    }
}

/// The epoch as an instance's memory.
struct EpochMemory {
    shared: Arc<Reservation>,
}

// SAFETY: the address never changes, and `SIZE` bytes from it on are mapped and readable as long as this value lives.
// The memory is not exported, so no code of wasmtime's or ours makes a slice of it while it changes.
unsafe impl LinearMemory for EpochMemory {
    fn byte_size(&self) -> usize {
        SIZE
    }

    fn byte_capacity(&self) -> usize {
        self.shared.capacity()
    }

    fn grow_to(&mut self, _: usize) -> wasmtime::Result<()> {
        Err(wasmtime::Error::msg("the epoch's memory does not grow"))
    }

    fn as_ptr(&self) -> *mut u8 {
        self.shared.page()
    }
}
