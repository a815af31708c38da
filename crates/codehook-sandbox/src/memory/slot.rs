//! One linear memory: a guard, the memory, the space that it may grow into, a guard.

use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use rustix::mm::{Advice, MprotectFlags, madvise, mprotect};

use super::dirty_pages::PageMap;
use super::image::Image;
use super::mmap::Mmap;
use super::page::PAGE;

/// The most bytes of written pages that a memory keeps for the next run. To reset a page takes a tenth of the time of a
/// page fault, but also costs runs that would not have touched it.
const MAX_KEPT_BYTES: usize = 6 * 1024 * 1024;
/// Runs after which all pages are given back to the system, so that pages of one large run are not reset for ever.
const RUNS_BETWEEN_RELEASES: u32 = 500;

/// One memory. Its content is the image's whenever no run uses it.
pub(super) struct Slot {
    _reservation: Mmap,
    memory: NonNull<u8>,
    /// The largest size of the memory, in bytes.
    capacity: usize,
    /// Size of the memory, which is the part that can be read and written, in bytes.
    size: usize,
    image: Arc<Image>,
    runs: u32,
    /// Whether none of its pages is resident.
    empty: bool,
}

/// Pages that a run wrote to.
#[derive(Debug, Default, Clone)]
pub(super) struct Written {
    /// Ranges of offsets in the memory, in bytes.
    pub(super) parts: Vec<Range<usize>>,
    /// Sum of their lengths.
    pub(super) bytes: usize,
}

// SAFETY: `memory` alone keeps the type from being `Send`. It points into `_reservation`, which this value owns, so
// whichever thread holds the value has all access to the memory. Its pages belong to the process, and no state is bound
// to a thread.
unsafe impl Send for Slot {}
// SAFETY: through a shared reference one learns addresses and sizes, and reads no byte of the memory. Everything that
// reads or changes it takes `&mut self`, and wasmtime, which gets the address, owns the slot through `PooledMemory`
// while an instance lives.
unsafe impl Sync for Slot {}

impl Slot {
    /// Maps a memory with the image's content, `capacity` bytes to grow into, and `guard` bytes on both sides that
    /// trap.
    pub(super) fn new(image: Arc<Image>, capacity: usize, guard: usize) -> io::Result<Self> {
        let reservation = Mmap::reserve_between_guards(capacity, guard)?;
        let mut slot = Self {
            // SAFETY: the reservation is `guard + capacity + guard` bytes long, so `guard` is inside it.
            memory: unsafe { reservation.start().add(guard) },
            _reservation: reservation,
            capacity,
            size: 0,
            image,
            runs: 0,
            empty: true,
        };
        slot.map_image()?;
        Ok(slot)
    }

    fn map_image(&mut self) -> io::Result<()> {
        let size = self.image.memory_size();
        self.grow_to(size)?;
        // SAFETY: `Layout::read` has checked that the image is page-aligned and ends within `memory_size`, and
        // `grow_to` that this is within the capacity. The mapping is this value's and new, so there is no reference to
        // it. `NoHugepage` changes no content.
        unsafe {
            let at = self.memory.add(self.image.start()).as_ptr();
            self.image.map_over(at)?;
            // A huge page would be reset as a whole for one byte in it. Where there are none, the error is of no
            // consequence.
            let _ = madvise(self.memory.as_ptr().cast(), size, Advice::LinuxNoHugepage);
        }
        Ok(())
    }

    /// Returns the address of the memory.
    pub(super) fn memory(&self) -> *mut u8 {
        self.memory.as_ptr()
    }

    /// Returns the size of the memory in bytes.
    pub(super) fn size(&self) -> usize {
        self.size
    }

    /// Returns the largest size of the memory in bytes.
    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Grows the memory to `size` bytes; it cannot shrink.
    pub(super) fn grow_to(&mut self, size: usize) -> io::Result<()> {
        if size > self.capacity || size < self.size || !size.is_multiple_of(PAGE) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.protect(self.size..size, MprotectFlags::READ | MprotectFlags::WRITE)?;
        self.size = size;
        Ok(())
    }

