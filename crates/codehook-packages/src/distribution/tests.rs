use std::io::Write;
use std::str::FromStr;

use flate2::Compression;
use flate2::write::GzEncoder;
use zip::write::SimpleFileOptions;

use super::*;

fn wheel(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in files {
        archive
            .start_file(*name, SimpleFileOptions::default())
            .expect("memory");
        archive.write_all(content.as_bytes()).expect("memory");
    }
    archive.finish().expect("memory").into_inner()
}

fn source_archive(files: &[(&str, &str)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, content) in files {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        archive
            .append_data(&mut header, name, content.as_bytes())
            .expect("memory");
    }
    archive
        .into_inner()
        .and_then(GzEncoder::finish)
        .expect("memory")
}

fn opened(file: &str, bytes: &[u8], extensions: Extensions) -> Result<Distribution, Refusal> {
    let wanted = Wanted::from_str("x-y==1.0").expect("a request");
    let file = FileName::parse(file, &wanted.name).expect("a file of x-y");
    open(&file, bytes, &wanted, extensions)
}

const WHEEL: &str = "x_y-1.0-py2.py3-none-any.whl";
const PURE: (&str, &str) = (
    "x_y-1.0.dist-info/WHEEL",
    "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n",
);
const METADATA: (&str, &str) = (
    "x_y-1.0.dist-info/METADATA",
    "Metadata-Version: 2.1\nName: x.y\nVersion: 1.0\nRequires-Dist: six\n",
);

#[test]
fn a_wheel_gives_modules_data_and_records() {
    let bytes = wheel(&[
        PURE,
        METADATA,
        ("x_y-1.0.dist-info/RECORD", ""),
        ("x_y-1.0.dist-info/LICENSE.txt", "MIT"),
        ("x_y/__init__.py", "1"),
        ("x_y/data.json", "{}"),
        ("x_y/old.pyc", "?"),
        ("x_y-nspkg.pth", "import os"),
        ("x_y-1.0.data/purelib/other.py", "2"),
        ("x_y-1.0.data/scripts/run", "#!"),
    ]);
    let found = opened(WHEEL, &bytes, Extensions::Refuse).expect("a usable wheel");
    let paths: Vec<&str> = found.files.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "other.py",
            "x_y-1.0.dist-info/LICENSE.txt",
            "x_y-1.0.dist-info/METADATA",
            "x_y/__init__.py",
            "x_y/data.json"
        ]
    );
    assert_eq!(found.requires, ["six"]);
    assert!(found.modules.contains("other") && found.modules.contains("x_y"));
    assert_eq!(found.python27, Python27::Stated);
}

#[test]
fn a_wheel_with_machine_code_is_refused_whatever_its_name_says() {
    let module = ("x_y/__init__.py", "");
    let hidden = wheel(&[PURE, METADATA, module, ("x_y/fast.so", "ELF")]);
    let refused = opened(WHEEL, &hidden, Extensions::LeaveOut).expect_err("machine code");
    assert!(
        refused.to_string().contains("C extension (x_y/fast.so)"),
        "{refused}"
    );
    let said = ("x_y-1.0.dist-info/WHEEL", "Root-Is-Purelib: false\n");
    let refused = opened(WHEEL, &wheel(&[said, METADATA, module]), Extensions::Refuse);
    assert!(matches!(refused, Err(Refusal::Extension { .. })));
}

