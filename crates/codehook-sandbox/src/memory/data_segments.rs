//! Takes what a module's memory holds at its start out of the module.

use wasm_encoder::{RawSection, Section};
use wasmparser::{DataKind, Operator, Parser, Payload};

use super::PAGE;

/// In bytes.
pub(crate) const WASM_PAGE: usize = 65_536;
const MAX_PAGES: u64 = 65_536;

/// A module without its data, and the data.
pub(crate) struct Parts {
    pub(crate) module: Vec<u8>,
    pub(crate) data: InitialData,
}

/// What a memory holds before anything runs. Outside of `bytes` it is zero.
pub(crate) struct InitialData {
    /// Where `bytes` begin, in bytes, a multiple of the page size.
    pub(crate) start: usize,
    /// A multiple of the page size.
    pub(crate) bytes: Vec<u8>,
    /// The memory's size at its start, in bytes.
    pub(crate) memory_size: usize,
}

/// Why a module's data cannot be taken out of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SplitError {
    #[error(transparent)]
    Malformed(#[from] wasmparser::BinaryReaderError),
    #[error("its data is not at fixed places of its one memory")]
    Data,
    #[error("data lies outside of the memory")]
    OutOfBounds,
}

/// Splits `wasm`. Only data at fixed places of the first memory is understood, which is what linkers and snapshots write.
///
/// # Errors
///
/// When the module is malformed, or has data of other kinds or outside of its memory.
pub(crate) fn split(wasm: &[u8]) -> Result<Parts, SplitError> {
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
                    // A snapshot leaves them where the linker's data was: nothing can use them.
                    if segment.data.is_empty() && matches!(segment.kind, DataKind::Passive) {
                        continue;
                    }
                    pieces.push(placed(&segment.kind, segment.data)?);
                }
                continue;
            }
            // Only of use to instructions for data that is not at fixed places.
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
    Ok(Parts { module, data })
}

fn size_of_memory(pages: u64) -> Result<usize, SplitError> {
    if pages > MAX_PAGES {
        return Err(SplitError::OutOfBounds);
    }
    Ok(usize::try_from(pages).map_err(|_| SplitError::OutOfBounds)? * WASM_PAGE)
}

/// Where the segment goes, and what it holds.
fn placed<'a>(kind: &DataKind<'_>, data: &'a [u8]) -> Result<(usize, &'a [u8]), SplitError> {
    let DataKind::Active {
        memory_index: 0,
        offset_expr,
    } = kind
    else {
        return Err(SplitError::Data);
    };
    let mut operators = offset_expr.get_operators_reader();
    match operators.read()? {
        // An address, so without a sign.
        Operator::I32Const { value } if matches!(operators.read()?, Operator::End) => {
            Ok((value.cast_unsigned() as usize, data))
        }
        _ => Err(SplitError::Data),
    }
}

/// All pieces in one stretch from the first page to the last that any of them touches.
fn initial_data(pieces: &[(usize, &[u8])], memory_size: usize) -> Result<InitialData, SplitError> {
    let filled = || pieces.iter().filter(|(_, bytes)| !bytes.is_empty());
    let first = filled().map(|(at, _)| *at).min().unwrap_or(0);
    let last = filled().map(|(at, bytes)| at + bytes.len()).max();
    let start = first / PAGE * PAGE;
    let end = last.unwrap_or(0).next_multiple_of(PAGE);
    let outside = pieces
        .iter()
        .any(|(at, bytes)| at + bytes.len() > memory_size);
    if outside {
        return Err(SplitError::OutOfBounds);
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
