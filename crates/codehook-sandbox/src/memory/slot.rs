//! Address space for one memory: a guard, the memory, what it may grow to, a guard.

use std::io;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;

use rustix::mm::{Advice, MprotectFlags, madvise, mprotect};

use super::PAGE;
use super::dirty_pages::PageMap;
use super::image::Image;
use crate::mapping::Mapping;

/// What a memory may keep of its pages from one run to the next, in bytes: putting back a page that is there takes a tenth of
/// the time of a page fault, but is paid for by the runs that would not have touched it.
const KEPT_BYTES: usize = 6 * 1024 * 1024;
/// After so many runs all pages are given back, so that what one large run touched is not put back for ever.
const RUNS_BETWEEN_RELEASES: u32 = 500;

/// One memory. Its content is the image's whenever it is idle.
pub(super) struct Slot {
    _reservation: Mapping,
    memory: NonNull<u8>,
    /// What the memory may grow to, in bytes.
    capacity: usize,
    /// The memory's size: what can be read and written, in bytes.
    size: usize,
    image: Arc<Image>,
    runs: u32,
    /// Whether none of its pages is there yet.
    empty: bool,
}

/// What a run wrote to.
#[derive(Debug, Default, Clone)]
pub(super) struct Written {
    /// Parts of the memory, in bytes.
    pub(super) parts: Vec<Range<usize>>,
    /// All of them together.
    pub(super) bytes: usize,
}

// SAFETY: `memory` points into the reservation, which this value alone owns.
unsafe impl Send for Slot {}
// SAFETY: as above; everything that changes it takes `&mut self`.
unsafe impl Sync for Slot {}

impl Slot {
    /// A memory with the image's content, `capacity` bytes to grow into, and `guard` bytes on both sides that trap.
    pub(super) fn new(image: Arc<Image>, capacity: usize, guard: usize) -> io::Result<Self> {
        let reservation = Mapping::reserve_between_guards(capacity, guard)?;
        let mut slot = Self {
            // SAFETY: `guard` is less than what was reserved.
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
        // SAFETY: the image lies inside of the memory's first size (`Image` checks it), in a mapping that is ours and new.
        unsafe {
            let at = self.memory.add(self.image.start()).as_ptr();
            self.image.map_over(at)?;
            // A huge page would be put back as a whole for one byte in it. Where there are none, nothing is lost.
            let _ = madvise(self.memory.as_ptr().cast(), size, Advice::LinuxNoHugepage);
        }
        Ok(())
    }

    pub(super) fn memory(&self) -> *mut u8 {
        self.memory.as_ptr()
    }

    pub(super) fn size(&self) -> usize {
        self.size
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Makes the memory `size` bytes large, which must not be less than it is.
    pub(super) fn grow_to(&mut self, size: usize) -> io::Result<()> {
        if size > self.capacity || size < self.size || !size.is_multiple_of(PAGE) {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.protect(self.size..size, MprotectFlags::READ | MprotectFlags::WRITE)?;
        self.size = size;
        Ok(())
    }

    /// Whether none of its pages is there yet.
    pub(super) fn is_empty(&self) -> bool {
        self.empty
    }

    /// Makes the pages that runs usually write to an empty memory's own at once: one by one, as they are written to, each
    /// would cost a page fault, and an interrupt of other processors if it was read before.
    pub(super) fn prepare(&mut self, usual: &Written) {
        self.empty = false;
        for part in &usual.parts {
            if part.end <= self.size {
                // SAFETY: the part is inside of the memory, which is ours alone. Contents do not change.
                let prepared = unsafe {
                    let at = self.memory.as_ptr().add(part.start).cast();
                    madvise(at, part.len(), Advice::LinuxPopulateWrite)
                };
                // Before Linux 5.14: page by page, then.
                if prepared.is_err() {
                    return;
                }
            }
        }
    }

    /// Makes the memory what it was at first, and answers what this run and those before had written to, if that was looked at.
    /// After an error it must not be used again.
    pub(super) fn put_back(&mut self, pages: Option<&PageMap>) -> io::Result<Option<Written>> {
        self.runs += 1;
        let written = match pages.filter(|_| !self.runs.is_multiple_of(RUNS_BETWEEN_RELEASES)) {
            Some(pages) => self.put_back_written(pages)?,
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

    fn put_back_written(&mut self, pages: &PageMap) -> io::Result<Option<Written>> {
        let base = self.memory.as_ptr().addr();
        let mut written = Written::default();
        pages.written(base..base + self.size, |stretch| {
            written.bytes += stretch.len();
            written.parts.push(stretch.start - base..stretch.end - base);
        })?;
        if written.bytes > KEPT_BYTES {
            self.release()?;
            return Ok(None);
        }
        for part in &written.parts {
            self.restore(part.clone());
        }
        Ok(Some(written))
    }

    /// Writes what the image has into a part of the memory, and zeroes where it has nothing.
    fn restore(&mut self, part: Range<usize>) {
        let image = self.image.bytes();
        let start = self.image.start();
        // SAFETY: the part is inside of the memory, which is ours alone, mapped and writable.
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

    /// Gives all pages back to the system; they are the image's, or zero, when they are next touched.
    fn release(&mut self) -> io::Result<()> {
        self.empty = true;
        if self.size > 0 {
            // SAFETY: the memory is ours alone, and nobody refers to what it holds.
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
        // SAFETY: the part is inside of the reservation, which is ours alone.
        unsafe {
            let at = self.memory.as_ptr().add(part.start).cast();
            mprotect(at, part.len(), flags)?;
        }
        Ok(())
    }
}
