//! What the interpreter's memory holds when a run begins: a file that every run's memory maps copy-on-write.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap};

use super::PAGE;
use super::split::InitialData;
use crate::mapping::Mapping;

/// The first page of the file describes the rest, so that the rest can be mapped.
const HEADER_BYTES: usize = PAGE;
const MAGIC: [u8; 8] = *b"chimage1";

/// An interpreter's initial memory.
pub(crate) struct Image {
    file: File,
    /// Where the image's first byte after its header lies in the file, a multiple of the page size.
    offset: u64,
    layout: Layout,
    /// As the host reads it, to put pages back; nothing when there is no byte.
    pristine: Option<Mapping>,
}

/// Where the image lies in a memory; all in bytes and multiples of the page size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    start: usize,
    len: usize,
    memory_size: usize,
}

impl Image {
    /// Keeps `data` in memory that belongs to no file system, sealed against changes.
    pub(crate) fn in_memory(data: &InitialData) -> io::Result<Self> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        let mut file = File::from(memfd_create("codehook-image", flags)?);
        Self::write(data, &mut file)?;
        let seals = SealFlags::WRITE | SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
        fcntl_add_seals(&file, seals)?;
        Self::from_file(file)
    }

    /// Writes an image that [`Image::from_file`] reads.
    pub(crate) fn write(data: &InitialData, to: &mut impl Write) -> io::Result<()> {
        let mut header = [0; HEADER_BYTES];
        header[..8].copy_from_slice(&MAGIC);
        let numbers = [data.start, data.bytes.len(), data.memory_size];
        for (place, number) in header[8..].chunks_exact_mut(8).zip(numbers) {
            place.copy_from_slice(&(number as u64).to_le_bytes());
        }
        to.write_all(&header)?;
        to.write_all(&data.bytes)
    }

    /// The image in `file`, which nobody may change from here on: runs would see it.
    pub(crate) fn from_file(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Self::from_part(file, 0..size)
    }

    /// The same for an image that fills `part` of the file. Its start is a multiple of the page size.
    pub(crate) fn from_part(file: File, part: Range<u64>) -> io::Result<Self> {
        let mut header = [0; HEADER_BYTES];
        file.read_exact_at(&mut header, part.start)?;
        let layout = Layout::read(&header)
            .filter(|layout| {
                part.end.checked_sub(part.start) == Some((HEADER_BYTES + layout.len) as u64)
            })
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "not a memory image"))?;
        let offset = part.start + HEADER_BYTES as u64;
        let pristine = match layout.len {
            0 => None,
            len => Some(Mapping::of_file(&file, offset, len)?),
        };
        Ok(Self {
            file,
            offset,
            layout,
            pristine,
        })
    }

    /// Where the image begins in a memory.
    pub(crate) fn start(&self) -> usize {
        self.layout.start
    }

    /// What the image holds from `start` on.
    pub(crate) fn bytes(&self) -> &[u8] {
        let Some(pristine) = &self.pristine else {
            return &[];
        };
        // SAFETY: mapped for reading as long as `self` lives; the file does not change (a sealed one, or one in the cache, of
        // which `from_file` requires it).
        unsafe { std::slice::from_raw_parts(pristine.start().as_ptr(), pristine.len()) }
    }

    /// A memory's size when a run begins.
    pub(crate) fn memory_size(&self) -> usize {
        self.layout.memory_size
    }

    /// Maps the image over a part of an existing mapping, private and writable.
    ///
    /// # Safety
    ///
    /// `at` must be page-aligned, and the [`Image::bytes`]' length from there on must be a mapping that the caller owns and
    /// nothing refers to.
    pub(super) unsafe fn map_over(&self, at: *mut u8) -> io::Result<()> {
        if self.layout.len == 0 {
            return Ok(());
        }
        // SAFETY: the caller says that the range may be replaced. A private mapping never writes to the file.
        unsafe {
            mmap(
                at.cast(),
                self.layout.len,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::PRIVATE | MapFlags::FIXED | MapFlags::NORESERVE,
                &self.file,
                self.offset,
            )?;
        }
        Ok(())
    }
}

impl Layout {
    fn read(header: &[u8; HEADER_BYTES]) -> Option<Self> {
        let number = |index: usize| {
            let bytes = header.get(8 + 8 * index..16 + 8 * index)?;
            let number = u64::from_le_bytes(bytes.try_into().ok()?);
            usize::try_from(number).ok()
        };
        let layout = Self {
            start: number(0)?,
            len: number(1)?,
            memory_size: number(2)?,
        };
        let aligned = [layout.start, layout.len, layout.memory_size]
            .iter()
            .all(|number| number.is_multiple_of(PAGE));
        let fits = layout.start.checked_add(layout.len)? <= layout.memory_size;
        (header[..8] == MAGIC && aligned && fits).then_some(layout)
    }
}
