//! The initial content of the interpreter's memory: a file that every run's memory maps copy-on-write.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::fs::FileExt;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use rustix::mm::{MapFlags, ProtFlags, mmap};

use super::data_segments::InitialData;
use super::mmap::Mmap;
use super::page::PAGE;

/// The first page of the file describes the rest, so that the rest can be mapped.
const HEADER_BYTES: usize = PAGE;
const MAGIC: [u8; 8] = *b"chimage1";

/// Initial memory of an interpreter.
pub(crate) struct Image {
    file: File,
    /// Offset in the file of the first byte after the header, a multiple of the page size.
    offset: u64,
    layout: Layout,
    /// The host's own mapping, from which pages are reset; `None` for an empty image.
    pristine: Option<Mmap>,
}

/// Position in a memory; all in bytes and multiples of the page size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Layout {
    start: usize,
    len: usize,
    memory_size: usize,
}

impl Image {
    /// Copies `data` to a file in memory that is sealed against changes.
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

    /// Reads the image in `file`, which must not change from here on: runs would see the change.
    pub(crate) fn from_file(file: File) -> io::Result<Self> {
        let size = file.metadata()?.len();
        Self::from_part(file, 0..size)
    }

    /// Reads an image that fills `part` of the file. The start of the part is a multiple of the page size.
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
            len => Some(Mmap::of_file(&file, offset, len)?),
        };
        Ok(Self {
            file,
            offset,
            layout,
            pristine,
        })
    }

    /// Returns its address in a memory.
    pub(crate) fn start(&self) -> usize {
        self.layout.start
    }

    /// Returns its content from [`start`](Self::start) on.
    pub(crate) fn bytes(&self) -> &[u8] {
        let Some(pristine) = &self.pristine else {
            return &[];
        };
        // SAFETY: the bytes are mapped for reading as long as `self` lives. The file does not change: it is a sealed
        // one, or one that `from_file` and `from_part` require not to change, in a directory that only this user can
        // write to.
        unsafe { std::slice::from_raw_parts(pristine.start().as_ptr(), pristine.len()) }
    }

    /// Returns the initial size of a memory in bytes.
    pub(crate) fn memory_size(&self) -> usize {
        self.layout.memory_size
    }

    /// Maps the image over a part of an existing mapping, private and writable.
    ///
    /// # Safety
    ///
    /// `at` must be page-aligned, and the caller must own a mapping of as many bytes as [`Image::bytes`] has from there
    /// on, to which no reference exists.
    pub(super) unsafe fn map_over(&self, at: *mut u8) -> io::Result<()> {
        if self.layout.len == 0 {
            return Ok(());
        }
        // SAFETY: the caller owns the range, so `MAP_FIXED` replaces nobody else's mapping. A private mapping never
        // writes to the file.
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
