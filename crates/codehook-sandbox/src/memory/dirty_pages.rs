//! Finds the pages of a mapping that were written to: Linux's `PAGEMAP_SCAN` (ioctl on `/proc/self/pagemap`, since 6.7;
//! described in the kernel's `Documentation/admin-guide/mm/pagemap.rst`).

use std::ffi::c_void;
use std::fs::File;
use std::io;
use std::ops::Range;

use rustix::ioctl::{Ioctl, IoctlOutput, Opcode, ioctl, opcode};

// `PAGE_IS_*` of the kernel's `linux/fs.h`.
const FILE: u64 = 1 << 2;
const PRESENT: u64 = 1 << 3;
const SWAPPED: u64 = 1 << 4;
const ZERO: u64 = 1 << 5;

/// Regions that one call of the kernel reports, at most.
const MAX_REGIONS: usize = 256;

/// The process's page map.
pub(super) struct PageMap {
    file: File,
}

/// `struct page_region`.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
struct PageRegion {
    start: u64,
    end: u64,
    categories: u64,
}

/// `struct pm_scan_arg`.
#[derive(Debug, Clone, Copy, Default)]
#[repr(C)]
struct ScanArgument {
    size: u64,
    flags: u64,
    start: u64,
    end: u64,
    walk_end: u64,
    vec: u64,
    vec_len: u64,
    max_pages: u64,
    category_inverted: u64,
    category_mask: u64,
    category_anyof_mask: u64,
    return_mask: u64,
}

impl PageMap {
    /// Opens the page map, if the kernel can scan it.
    pub(super) fn open() -> Option<Self> {
        let map = Self {
            file: File::open("/proc/self/pagemap").ok()?,
        };
        map.written(0..0, |_| {}).ok()?;
        Some(map)
    }

    /// Calls `found` with each region of pages in `addresses` that are private to this process: written to since they
    /// were mapped. A page that was only read is the file's or the zero page, and does not count; one that was swapped
    /// out does.
    pub(super) fn written(
        &self,
        addresses: Range<usize>,
        mut found: impl FnMut(Range<usize>),
    ) -> io::Result<()> {
        let mut regions = [PageRegion::default(); MAX_REGIONS];
        let mut argument = ScanArgument {
            size: size_of::<ScanArgument>() as u64,
            start: addresses.start as u64,
            end: addresses.end as u64,
            vec: regions.as_mut_ptr() as u64,
            vec_len: MAX_REGIONS as u64,
            category_inverted: FILE | ZERO,
            category_mask: FILE | ZERO,
            category_anyof_mask: PRESENT | SWAPPED,
            ..ScanArgument::default()
        };
        loop {
            // SAFETY: the kernel reads `argument`, writes `walk_end` in it, and writes at most `vec_len` regions from
            // `vec` on. `argument` is borrowed for the call. `vec` is the address of `regions`, which has room for
            // `vec_len` of them, lives until the end of this function, and is read only between calls; any bytes are
            // valid for its integers. The scanned addresses are only looked up in page tables: an address that is not
            // mapped is an error or no region, never an access.
            let count = unsafe { ioctl(&self.file, Scan(&mut argument))? };
            for region in regions.get(..count).ok_or(io::ErrorKind::InvalidData)? {
                found(region.start as usize..region.end as usize);
            }
            if argument.walk_end >= argument.end {
                return Ok(());
            }
            if argument.walk_end <= argument.start {
                return Err(io::ErrorKind::Other.into());
            }
            argument.start = argument.walk_end;
        }
    }
}

/// The call with its argument.
struct Scan<'a>(&'a mut ScanArgument);

// SAFETY: `PAGEMAP_SCAN` is `_IOWR('f', 16, struct pm_scan_arg)` in the kernel's `linux/fs.h`, on every architecture,
// and `opcode` returns that. `ScanArgument` has the fields of `struct pm_scan_arg` in their order, 12 of 64 bits each,
// so it has no padding and the size that the opcode encodes; the kernel refuses another `size`. `as_ptr` returns a
// pointer to it that is valid for the borrow that `Scan` holds. `IS_MUTATING` is true, since the kernel writes
// `walk_end`. The result of the call is the number of regions.
unsafe impl Ioctl for Scan<'_> {
    type Output = usize;

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<ScanArgument>(b'f', 16)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::from_mut(self.0).cast()
    }

    // SAFETY: the trait's contract gives this function the result and the pointer of a successful call. It reads only
    // the result.
    unsafe fn output_from_ptr(
        output: IoctlOutput,
        _: *mut c_void,
    ) -> rustix::io::Result<Self::Output> {
        // Errors have been returned before: a successful call reports no negative number.
        usize::try_from(output).map_err(|_| rustix::io::Errno::RANGE)
    }
}
