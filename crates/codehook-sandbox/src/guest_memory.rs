//! Reading and writing a guest's memory through the bounds that wasmtime knows. Every pointer and length here comes
//! from the guest and may be anything.

use wasmtime::{AsContext, AsContextMut, Memory};

use crate::fs::{Errno, text_of};

/// The longest path a guest may name, in bytes (Linux: PATH_MAX).
const MAX_PATH: u32 = 4096;
/// The most buffers in one read or write (Linux: UIO_MAXIOV).
const MAX_BUFFERS: u32 = 1024;

/// A range that has been checked to lie in the guest's memory.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    start: usize,
    len: usize,
}

impl Span {
    pub(crate) fn len(self) -> usize {
        self.len
    }
}

/// View of one instance's memory.
pub(crate) struct GuestMemory<'a> {
    data: &'a mut [u8],
}

impl<'a> GuestMemory<'a> {
    pub(crate) fn new(data: &'a mut [u8]) -> Self {
        Self { data }
    }

    pub(crate) fn span(&self, pointer: u32, len: u32) -> Result<Span, Errno> {
        let start = pointer as usize;
        let len = len as usize;
        match start.checked_add(len) {
            Some(end) if end <= self.data.len() => Ok(Span { start, len }),
            _ => Err(Errno::Fault),
        }
    }

    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        &self.data[span.start..span.start + span.len]
    }

    pub(crate) fn bytes_mut(&mut self, span: Span) -> &mut [u8] {
        &mut self.data[span.start..span.start + span.len]
    }

    pub(crate) fn write(&mut self, pointer: u32, bytes: &[u8]) -> Result<(), Errno> {
        let len = u32::try_from(bytes.len()).map_err(|_| Errno::Fault)?;
        let span = self.span(pointer, len)?;
        self.bytes_mut(span).copy_from_slice(bytes);
        Ok(())
    }

    pub(crate) fn write_u32(&mut self, pointer: u32, value: u32) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    pub(crate) fn write_u64(&mut self, pointer: u32, value: u64) -> Result<(), Errno> {
        self.write(pointer, &value.to_le_bytes())
    }

    /// Returns a path, which may hold any bytes but NUL. (Preview 1 allows UTF-8 only, Linux any bytes.)
    pub(crate) fn path(&self, pointer: u32, len: u32) -> Result<String, Errno> {
        if len > MAX_PATH {
            return Err(Errno::NameTooLong);
        }
        let span = self.span(pointer, len)?;
        let bytes = self.bytes(span);
        if bytes.contains(&0) {
            return Err(Errno::Invalid);
        }
        Ok(text_of(bytes))
    }

    /// Returns the buffers of a vectored read or write, each checked.
    pub(crate) fn buffers(&self, pointer: u32, count: u32) -> Result<Vec<Span>, Errno> {
        if count > MAX_BUFFERS {
            return Err(Errno::Invalid);
        }
        let table = self.span(pointer, count * 8)?;
        let mut spans = Vec::with_capacity(count as usize);
        for entry in self.bytes(table).chunks_exact(8) {
            let field = |at: usize| {
                u32::from_le_bytes([entry[at], entry[at + 1], entry[at + 2], entry[at + 3]])
            };
            spans.push(self.span(field(0), field(4))?);
        }
        Ok(spans)
    }
}

/// Returns a copy of a range of guest memory, for use across an await.
pub(crate) fn copy_out(
    store: impl AsContext,
    memory: Memory,
    pointer: u32,
    len: u32,
) -> Option<Vec<u8>> {
    let data = memory.data(&store);
    let start = pointer as usize;
    data.get(start..start.checked_add(len as usize)?)
        .map(<[u8]>::to_vec)
}

/// Copies `bytes` to guest memory. Returns `None` if they do not fit in it.
pub(crate) fn copy_in(
    mut store: impl AsContextMut,
    memory: Memory,
    pointer: u32,
    bytes: &[u8],
) -> Option<()> {
    let data = memory.data_mut(&mut store);
    let start = pointer as usize;
    data.get_mut(start..start.checked_add(bytes.len())?)?
        .copy_from_slice(bytes);
    Some(())
}
