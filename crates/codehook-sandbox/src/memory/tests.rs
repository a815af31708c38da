//! A memory that a run has used must be the image again, byte for byte: another tenant's run gets it next.

use std::sync::Arc;

use proptest::prelude::*;
use wasm_encoder::{ConstExpr, DataSection, MemorySection, MemoryType, Module};

use super::data_segments::{DataError, InitialData, separate};
use super::dirty_pages::PageMap;
use super::slot::Slot;
use super::*;

const MEMORY: usize = 64 * PAGE;
const CAPACITY: usize = 96 * PAGE;

fn image() -> (Vec<u8>, Arc<Image>) {
    let start = 20 * PAGE;
    let bytes: Vec<u8> = (0..24 * PAGE).map(|at| (at % 251) as u8).collect();
    let mut whole = vec![0; MEMORY];
    whole[start..start + bytes.len()].copy_from_slice(&bytes);
    let data = InitialData {
        start,
        bytes,
        memory_size: MEMORY,
    };
    (whole, Arc::new(Image::in_memory(&data).expect("an image")))
}

fn content(slot: &mut Slot) -> &mut [u8] {
    // SAFETY: the slot's memory, borrowed as long as the slot is.
    unsafe { std::slice::from_raw_parts_mut(slot.memory(), slot.size()) }
}

fn every_page_of(whole: &[u8], pages: Option<&PageMap>) {
    let (_, image) = image();
    let mut slot = Slot::new(image, CAPACITY, PAGE).expect("a memory");
    slot.grow_to(CAPACITY).expect("room to grow");
    content(&mut slot).fill(0xff);
    slot.reset(pages).expect("a reset");
    assert_eq!(slot.size(), MEMORY);
    assert!(content(&mut slot) == whole);
    slot.grow_to(CAPACITY).expect("room to grow");
    assert!(content(&mut slot)[MEMORY..].iter().all(|byte| *byte == 0));
}

#[test]
fn a_memory_that_was_written_all_over_is_the_image_again_with_and_without_the_kernels_page_map() {
    let (whole, _) = image();
    every_page_of(&whole, None);
    let pages = PageMap::open();
    every_page_of(&whole, pages.as_ref());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_runs_write_and_however_they_grow_the_next_one_finds_the_image(
        runs in prop::collection::vec(
            (prop::collection::vec((0..CAPACITY, 1_usize..3 * PAGE, 1_u8..), 0..40), 0_usize..32),
            1..12,
        ),
    ) {
        let (whole, image) = image();
        let pages = PageMap::open();
        let mut slot = Slot::new(image, CAPACITY, PAGE).expect("a memory");
        for (writes, growth) in runs {
            slot.grow_to(MEMORY + growth * PAGE).expect("room to grow");
            prop_assert!(content(&mut slot)[MEMORY..].iter().all(|byte| *byte == 0));
            let size = slot.size();
            for (at, len, byte) in writes {
                let end = (at + len).min(size);
                content(&mut slot)[at.min(end)..end].fill(byte);
            }
            slot.reset(pages.as_ref()).expect("a reset");
            prop_assert_eq!(slot.size(), MEMORY);
            prop_assert!(content(&mut slot) == whole.as_slice());
        }
    }

    #[test]
    fn an_image_is_read_back_as_it_was_written(start in 0_usize..8, len in 0_usize..8, more in 0_usize..8, byte: u8) {
        let data = InitialData {
            start: start * PAGE,
            bytes: vec![byte; len * PAGE],
            memory_size: (start + len + more) * PAGE,
        };
        let image = Image::in_memory(&data).expect("an image");
        prop_assert_eq!(image.start(), data.start);
        prop_assert_eq!(image.memory_size(), data.memory_size);
        prop_assert!(image.bytes() == data.bytes.as_slice());
    }

    #[test]
    fn a_file_that_is_not_an_image_is_refused(bytes in prop::collection::vec(any::<u8>(), 0..3 * PAGE)) {
        let mut file = tempfile::tempfile().expect("a file");
        std::io::Write::write_all(&mut file, &bytes).expect("a file");
        prop_assert!(Image::from_file(file).is_err());
    }
}

/// A module with one page of memory and these pieces of data.
fn module(pieces: &[(i32, &[u8])]) -> Vec<u8> {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut data = DataSection::new();
    for (at, bytes) in pieces {
        data.active(0, &ConstExpr::i32_const(*at), bytes.iter().copied());
    }
    let mut module = Module::new();
    module.section(&memories).section(&data);
    module.finish()
}

#[test]
fn data_is_taken_out_of_a_module_and_lands_where_it_was() {
    let parts = separate(&module(&[(9000, b"two"), (8191, b"one"), (20, b"")])).expect("a module");
    assert_eq!(parts.module, {
        let mut expected = module(&[]);
        // The empty data section: its number, its length, no piece.
        expected.truncate(expected.len() - 3);
        expected
    });
    assert_eq!(parts.data.start, 4096);
    assert_eq!(parts.data.bytes.len(), 2 * PAGE);
    assert_eq!(parts.data.memory_size, 65_536);
    assert_eq!(&parts.data.bytes[4095..4098], b"one");
    assert_eq!(&parts.data.bytes[9000 - 4096..][..3], b"two");
}

#[test]
fn data_outside_of_the_memory_is_refused() {
    assert!(matches!(
        separate(&module(&[(65_535, b"xy")])),
        Err(DataError::OutOfBounds)
    ));
    assert!(matches!(
        separate(&module(&[(-1, b"x")])),
        Err(DataError::OutOfBounds)
    ));
}
