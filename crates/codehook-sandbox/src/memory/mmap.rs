//! Memory mappings that are unmapped when dropped.

use std::fs::File;
use std::io;
use std::ptr::{self, NonNull};

use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};

/// An owned mapping. It gives no access to its content: the holder decides what may be accessed, and when.
pub(crate) struct Mmap {
    at: NonNull<u8>,
    len: usize,
}

// SAFETY: `NonNull` makes the type neither `Send` nor `Sync`, for fear of what the pointer is used for. Here it is an
// address and a length that are passed to `munmap` once, in `drop`. Mappings belong to the process, so any thread may
// unmap them, and no other value holds this one: the constructors take fresh mappings, and the type is not `Clone`.
unsafe impl Send for Mmap {}
// SAFETY: a shared reference gives the address and the length, which never change. It dereferences nothing; a holder
// that does so through the address answers for it in its own unsafe code.
unsafe impl Sync for Mmap {}

impl Mmap {
    /// Reserves `len` bytes of address space. Any access traps until the holder makes parts of it accessible.
    pub(crate) fn reserve(len: usize) -> io::Result<Self> {
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: without an address and `MAP_FIXED` the system chooses free address space, so the mapping replaces
        // none.
        let at = unsafe { mmap_anonymous(ptr::null_mut(), len, ProtFlags::empty(), flags)? };
        Self::owned(at.cast(), len)
    }

    /// Reserves `capacity` bytes with `guard` bytes on both sides, which are to stay inaccessible.
    pub(crate) fn reserve_between_guards(capacity: usize, guard: usize) -> io::Result<Self> {
        let len = guard
            .checked_add(capacity)
            .and_then(|bytes| bytes.checked_add(guard))
            .ok_or(io::ErrorKind::OutOfMemory)?;
        Self::reserve(len)
    }

    /// Maps `len` bytes of `file` from `offset` on, readable. `offset` must be a multiple of the page size, and `len`
    /// not 0.
    pub(crate) fn of_file(file: &File, offset: u64, len: usize) -> io::Result<Self> {
        let flags = MapFlags::PRIVATE;
        // SAFETY: as in `reserve`. That the file stays as it is matters to those who read the mapping, and is theirs to
        // ensure.
        let at = unsafe { mmap(ptr::null_mut(), len, ProtFlags::READ, flags, file, offset)? };
        Self::owned(at.cast(), len)
    }

    fn owned(at: *mut u8, len: usize) -> io::Result<Self> {
        let at = NonNull::new(at).ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok(Self { at, len })
    }

    /// Returns its first address.
    pub(crate) fn start(&self) -> NonNull<u8> {
        self.at
    }

    /// Returns its length in bytes.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for Mmap {
    fn drop(&mut self) {
        // SAFETY: the constructors mapped exactly these bytes, and nothing else unmaps them. The holder owns this value
        // and gives out references to the content only as long as it does, so none is left.
        let unmapped = unsafe { munmap(self.at.as_ptr().cast(), self.len) };
        debug_assert!(unmapped.is_ok());
    }
}