    /// Returns whether none of its pages is resident.
    pub(super) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Makes private copies of the pages that runs typically write to, in one go. Otherwise each would cost a page
    /// fault when it is written to, and an interrupt of other processors if it was read before.
    pub(super) fn populate(&mut self, typical: &Written) {
        self.empty = false;
        for part in &typical.parts {
            if part.end <= self.size {
                // SAFETY: the part ends within the memory (checked), which this value owns. `PopulateWrite` faults
                // pages in as a write would, and changes no content.
                let populated = unsafe {
                    let at = self.memory.as_ptr().add(part.start).cast();
                    madvise(at, part.len(), Advice::LinuxPopulateWrite)
                };
                // Linux before 5.14 cannot do it: pages are copied one by one as they are written to.
                if populated.is_err() {
                    return;
                }
            }
        }
    }

    /// Resets the memory to the image, and returns the pages that this run and those before had written to, if they
    /// were looked up. After an error the memory must not be used again.
    pub(super) fn reset(&mut self, pages: Option<&PageMap>) -> io::Result<Option<Written>> {
        self.runs += 1;
        let written = match pages.filter(|_| !self.runs.is_multiple_of(RUNS_BETWEEN_RELEASES)) {
            Some(pages) => self.reset_written(pages)?,
            None => {
                self.release()?;
                None
            }
        };
        let first_size = self.image.memory_size();
        if self.size > first_size {
            self.protect(first_size..self.size, MprotectFlags::empty())?;
            self.size = first_size;
        }
        Ok(written)
    }

    /// Resets the pages that were written to, unless they are so many that it is better to release all.
    fn reset_written(&mut self, pages: &PageMap) -> io::Result<Option<Written>> {
        let base = self.memory.as_ptr().addr();
        let mut written = Written::default();
        pages.written(base..base + self.size, |region| {
            written.bytes += region.len();
            written.parts.push(region.start - base..region.end - base);
        })?;
        if written.bytes > MAX_KEPT_BYTES {
            self.release()?;
            return Ok(None);
        }
        for part in &written.parts {
            self.restore(part.clone());
        }
        Ok(Some(written))
    }

    /// Copies the image to a part of the memory, and zeroes what lies outside the image.
    fn restore(&mut self, part: Range<usize>) {
        let image = self.image.bytes();
        let start = self.image.start();
        // SAFETY: the part is one that the kernel found in the addresses `base..base + size` that it was asked about,
        // so it lies in the memory, which is mapped and writable up to `size`. This value owns it and is borrowed
        // mutably, and the instance that had the address is gone: `PooledMemory::drop` has taken the slot. So there is
        // no other reference to these bytes.
        let memory = unsafe {
            std::slice::from_raw_parts_mut(self.memory.as_ptr().add(part.start), part.len())
        };
        let in_image = |at: usize| at.clamp(start, start + image.len());
        let from = in_image(part.start);
        let to = in_image(part.end);
        let (before, rest) = memory.split_at_mut(from.max(part.start).min(part.end) - part.start);
        let (inside, after) = rest.split_at_mut(to - from);
        before.fill(0);
        inside.copy_from_slice(&image[from - start..to - start]);
        after.fill(0);
    }

    /// Gives all pages back to the system. They are the image's, or zero, when they are next touched.
    fn release(&mut self) -> io::Result<()> {
        self.empty = true;
        if self.size > 0 {
            // SAFETY: `size` bytes from `memory` on are this value's mappings, and no reference to them exists (see
            // `restore`). Their content may be lost: of a private mapping `DontNeed` leaves the file's bytes, or
            // zeroes, both valid.
            unsafe {
                madvise(
                    self.memory.as_ptr().cast(),
                    self.size,
                    Advice::LinuxDontNeed,
                )?
            };
        }
        Ok(())
    }

    fn protect(&mut self, part: Range<usize>, flags: MprotectFlags) -> io::Result<()> {
        if part.is_empty() {
            return Ok(());
        }
        // SAFETY: callers pass parts of `0..capacity`, which the reservation holds. This value owns it. Access is
        // withdrawn only from what lies beyond the new size, to which no reference exists once the run is over (see
        // `restore`).
        unsafe {
            let at = self.memory.as_ptr().add(part.start).cast();
            mprotect(at, part.len(), flags)?;
        }
        Ok(())
    }
}
