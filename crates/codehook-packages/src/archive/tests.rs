use std::io::Write;

use ::tar::{Builder, EntryType, Header};
use ::zip::write::SimpleFileOptions;
use flate2::Compression;
use flate2::write::GzEncoder;
use proptest::prelude::*;

use super::*;

/// An entry of a tar archive, its name written past the library's own checks.
#[derive(Debug, Clone)]
struct Entry {
    name: Vec<u8>,
    kind: u8,
    content: Vec<u8>,
}

fn entry(name: &str, kind: u8, content: &str) -> Entry {
    Entry {
        name: name.as_bytes().to_vec(),
        kind,
        content: content.as_bytes().to_vec(),
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).expect("memory");
    packed.finish().expect("memory")
}

fn tar_of(entries: &[Entry]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for entry in entries {
        let mut header = Header::new_ustar();
        let name = &mut header.as_old_mut().name;
        let len = entry.name.len().min(name.len());
        name[..len].copy_from_slice(&entry.name[..len]);
        header.set_entry_type(EntryType::new(entry.kind));
        header.set_size(entry.content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        archive.append(&header, &entry.content[..]).expect("memory");
    }
    gzip(&archive.into_inner().expect("memory"))
}

fn zip_of(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .expect("memory");
        archive.write_all(content.as_bytes()).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

#[test]
fn plain_archives_give_their_files() {
    let tar = tar_of(&[
        entry("./a-1/", b'5', ""),
        entry("pax_global_header", b'g', "19 comment=whatever\n"),
        entry("a-1/setup.py", b'0', "x = 1\n"),
        entry("a-1/a/__init__.py", b'0', ""),
    ]);
    let files = untar_gz(&tar).expect("a plain archive");
    assert_eq!(files["a-1/setup.py"], b"x = 1\n");
    assert_eq!(files.len(), 2);
    let files =
        unzip(&zip_of(&[("a/__init__.py", "x"), ("a/b.py", "y")])).expect("a plain archive");
    assert_eq!(files["a/b.py"], b"y");
}

#[test]
fn paths_that_lead_elsewhere_are_refused() {
    for path in [
        "../x.py",
        "/etc/passwd",
        "a/../../x.py",
        "a\\..\\x.py",
        "a//b.py",
        "a/./b.py",
        "a\nb.py",
    ] {
        let tar = untar_gz(&tar_of(&[entry(path, b'0', "x")]));
        assert!(matches!(tar, Err(ArchiveError::Path(_))), "{path}: {tar:?}");
        let zip = unzip(&zip_of(&[(path, "x")]));
        assert!(matches!(zip, Err(ArchiveError::Path(_))), "{path}: {zip:?}");
    }
}

#[test]
fn links_and_special_files_are_refused() {
    for kind in [b'1', b'2', b'3', b'4', b'6', b'S', b'V'] {
        let refused = untar_gz(&tar_of(&[entry("a/link", kind, "")]));
        assert!(
            matches!(
                refused,
                Err(ArchiveError::Special(_) | ArchiveError::Unreadable(_))
            ),
            "{kind}: {refused:?}"
        );
    }
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    archive
        .add_symlink("a/link", "/etc/passwd", SimpleFileOptions::default())
        .expect("memory");
    let refused = unzip(&archive.finish().expect("memory").into_inner());
    assert!(
        matches!(refused, Err(ArchiveError::Special(_))),
        "{refused:?}"
    );
}

#[test]
fn what_is_there_twice_is_refused() {
    let twice = [entry("a/b.py", b'0', "x"), entry("./a/b.py", b'0', "y")];
    assert!(matches!(
        untar_gz(&tar_of(&twice)),
        Err(ArchiveError::Twice(_))
    ));
    let both = [entry("a/b", b'0', "x"), entry("a/b/c.py", b'0', "y")];
    assert!(matches!(untar_gz(&tar_of(&both)), Err(ArchiveError::Twice(path)) if path == "a/b"));
    // A zip file that lists one name twice cannot be made with the library: the second name is changed in the bytes.
    let mut zip = zip_of(&[("a/b.py", "x"), ("a/c.py", "y")]);
    for at in 0..zip.len() - 6 {
        if &zip[at..at + 6] == b"a/c.py" {
            zip[at + 2] = b'b';
        }
    }
    let refused = unzip(&zip);
    assert!(
        matches!(&refused, Err(ArchiveError::Twice(path)) if path == "a/b.py"),
        "{refused:?}"
    );
}

#[test]
fn a_bomb_stops_at_the_limit() {
    let zeroes = vec![0; 1 << 20];
    let count = usize::try_from(MAX_TOTAL_BYTES >> 20).expect("a small number") + 1;
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    archive.start_file("a.txt", options).expect("memory");
    for _ in 0..count {
        archive.write_all(&zeroes).expect("memory");
    }
    let bytes = archive.finish().expect("memory").into_inner();
    assert!(bytes.len() < 2 << 20);
    assert!(matches!(unzip(&bytes), Err(ArchiveError::TooLarge(_))));
}

#[test]
fn too_many_entries_are_refused() {
    let names: Vec<Entry> = (0..=MAX_ENTRIES)
        .map(|number| entry(&format!("a/{number}.py"), b'0', ""))
        .collect();
    assert!(matches!(
        untar_gz(&tar_of(&names)),
        Err(ArchiveError::TooLarge(_))
    ));
}

/// Every unpacked path stays below the directory of the archive, and names one file.
fn assert_plain(files: &Files) {
    for path in files.keys() {
        assert!(
            !path.starts_with('/') && !path.contains(['\\', '\0']),
            "{path:?}"
        );
        assert!(
            path.split('/').all(|name| !matches!(name, "" | "." | "..")),
            "{path:?}"
        );
    }
}

proptest! {
    #[test]
    fn whatever_a_tar_archive_holds_only_plain_files_come_out(
        entries in prop::collection::vec(
            (
                prop_oneof![
                    "[a-c./\\\\]{0,12}",
                    "(\\.\\./|/|\\./|a/){0,3}[a-b]",
                    any::<Vec<u8>>().prop_map(|bytes| String::from_utf8_lossy(&bytes).into_owned()),
                ],
                prop_oneof![Just(b'0'), Just(b'5'), Just(b'2'), Just(b'L'), Just(b'x'), Just(b'g'), any::<u8>()],
                prop::collection::vec(any::<u8>(), 0..600),
            ),
            0..8,
        )
    ) {
        let entries: Vec<Entry> = entries
            .into_iter()
            .map(|(name, kind, content)| Entry { name: name.into_bytes(), kind, content })
            .collect();
        if let Ok(files) = untar_gz(&tar_of(&entries)) {
            assert_plain(&files);
            // Nothing is there that was no plain entry.
            prop_assert!(files.len() <= entries.len());
        }
    }

    #[test]
    fn whatever_bytes_are_changed_nothing_but_plain_files_comes_out(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut zip = zip_of(&[("a/__init__.py", "import os\n"), ("a/b.py", "y"), ("a-1.dist-info/WHEEL", "Tag: x\n")]);
        let mut tar = tar_of(&[entry("a/b.py", b'0', "x = 1\n"), entry("a/c.py", b'0', "")]);
        for bytes in [&mut zip, &mut tar] {
            for (index, value) in &changes {
                let at = index.index(bytes.len());
                bytes[at] = *value;
            }
            if cut.index(4) == 0 {
                bytes.truncate(cut.index(bytes.len()));
            }
        }
        if let Ok(files) = unzip(&zip) {
            assert_plain(&files);
        }
        if let Ok(files) = untar_gz(&tar) {
            assert_plain(&files);
        }
    }

    #[test]
    fn no_bytes_make_the_readers_panic(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
        drop(unzip(&bytes));
        drop(untar_gz(&bytes));
        drop(untar_gz(&gzip(&bytes)));
    }
}
