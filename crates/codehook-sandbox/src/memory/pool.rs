//! Pool of linear memories for wasmtime.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

use super::dirty_pages::PageMap;
use super::epoch_counter::EpochCounter;
use super::free_list::FreeList;
use super::image::Image;
use super::slot::{Slot, Written};

/// Pool from which instances take their memories.
#[derive(Clone)]
pub(crate) struct MemoryPool {
    epoch: EpochCounter,
    shared: Arc<Shared>,
}

struct Shared {
    image: OnceLock<Arc<Image>>,
    free: FreeList<Slot>,
    pages: Option<PageMap>,
    /// Pages that one memory's runs wrote to, the largest such set below [`TYPICAL_BYTES`]: nearly all are written to
    /// in every run.
    typical: Mutex<Arc<Written>>,
}

/// The most that a typical run writes to, in bytes.
const TYPICAL_BYTES: usize = 1536 * 1024;

impl MemoryPool {
    /// Returns a pool that keeps at most `max_idle` unused memories. A memory of the epoch's type is the epoch.
    pub(crate) fn new(max_idle: usize, epoch: EpochCounter) -> Self {
        Self {
            epoch,
            shared: Arc::new(Shared {
                image: OnceLock::new(),
                free: FreeList::new(max_idle),
                pages: PageMap::open(),
                typical: Mutex::default(),
            }),
        }
    }

    /// Sets the initial content of every memory. Call it once, before the first memory is created.
    pub(crate) fn set_image(&self, image: Image) {
        let first = self.shared.image.set(Arc::new(image)).is_ok();
        debug_assert!(first);
    }
}

// SAFETY: every memory has the reservation and the guards that wasmtime asks for: `Slot` maps them as one, and makes
// nothing beyond the memory's size accessible. wasmtime asks for memory "filled with zeroes", because it writes the
// module's data segments into it afterwards; the modules of an engine with this pool have none (`data_segments` has
// separated them), and the memory's initial content is theirs.
unsafe impl MemoryCreator for MemoryPool {
    fn new_memory(
        &self,
        ty: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        if EpochCounter::is_type(&ty) {
            return self.epoch.memory(reserved, guard);
        }
        let image = self.shared.image.get().ok_or("there is no image yet")?;
        let reserved = reserved.ok_or("a memory without a reservation")?;
        if minimum != image.memory_size() {
            return Err("the memory is not the interpreter's".to_owned());
        }
        let mut slot = match self.shared.free.take() {
            Some(slot) if slot.capacity() == reserved => slot,
            _ => Slot::new(Arc::clone(image), reserved, guard)
                .map_err(|error| format!("no address space for a memory ({error})"))?,
        };
        if slot.is_empty() {
            let typical = Arc::clone(&self.shared.typical());
            slot.populate(&typical);
        }
        Ok(Box::new(PooledMemory {
            slot: Some(slot),
            pool: Arc::clone(&self.shared),
        }))
    }
}

impl Shared {
    fn typical(&self) -> MutexGuard<'_, Arc<Written>> {
        self.typical.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers what a run wrote to, if it is the largest typical set so far.
    fn learn(&self, written: Written) {
        let mut typical = self.typical();
        if written.bytes <= TYPICAL_BYTES && written.bytes > typical.bytes {
            *typical = Arc::new(written);
        }
    }

    /// Resets a memory and keeps it, or drops it when enough are kept.
    fn recycle(&self, mut slot: Slot) {
        if self.free.is_full() {
            return;
        }
        match slot.reset(self.pages.as_ref()) {
            Ok(written) => {
                if let Some(written) = written {
                    self.learn(written);
                }
                self.free.put(slot);
            }
            Err(error) => {
                tracing::warn!(%error, "a memory could not be reset and is not used again")
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

// SAFETY: the base address never changes, and everything from it to `byte_size` is mapped and writable while this
// lives.
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
