//! Files of the format, whole, appended and damaged. What a real one does is tested with the program.

use std::fs;
use std::io::Cursor;

use codehook_sandbox::PrecompiledParts;
use proptest::prelude::*;

use super::*;

/// As Python's own does, it holds the bytes with which an archive's list of members begins.
const LIBRARY: [u8; 4097] = {
    let mut library = [5; 4097];
    library[9] = b'P';
    library[10] = b'K';
    library[11] = 1;
    library[12] = 2;
    library
};

fn precompiled() -> PrecompiledParts {
    PrecompiledParts {
        code: vec![1; 5000],
        image: vec![2; 9000],
        key: [3; 32],
    }
}

fn whole() -> Vec<u8> {
    let precompiled = precompiled();
    let parts = RuntimeParts {
        wasm: b"\0asm",
        sha256: [4; 32],
        precompiled: &precompiled,
        library: &LIBRARY,
        index: &[6; 40],
        manifest: "{}",
    };
    let mut bytes = Cursor::new(Vec::new());
    parts.write_to(&mut bytes).expect("memory takes all of it");
    bytes.into_inner()
}

fn members(bytes: &[u8]) -> Result<Members, FormatError> {
    Members::read(Cursor::new(bytes), bytes.len() as u64)
}

fn open(bytes: &[u8]) -> Result<Runtime, RuntimeError> {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("python2.7.runtime");
    fs::write(&path, bytes).expect("the directory is writable");
    Runtime::from_trusted(File::open(&path).expect("a file"), path)
}

#[test]
fn every_member_is_found_at_a_page_with_what_was_written() {
    let bytes = whole();
    let members = members(&bytes).expect("a runtime file");
    let content = |name| {
        let part = members.part(name).expect("a member");
        assert_eq!(part.start % 4096, 0, "{name}");
        &bytes
            [usize::try_from(part.start).expect("small")..usize::try_from(part.end).expect("small")]
    };
    assert_eq!(content(format::WASM), b"\0asm");
    assert_eq!(content(format::CODE), [1; 5000]);
    assert_eq!(content(format::IMAGE), [2; 9000]);
    assert_eq!(content(format::LIBRARY), LIBRARY);
    assert_eq!(content(format::MANIFEST), b"{}");
}

#[test]
fn the_same_parts_give_the_same_bytes() {
    assert_eq!(whole(), whole());
}

#[test]
fn a_file_behind_a_program_is_read_where_the_program_ends_at_a_page() {
    for (program, usable) in [(4096, true), (8192, true), (4095, false), (100, false)] {
        let mut bytes = vec![0x7f; program];
        bytes.extend(whole());
        let runtime = open(&bytes);
        assert_eq!(runtime.is_ok(), usable, "{program}: {runtime:?}");
        if let Ok(runtime) = runtime {
            assert_eq!(&*runtime.wasm, b"\0asm");
            assert_eq!(runtime.sha256, [4; 32]);
            assert_eq!(runtime.manifest(), "{}");
        }
    }
}

#[test]
fn a_file_that_was_cut_off_is_refused_wherever_it_was_cut() {
    let bytes = whole();
    for end in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        assert!(open(&bytes[..end]).is_err(), "{end}");
    }
}

#[test]
fn a_member_that_is_missing_is_named() {
    let mut bytes = Cursor::new(Vec::new());
    zip::write::ZipWriter::new(&mut bytes)
        .finish()
        .expect("an empty archive");
    let error = open(bytes.get_ref()).expect_err("nothing is in it");
    assert!(
        error.to_string().contains("it has no manifest.json"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn damage_is_refused_or_leaves_every_part_inside_the_file(
        at in any::<prop::sample::Index>(), length in 1_usize..9, with in any::<u8>(),
    ) {
        let mut bytes = whole();
        // The list of members, at the end, is what is parsed.
        let tail = bytes.len().min(1200);
        let start = bytes.len() - tail + at.index(tail - length);
        bytes[start..start + length].fill(with);
        if let Ok(members) = members(&bytes) {
            for name in [format::CODE, format::IMAGE, format::LIBRARY, format::INDEX] {
                if let Ok(part) = members.part(name) {
                    prop_assert!(part.start < part.end && part.end <= bytes.len() as u64);
                }
            }
        }
    }

    #[test]
    fn bytes_of_any_kind_are_no_runtime_file(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        prop_assert!(open(&bytes).is_err());
    }
}
