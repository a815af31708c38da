//! Memories for wasmtime, from those that earlier runs are done with.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::dirty_pages::PageMap;
use super::image::Image;
use super::slot::{Slot, Written};
use crate::clock::Clock;
use crate::idle::Idle;

/// Where instances get their memories from.
#[derive(Clone)]
pub(crate) struct MemoryPool {
    clock: Clock,
    shared: Arc<Shared>,
}

struct Shared {
    image: OnceLock<Arc<Image>>,
    idle: Idle<Slot>,
    pages: Option<PageMap>,
    /// What a memory's runs wrote to, of those that wrote to little: most of it is what every run writes to.
    usual: Mutex<Arc<Written>>,
}

/// More than this is not what every run writes to, in bytes.
const USUAL_BYTES: usize = 1536 * 1024;

impl MemoryPool {
    /// A pool that keeps at most `max_idle` memories that no run uses.
    /// Whatever is of the clock's type is the clock.
    pub(crate) fn new(max_idle: usize, clock: Clock) -> Self {
        Self {
            clock,
            shared: Arc::new(Shared {
                image: OnceLock::new(),
                idle: Idle::new(max_idle),
                pages: PageMap::open(),
                usual: Mutex::default(),
            }),
        }
    }

    /// Says what every memory holds at first. Counts once; no memory can be made before.
    pub(crate) fn set_image(&self, image: Image) {
        let first = self.shared.image.set(Arc::new(image)).is_ok();
        debug_assert!(first);
    }
}

// SAFETY: every memory has the reservation and the guards that wasmtime asks for: `Slot` maps them as one, and makes nothing
// beyond the memory's size accessible. wasmtime asks for memory "filled with zeroes", because it writes the module's data into
// it afterwards; the modules of an engine with this pool have no data (`split` has taken it out), and what their memory holds
// at first is that data.
unsafe impl MemoryCreator for MemoryPool {
    fn new_memory(
        &self,
        ty: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if Clock::is_type(&ty) {
            return self.clock.memory(reserved, guard);
        }
        let image = self.shared.image.get().ok_or("there is no image yet")?;
        let reserved = reserved.ok_or("a memory without a reservation")?;
        if minimum != image.memory_size() {
            return Err("the memory is not the interpreter's".to_owned());
        }
        let mut slot = match self.shared.idle.take() {
            Some(slot) if slot.capacity() == reserved => slot,
            _ => Slot::new(Arc::clone(image), reserved, guard)
                .map_err(|error| format!("no address space for a memory ({error})"))?,
        };
        if slot.is_empty() {
            let usual = Arc::clone(&self.shared.usual());
            slot.prepare(&usual);
        }
        Ok(Box::new(PooledMemory {
            slot: Some(slot),
            pool: Arc::clone(&self.shared),
        }))
    }
}

impl Shared {
    fn usual(&self) -> MutexGuard<'_, Arc<Written>> {
        self.usual.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn learn(&self, written: Written) {
        let mut usual = self.usual();
        if written.bytes <= USUAL_BYTES && written.bytes > usual.bytes {
            *usual = Arc::new(written);
        }
    }

    /// Takes a memory back, or lets it go.
    fn recycle(&self, mut slot: Slot) {
        if self.idle.is_full() {
            return;
        }
        match slot.put_back(self.pages.as_ref()) {
            Ok(written) => {
                if let Some(written) = written {
                    self.learn(written);
                }
                self.idle.put(slot);
            }
            Err(error) => {
                tracing::warn!(%error, "a memory could not be put back and is not used again")
            }
        }
    }
}

/// The memory of one instance.
struct PooledMemory {
    /// There until it is dropped.
    slot: Option<Slot>,
    pool: Arc<Shared>,
}

// SAFETY: the base address never changes, and everything from it to `byte_size` is mapped and writable while this lives.
unsafe impl LinearMemory for PooledMemory {
    fn byte_size(&self) -> usize {
        self.slot.as_ref().map_or(0, Slot::size)
    }

    fn byte_capacity(&self) -> usize {
        self.slot.as_ref().map_or(0, Slot::capacity)
    }

    fn grow_to(&mut self, new_size: usize) -> wasmtime::Result<()> {
        match &mut self.slot {
            Some(slot) => Ok(slot.grow_to(new_size)?),
            None => Err(wasmtime::Error::msg("the memory is gone")),
        }
    }

    fn as_ptr(&self) -> *mut u8 {
        self.slot
            .as_ref()
            .map_or(std::ptr::null_mut(), Slot::memory)
    }
}

impl Drop for PooledMemory {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.pool.recycle(slot);
        }
    }
}
