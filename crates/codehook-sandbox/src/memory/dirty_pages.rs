//! Which pages of a mapping were written to: Linux's `PAGEMAP_SCAN` (ioctl on `/proc/self/pagemap`, since 6.7; described in the
//! kernel's `Documentation/admin-guide/mm/pagemap.rst`).

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

/// Stretches that one call reports.
const STRETCHES: usize = 256;

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
    /// The page map, where the kernel can scan it.
    pub(super) fn open() -> Option<Self> {
        let map = Self {
            file: File::open("/proc/self/pagemap").ok()?,
        };
        map.written(0..0, |_| {}).ok()?;
        Some(map)
    }

    /// Calls `found` with each stretch of pages in `addresses` that are private to this process: written to since they were
    /// mapped. A page that was only read is the file's or the zero page, and is none; one that was swapped out is one.
    pub(super) fn written(
        &self,
        addresses: Range<usize>,
        mut found: impl FnMut(Range<usize>),
    ) -> io::Result<()> {
        let mut regions = [PageRegion::default(); STRETCHES];
        let mut argument = ScanArgument {
            size: size_of::<ScanArgument>() as u64,
            start: addresses.start as u64,
            end: addresses.end as u64,
            vec: regions.as_mut_ptr() as u64,
            vec_len: STRETCHES as u64,
            category_inverted: FILE | ZERO,
            category_mask: FILE | ZERO,
            category_anyof_mask: PRESENT | SWAPPED,
            ..ScanArgument::default()
        };
        loop {
            // SAFETY: the kernel reads the argument, writes at most `vec_len` regions to `vec`, which lives until the end of
            // this function, and changes `walk_end`.
            let count = unsafe { ioctl(&self.file, Scan(&mut argument))? };
            for region in &regions[..count.min(STRETCHES)] {
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

struct Scan<'a>(&'a mut ScanArgument);

// SAFETY: `PAGEMAP_SCAN` is `_IOWR('f', 16, struct pm_scan_arg)`, answers the number of regions, and takes the structure above.
unsafe impl Ioctl for Scan<'_> {
    type Output = usize;

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        opcode::read_write::<ScanArgument>(b'f', 16)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::from_mut(self.0).cast()
    }

    unsafe fn output_from_ptr(
        output: IoctlOutput,
        _: *mut c_void,
    ) -> rustix::io::Result<Self::Output> {
        Ok(usize::try_from(output).unwrap_or(0))
    }
}
