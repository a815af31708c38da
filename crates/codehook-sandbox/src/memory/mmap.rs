//! Stretches of address space: mapped once, unmapped when dropped.

use std::fs::File;
use std::io;
use std::ptr::{self, NonNull};

use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

/// A mapping that nobody else owns. What is in it is its holder's business.
pub(crate) struct Mapping {
    at: NonNull<u8>,
    len: usize,
}

// SAFETY: a mapping belongs to the process, not to a thread, and this value alone owns it.
unsafe impl Send for Mapping {}
// SAFETY: a shared reference gives no access, only the address.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Address space of `len` bytes that traps wherever it is touched, until its holder makes parts of it accessible.
    pub(crate) fn reserve(len: usize) -> io::Result<Self> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a new mapping at an address that the system chooses.
        let at = unsafe { mmap_anonymous(ptr::null_mut(), len, ProtFlags::empty(), flags)? };
        Self::owned(at.cast(), len)
    }

    /// The same for `capacity` bytes with `guard` bytes on both sides, which are to stay inaccessible.
    pub(crate) fn reserve_between_guards(capacity: usize, guard: usize) -> io::Result<Self> {
        let len = guard
            .checked_add(capacity)
            .and_then(|bytes| bytes.checked_add(guard))
            .ok_or(io::ErrorKind::OutOfMemory)?;
        Self::reserve(len)
    }

    /// `len` bytes of `file` from `offset` on, to be read. `offset` must be a multiple of the page size, and `len` not 0.
    pub(crate) fn of_file(file: &File, offset: u64, len: usize) -> io::Result<Self> {
        let flags = MapFlags::PRIVATE;
        // SAFETY: a new mapping at an address that the system chooses.
        let at = unsafe { mmap(ptr::null_mut(), len, ProtFlags::READ, flags, file, offset)? };
        Self::owned(at.cast(), len)
    }

    fn owned(at: *mut u8, len: usize) -> io::Result<Self> {
        let at = NonNull::new(at).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { at, len })
    }

    /// Where it begins.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.at
    }

    /// In bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the whole mapping is this value's, and its holder, who alone gives out references to it, is gone.
        let unmapped = unsafe { munmap(self.at.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok());
    }
}
