//! What `codehook packages` refuses, and what it never does.

use std::fs;

use codehook_packages::Sha256;
use codehook_tests::wheels::{PackageFile, source_archive, wheel, zip};

use crate::shop::{Shop, rockets};

#[test]
fn a_file_with_other_bytes_is_refused_by_hash_and_by_lock() {
    let shop = Shop::new();
    let file = rockets();
    let hash = Sha256::of(&file.bytes);
    shop.offer(&file);
    shop.refused(
        &format!("acme-rockets==1.2 --hash sha256:{}", "0".repeat(64)),
        "--hash demands",
    );
    shop.added(&format!("acme-rockets==1.2 --hash {hash}"));
    assert_eq!(shop.run("packages verify --from wheels").code, Some(0));
    shop.added("acme-rockets==1.2 --tenant red");
    let mut other = file.clone();
    other.bytes = wheel(
        "acme-rockets",
        "1.2",
        "",
        &[("rockets/__init__.py", "evil = 1")],
    )
    .bytes;
    shop.offer(&other);
    let refused = shop.add("acme-rockets==1.2 --tenant blue");
    assert_eq!(refused.code, Some(2), "{refused:?}");
    assert!(
        refused
            .stderr
            .contains("is not the file that the lock file names"),
        "{refused:?}"
    );
    let verified = shop.run("packages verify --from wheels");
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(
        verified.stdout.contains("is another file now"),
        "{verified:?}"
    );
    // What was added is still what it was.
    assert_eq!(shop.run("packages verify").code, Some(0));
}

#[test]
fn a_changed_archive_in_the_store_is_found_and_never_run() {
    let shop = Shop::new();
    shop.offer(&rockets());
    shop.added("acme-rockets==1.2");
    let archives = fs::read_dir(shop.store().join("archives")).expect("archives");
    for archive in archives {
        let path = archive.expect("an entry").path();
        let mut bytes = fs::read(&path).expect("an archive");
        let last = bytes.len() / 2;
        bytes[last] ^= 1;
        fs::write(&path, bytes).expect("an archive");
    }
    let verified = shop.run("packages verify");
    assert_eq!(verified.code, Some(1), "{verified:?}");
    assert!(verified.stdout.contains("was changed"), "{verified:?}");
    let ran = shop.hook("print 'ran'\n", &[]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(
        ran.stdout.is_empty() && ran.stderr.contains("was changed"),
        "{ran:?}"
    );
    assert_eq!(
        shop.hook("print 'ran'\n", &["--tenant", "other"]).stdout,
        "ran\n"
    );
}

#[test]
fn machine_code_and_other_pythons_are_refused_with_the_reason() {
    let shop = Shop::new();
    let mut native = wheel("fast", "1.0", "", &[("fast.py", "")]);
    native.name = "fast-1.0-cp27-cp27mu-manylinux1_x86_64.whl".to_owned();
    shop.offer(&native);
    shop.refused("fast==1.0", "has machine code for manylinux1_x86_64");
    shop.offer(&wheel(
        "hidden",
        "1.0",
        "",
        &[("hidden/__init__.py", ""), ("hidden/a.so", "")],
    ));
    shop.refused("hidden==1.0", "C extension (hidden/a.so)");
    let setup = ("setup.py", "setup(ext_modules=[Extension('x', ['x.c'])])");
    shop.offer(&source_archive(
        "speedy",
        "1.0",
        "",
        "speedy\n",
        &[setup, ("speedy.py", "a = 1")],
    ));
    shop.refused("speedy==1.0", "--without-extension");
    let python3 = "Requires-Python: >=3.6";
    shop.offer(&source_archive(
        "new",
        "2.0",
        python3,
        "new\n",
        &[("new.py", "")],
    ));
    shop.refused("new==2.0", "Requires-Python: >=3.6");
    shop.offer(&source_archive(
        "odd",
        "1.0",
        "",
        "odd\n",
        &[("odd.py", "print('x', file=1)")],
    ));
    shop.refused(
        "odd==1.0",
        "these modules do not compile:\n  odd.py: SyntaxError: invalid syntax",
    );
    shop.refused("nowhere==1.0", "is not in wheels");
    shop.refused(
        "speedy",
        "name one version; the newest version that may be for Python 2.7 is speedy==1.0",
    );
    // An extension that is optional can be left out.
    shop.added("speedy==1.0 --without-extension");
    assert_eq!(
        shop.hook("import speedy\nprint speedy.a\n", &[]).stdout,
        "1\n"
    );
}

#[test]
fn no_package_takes_a_name_that_is_taken() {
    let shop = Shop::new();
    for (name, module, owner) in [
        ("evil-json", "json/__init__.py", "the standard library"),
        ("evil-math", "math.py", "the standard library"),
        (
            "evil-requests",
            "requests/__init__.py",
            "the built-in package requests ",
        ),
    ] {
        shop.offer(&wheel(name, "1.0", "", &[(module, "")]));
        shop.refused(&format!("{name}==1.0"), owner);
    }
    shop.refused("requests==2.0", "is built in");
    shop.offer(&rockets());
    shop.offer(&wheel("other", "1.0", "", &[("rockets.py", "")]));
    shop.added("acme-rockets==1.2 --tenant red");
    shop.added("other==1.0 --tenant blue");
    let both = shop.add("other==1.0 --tenant red");
    assert_eq!(both.code, Some(2), "{both:?}");
    assert!(
        both.stderr
            .contains("other and acme-rockets both have the module rockets"),
        "{both:?}"
    );
}

#[test]
fn hostile_archives_are_refused() {
    let shop = Shop::new();
    let escape = [
        ("escape-1.0.dist-info/WHEEL", "Root-Is-Purelib: true\n"),
        (
            "escape-1.0.dist-info/METADATA",
            "Name: escape\nVersion: 1.0\n",
        ),
        ("../../escaped.py", "x"),
    ];
    shop.offer(&PackageFile {
        name: "escape-1.0-py2-none-any.whl".to_owned(),
        bytes: zip(escape.into_iter()),
    });
    shop.refused("escape==1.0", "it has the unsafe path");
    assert!(!shop.program.path("escaped.py").exists());
    shop.offer(&PackageFile {
        name: "junk-1.0.tar.gz".to_owned(),
        bytes: b"not an archive".to_vec(),
    });
    shop.refused("junk==1.0", "cannot be read");
    let liar = PackageFile {
        name: "liar-1.0-py2-none-any.whl".to_owned(),
        ..rockets()
    };
    shop.offer(&liar);
    shop.refused("liar==1.0", "its metadata names the package `acme-rockets`");
}

#[test]
fn nothing_of_a_package_is_run_when_it_is_added() {
    let shop = Shop::new();
    let mark = shop.program.path("mark");
    let touch = format!("open({:?}, 'w')", mark.display().to_string());
    shop.offer(&source_archive(
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
    let added = shop.added("loud==1.0");
    assert!(
        !mark.exists() && !added.stdout.contains("imported"),
        "{added:?}"
    );
    let ran = shop.hook("print 'started'\nimport loud\n", &[]);
    assert_eq!(ran.stdout, "started\nimported\n");
}