#[test]
fn a_file_that_is_another_package_than_its_name_says_is_refused() {
    for metadata in ["Name: six\nVersion: 1.0\n", "Name: x-y\nVersion: 1.1\n"] {
        let metadata = (METADATA.0, metadata);
        let bytes = wheel(&[PURE, metadata, ("x_y.py", "")]);
        let refused = opened(WHEEL, &bytes, Extensions::Refuse);
        assert!(
            matches!(refused, Err(Refusal::Malformed { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn parts_of_a_shared_package_do_not_claim_it() {
    let shared = ("x_y-1.0.dist-info/namespace_packages.txt", "google\n");
    let module = ("google/x/__init__.py", "");
    let bytes = wheel(&[PURE, METADATA, shared, module]);
    let found = opened(WHEEL, &bytes, Extensions::Refuse).expect("a usable wheel");
    assert_eq!(found.modules, BTreeSet::from(["google.x".to_owned()]));
    assert_eq!(found.files["google/__init__.py"], NAMESPACE_INIT.as_bytes());
}

const PKG_INFO: (&str, &str) = (
    "x-y-1.0/PKG-INFO",
    "Name: x-y\nVersion: 1.0\nLicense: MIT\n",
);

#[test]
fn a_source_archive_is_read_by_its_own_record() {
    let bytes = source_archive(&[
        PKG_INFO,
        ("x-y-1.0/setup.py", "raise SystemExit"),
        ("x-y-1.0/src/x_y.egg-info/top_level.txt", "x_y\n_fast\n"),
        (
            "x-y-1.0/src/x_y.egg-info/requires.txt",
            "six\n[test]\nnose\n",
        ),
        ("x-y-1.0/src/x_y/__init__.py", ""),
        ("x-y-1.0/src/x_y/sub/deep.py", ""),
        ("x-y-1.0/src/other/__init__.py", ""),
        ("x-y-1.0/tests/fast.c", ""),
    ]);
    let found = opened("x-y-1.0.tar.gz", &bytes, Extensions::Refuse).expect("usable");
    let paths: Vec<&str> = found.files.keys().map(String::as_str).collect();
    assert_eq!(
        paths,
        [
            "x_y-1.0.egg-info/PKG-INFO",
            "x_y-1.0.egg-info/top_level.txt",
            "x_y/__init__.py",
            "x_y/sub/deep.py"
        ]
    );
    assert_eq!(found.requires, ["six"]);
    assert_eq!(found.python27, Python27::Unstated);
}

#[test]
fn of_two_trees_the_one_for_python_2_is_taken() {
    for (old, new) in [("lib", "lib3"), ("python2", "python3"), ("src2", "src3")] {
        let bytes = source_archive(&[
            PKG_INFO,
            (
                &format!("x-y-1.0/{new}/x_y.egg-info/top_level.txt"),
                "x_y\n",
            ),
            (&format!("x-y-1.0/{new}/x_y/__init__.py"), "3"),
            (&format!("x-y-1.0/{old}/x_y/__init__.py"), "2"),
        ]);
        let found = opened("x-y-1.0.tar.gz", &bytes, Extensions::Refuse).expect("usable");
        assert_eq!(found.files["x_y/__init__.py"], b"2", "{old}");
    }
}

#[test]
fn c_sources_in_a_source_archive_are_refused_or_left_out() {
    let bytes = source_archive(&[
        PKG_INFO,
        ("x-y-1.0/setup.py", ""),
        ("x-y-1.0/x_y/__init__.py", ""),
        ("x-y-1.0/x_y/_speedups.c", ""),
    ]);
    let refused = opened("x-y-1.0.tar.gz", &bytes, Extensions::Refuse).expect_err("C");
    let text = refused.to_string();
    assert!(
        text.contains("x_y/_speedups.c") && text.contains("--without-extension"),
        "{text}"
    );
    let found = opened("x-y-1.0.tar.gz", &bytes, Extensions::LeaveOut).expect("usable");
    assert!(!found.files.keys().any(|path| path.ends_with(".c")));
    let named = source_archive(&[
        PKG_INFO,
        ("x-y-1.0/setup.py", "ext_modules=[]"),
        ("x-y-1.0/x_y.py", ""),
    ]);
    assert!(matches!(
        opened("x-y-1.0.tar.gz", &named, Extensions::Refuse),
        Err(Refusal::Extension { .. })
    ));
}

#[test]
fn a_source_archive_that_says_nothing_of_its_modules_is_refused() {
    let bytes = source_archive(&[PKG_INFO, ("x-y-1.0/code.py", ""), ("x-y-1.0/setup.py", "")]);
    let refused = opened("x-y-1.0.tar.gz", &bytes, Extensions::Refuse).expect_err("no modules");
    assert!(refused.to_string().contains("use a wheel"), "{refused}");
}

#[test]
fn packages_for_another_python_are_refused() {
    let metadata = "Name: x-y\nVersion: 1.0\nRequires-Python: >=3.6\n";
    let bytes = source_archive(&[("x-y-1.0/PKG-INFO", metadata), ("x-y-1.0/x_y.py", "")]);
    let refused = opened("x-y-1.0.tar.gz", &bytes, Extensions::Refuse).expect_err("Python 3");
    assert!(
        refused.to_string().contains("Requires-Python: >=3.6"),
        "{refused}"
    );
}
