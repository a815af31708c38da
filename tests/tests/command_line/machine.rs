//! What the program keeps on the machine: compiled code that nobody else can change, and nothing else.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use codehook_tests::program::{Ended, Program};

const COMPILING: &str = "codehook: compiling the python2.7 interpreter";

/// What makes the program compile: the code that comes with it counts no fuel.
const FUEL: &[&str] = &["--fuel", "100000000000"];

fn run(program: &Program, options: &[&str]) -> Ended {
    let ended = program.run_source("print 'ran'\n", options);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "ran\n", "{ended:?}");
    ended
}

/// The compiled modules in a cache: each one's inode and time of change.
fn compiled(cache: &Path) -> Vec<(u64, i64)> {
    let entries = fs::read_dir(cache).expect("the cache is there");
    entries
        .map(|entry| {
            let metadata = entry.expect("an entry").metadata().expect("metadata");
            assert!(metadata.is_file());
            assert_eq!(metadata.mode() & 0o777, 0o600);
            (metadata.ino(), metadata.mtime_nsec())
        })
        .collect()
}

#[test]
fn a_first_run_compiles_nothing_and_leaves_nothing_in_the_cache() {
    let home = tempfile::tempdir().expect("a directory");
    let ended = run(&Program::with_cache_home(home.path()), &[]);
    assert!(!ended.stderr.contains("compiling"), "{ended:?}");
    assert_eq!(compiled(&home.path().join("codehook")), []);
}

#[test]
fn the_interpreter_is_compiled_once_into_a_directory_that_is_closed_to_others() {
    let home = tempfile::tempdir().expect("a directory");
    let program = Program::with_cache_home(home.path());
    let first = run(&program, FUEL);
    assert!(first.stderr.contains(COMPILING), "{first:?}");
    let cache = home.path().join("codehook");
    let mode = fs::metadata(&cache).expect("the cache").mode() & 0o777;
    assert_eq!(mode, 0o700);
    let before = compiled(&cache);
    // The code, and the image of the memory.
    assert_eq!(before.len(), 2);
    let second = run(&program, FUEL);
    assert!(!second.stderr.contains("compiling"), "{second:?}");
    assert_eq!(compiled(&cache), before);
}

#[test]
fn a_cache_that_others_can_write_to_is_refused_and_the_run_goes_on() {
    let home = tempfile::tempdir().expect("a directory");
    let cache = home.path().join("codehook");
    fs::create_dir(&cache).expect("a directory");
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).expect("permissions");
    let ended = run(&Program::with_cache_home(home.path()), FUEL);
    assert!(
        ended.stderr.contains("codehook: going on without a cache"),
        "{ended:?}"
    );
    assert!(ended.stderr.contains("chmod 700"), "{ended:?}");
    assert_eq!(compiled(&cache), []);
}

#[test]
fn nothing_is_left_in_tmpdir_however_a_run_ends() {
    let program = Program::new();
    let leaves_a_file = "open('/tmp/file', 'w').write('x' * 1000)\n";
    for (rest, code) in [
        ("", 0),
        ("1 / 0\n", 1),
        ("while True: pass\n", 124),
        ("x = []\nwhile True: x.append('x' * 100000)\n", 137),
        ("import os; os._exit(3)\n", 1),
    ] {
        let source = format!("{leaves_a_file}{rest}");
        let options = ["--timeout", "1s", "--memory", "64MiB"];
        let ended = program.run_source(&source, &options);
        assert_eq!(ended.code, Some(code), "{ended:?}");
        assert!(
            ended.stderr.contains("left in /tmp: 1 file, 1000 B"),
            "{ended:?}"
        );
        let left = fs::read_dir(program.tmp()).expect("the TMPDIR").count();
        assert_eq!(left, 0, "{ended:?}");
    }
}

#[test]
fn a_tmpdir_that_is_not_there_is_the_machines_fault() {
    let program = Program::new();
    let arguments = program.run_arguments("pass\n", &[]);
    let mut command = program.command(&arguments);
    command.env("TMPDIR", "/no/such/directory");
    let ended = program.finish(command);
    ended.says(3, "/no/such/directory");
}
