//! Separates a module's data segments from the module.

use wasm_encoder::{RawSection, Section};
use wasmparser::{DataKind, Operator, Parser, Payload};

use super::page::{PAGE, WASM_PAGE};

/// The most pages of a memory with 32 bit addresses.
const MAX_PAGES: u64 = 65_536;

/// A module without its data segments, and their content.
pub(crate) struct Separated {
    pub(crate) module: Vec<u8>,
    pub(crate) data: InitialData,
}

/// Initial content of a memory. Outside of `bytes` it is zero.
pub(crate) struct InitialData {
    /// Address of the first of the `bytes`, a multiple of the page size.
    pub(crate) start: usize,
    /// Content, whose length is a multiple of the page size.
    pub(crate) bytes: Vec<u8>,
    /// Initial size of the memory in bytes.
    pub(crate) memory_size: usize,
}

/// Reasons why a module's data segments cannot be separated from it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DataError {
    #[error(transparent)]
    Malformed(#[from] wasmparser::BinaryReaderError),
    #[error("its data is not at fixed places of its one memory")]
    Data,
    #[error("data lies outside of the memory")]
    OutOfBounds,
}

/// Separates the data segments of `wasm`. Only active segments at constant addresses of the first memory are supported,
/// which is what linkers and snapshots write.
///
/// # Errors
///
/// When the module is malformed, or has segments of other kinds or outside of its memory.
pub(crate) fn separate(wasm: &[u8]) -> Result<Separated, DataError> {
    let mut module = wasm_encoder::Module::HEADER.to_vec();
    let mut pieces: Vec<(usize, &[u8])> = Vec::new();
    let mut memory_size = 0;
    for payload in Parser::new(0).parse_all(wasm) {
        let payload = payload?;
        match &payload {
            Payload::MemorySection(memories) => {
                for memory in memories.clone().into_iter().take(1) {
                    memory_size = size_of_memory(memory?.initial)?;
                }
            }
            Payload::DataSection(segments) => {
                for segment in segments.clone() {
                    let segment = segment?;
                    // A snapshot leaves empty ones in place of the linker's: no instruction can use them.
                    if segment.data.is_empty() && matches!(segment.kind, DataKind::Passive) {
                        continue;
                    }
                    pieces.push(placed(&segment.kind, segment.data)?);
                }
                continue;
            }
            // Of use only to instructions for passive segments.
            Payload::DataCountSection { .. } => continue,
            _ => {}
        }
        if let Some((id, range)) = payload.as_section() {
            RawSection {
                id,
                data: &wasm[range],
            }
            .append_to(&mut module);
        }
    }
    let data = initial_data(&pieces, memory_size)?;
    Ok(Separated { module, data })
}

fn size_of_memory(pages: u64) -> Result<usize, DataError> {
    if pages > MAX_PAGES {
        return Err(DataError::OutOfBounds);
    }
    Ok(usize::try_from(pages).map_err(|_| DataError::OutOfBounds)? * WASM_PAGE)
}

/// Returns the segment's address and content.
fn placed<'a>(kind: &DataKind<'_>, data: &'a [u8]) -> Result<(usize, &'a [u8]), DataError> {
    let DataKind::Active {
        memory_index: 0,
        offset_expr,
    } = kind
    else {
        return Err(DataError::Data);
    };
    let mut operators = offset_expr.get_operators_reader();
    match operators.read()? {
        // An address has no sign.
        Operator::I32Const { value } if matches!(operators.read()?, Operator::End) => {
            Ok((value.cast_unsigned() as usize, data))
        }
        _ => Err(DataError::Data),
    }
}

/// Returns all segments as one range from the first page to the last that any of them touches.
fn initial_data(pieces: &[(usize, &[u8])], memory_size: usize) -> Result<InitialData, DataError> {
    let filled = || pieces.iter().filter(|(_, bytes)| !bytes.is_empty());
    let first = filled().map(|(at, _)| *at).min().unwrap_or(0);
    let last = filled().map(|(at, bytes)| at + bytes.len()).max();
    let start = first / PAGE * PAGE;
    let end = last.unwrap_or(0).next_multiple_of(PAGE);
    let outside = pieces
        .iter()
        .any(|(at, bytes)| at + bytes.len() > memory_size);
    if outside {
        return Err(DataError::OutOfBounds);
    }
    let mut bytes = vec![0; end.saturating_sub(start)];
    for (at, piece) in filled() {
        bytes[at - start..][..piece.len()].copy_from_slice(piece);
    }
    Ok(InitialData {
        start,
        bytes,
        memory_size,
    })
}
