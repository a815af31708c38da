//! What `codehook packages` refuses, and what it never does.

use std::fs;

use codehook_packages::Sha256;
use codehook_tests::wheels::{PackageFile, source_archive, wheel, zip};

use codehook_tests::package_store::{PackageStore, rockets};

#[test]
fn a_file_with_other_bytes_is_refused_by_hash_and_by_lock() {
    let store = PackageStore::new();
    let file = rockets();
    let hash = Sha256::of(&file.bytes);
    store.offer(&file);
    store.refused(
        &format!("acme-rockets==1.2 --hash sha256:{}", "0".repeat(64)),
        "--hash demands",
    );
    store.added(&format!("acme-rockets==1.2 --hash {hash}"));
    assert_eq!(store.run("packages verify --from wheels").code, Some(0));
    store.added("acme-rockets==1.2 --tenant red");
    let mut other = file.clone();
    other.bytes = wheel(
        "acme-rockets",
        "1.2",
        "",
        &[("rockets/__init__.py", "evil = 1")],
    )
    .bytes;
    store.offer(&other);
    let refused = store.add("acme-rockets==1.2 --tenant blue");
    refused.says(2, "is not the file that the lock file names");
    let verified = store.run("packages verify --from wheels");
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(
        verified.stdout.contains("is another file now"),
        "{verified:?}"
    );
    // What was added is still what it was.
    assert_eq!(store.run("packages verify").code, Some(0));
}

#[test]
fn a_changed_archive_in_the_store_is_found_and_never_run() {
    let store = PackageStore::new();
    store.offer(&rockets());
    store.added("acme-rockets==1.2");
    let archives = fs::read_dir(store.directory().join("archives")).expect("archives");
    for archive in archives {
        let path = archive.expect("an entry").path();
        let mut bytes = fs::read(&path).expect("an archive");
        let last = bytes.len() / 2;
        bytes[last] ^= 1;
        fs::write(&path, bytes).expect("an archive");
    }
    let verified = store.run("packages verify");
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verified.stdout.contains("was changed"), "{verified:?}");
    let ran = store.hook("print 'ran'\n", &[]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(
        ran.stdout.is_empty() && ran.stderr.contains("was changed"),
        "{ran:?}"
    );
    assert_eq!(
        store.hook("print 'ran'\n", &["--tenant", "other"]).stdout,
        "ran\n"
    );
}

#[test]
fn machine_code_and_other_pythons_are_refused_with_the_reason() {
    let store = PackageStore::new();
    let mut native = wheel("fast", "1.0", "", &[("fast.py", "")]);
    native.name = "fast-1.0-cp27-cp27mu-manylinux1_x86_64.whl".to_owned();
    store.offer(&native);
    store.refused("fast==1.0", "has machine code for manylinux1_x86_64");
    store.offer(&wheel(
        "hidden",
        "1.0",
        "",
        &[("hidden/__init__.py", ""), ("hidden/a.so", "")],
    ));
    store.refused("hidden==1.0", "C extension (hidden/a.so)");
    let setup = ("setup.py", "setup(ext_modules=[Extension('x', ['x.c'])])");
    store.offer(&source_archive(
        "speedy",
        "1.0",
        "",
        "speedy\n",
        &[setup, ("speedy.py", "a = 1")],
    ));
    store.refused("speedy==1.0", "--without-extension");
    let python3 = "Requires-Python: >=3.6";
    store.offer(&source_archive(
        "new",
        "2.0",
        python3,
        "new\n",
        &[("new.py", "")],
    ));
    store.refused("new==2.0", "Requires-Python: >=3.6");
    store.offer(&source_archive(
        "odd",
        "1.0",
        "",
        "odd\n",
        &[("odd.py", "print('x', file=1)")],
    ));
    store.refused(
        "odd==1.0",
        "these modules do not compile:\n  odd.py: SyntaxError: invalid syntax",
    );
    store.refused("nowhere==1.0", "is not in wheels");
    store.refused(
        "speedy",
        "name one version; the newest version that may be for Python 2.7 is speedy==1.0",
    );
    // An extension that is optional can be left out.
    store.added("speedy==1.0 --without-extension");
    assert_eq!(
        store.hook("import speedy\nprint speedy.a\n", &[]).stdout,
        "1\n"
    );
}

#[test]
fn no_package_takes_a_name_that_is_taken() {
    let store = PackageStore::new();
    for (name, module, owner) in [
        ("evil-json", "json/__init__.py", "the standard library"),
        ("evil-math", "math.py", "the standard library"),
        (
            "evil-requests",
            "requests/__init__.py",
            "the built-in package requests ",
        ),
    ] {
        store.offer(&wheel(name, "1.0", "", &[(module, "")]));
        store.refused(&format!("{name}==1.0"), owner);
    }
    store.refused("requests==2.0", "is built in");
    store.offer(&rockets());
    store.offer(&wheel("other", "1.0", "", &[("rockets.py", "")]));
    store.added("acme-rockets==1.2 --tenant red");
    store.added("other==1.0 --tenant blue");
    let both = store.add("other==1.0 --tenant red");
    both.says(2, "other and acme-rockets both have the module rockets");
}

#[test]
fn hostile_archives_are_refused() {
    let store = PackageStore::new();
    let escape = [
        ("escape-1.0.dist-info/WHEEL", "Root-Is-Purelib: true\n"),
        (
            "escape-1.0.dist-info/METADATA",
            "Name: escape\nVersion: 1.0\n",
        ),
        ("../../escaped.py", "x"),
    ];
    store.offer(&PackageFile {
        name: "escape-1.0-py2-none-any.whl".to_owned(),
        bytes: zip(escape.into_iter()),
    });
    store.refused("escape==1.0", "it has the unsafe path");
    assert!(!store.program.path("escaped.py").exists());
    store.offer(&PackageFile {
        name: "junk-1.0.tar.gz".to_owned(),
        bytes: b"not an archive".to_vec(),
    });
    store.refused("junk==1.0", "cannot be read");
    let liar = PackageFile {
        name: "liar-1.0-py2-none-any.whl".to_owned(),
        ..rockets()
    };
    store.offer(&liar);
    store.refused("liar==1.0", "its metadata names the package `acme-rockets`");
}

#[test]
fn nothing_of_a_package_is_run_when_it_is_added() {
    let store = PackageStore::new();
    let mark = store.program.path("mark");
    let touch = format!("open({:?}, 'w')", mark.display().to_string());
    store.offer(&source_archive(
        "loud",
        "1.0",
        "",
        "loud\n",
        &[
            ("setup.py", &touch),
            ("loud/__init__.py", "print 'imported'"),
            ("loud.pth", "import loud"),
        ],
    ));
    let added = store.added("loud==1.0");
    assert!(
        !mark.exists() && !added.stdout.contains("imported"),
        "{added:?}"
    );
    let ran = store.hook("print 'started'\nimport loud\n", &[]);
    assert_eq!(ran.stdout, "started\nimported\n");
}
