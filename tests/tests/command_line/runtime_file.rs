//! The file that holds the interpreter: where it is found, when it is trusted, and what a damaged one does.

use std::fs::{self, OpenOptions, Permissions};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::Command;

use codehook_tests::program::{Ended, Program, binary};
use codehook_tests::{target, workspace};

const NAME: &str = "python2.7.runtime";
/// Where members of the file begin, in bytes.
const PAGE: u64 = 4096;

fn built() -> PathBuf {
    target().join("lib/codehook").join(NAME)
}

/// A directory with a runtime file of its own.
fn copy() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(NAME);
    fs::copy(built(), &path).expect("`make python` has built it");
    (directory, path)
}

/// Runs a hook with the runtime file of that directory.
fn run_with(program: &Program, directory: &Path) -> Ended {
    let mut command = program.command(&program.run_arguments("print 'ran'\n", &[]));
    command.env("CODEHOOK_RUNTIME_DIR", directory);
    program.finish(command)
}

fn refused(ended: &Ended, why: &str) {
    assert_eq!(ended.code, Some(3), "{ended:?}");
    assert!(ended.stderr.contains(why), "{ended:?}");
    assert!(ended.stderr.contains(NAME), "{ended:?}");
}

#[test]
fn one_that_others_can_write_to_is_refused() {
    let (directory, path) = copy();
    fs::set_permissions(&path, Permissions::from_mode(0o666)).expect("a mode");
    refused(&run_with(&Program::new(), directory.path()), "chmod go-w");
}

#[test]
fn where_there_is_none_the_program_says_how_to_get_one() {
    let empty = tempfile::tempdir().expect("a directory");
    let ended = run_with(&Program::new(), empty.path());
    refused(&ended, "make python");
    assert!(ended.stderr.contains("CODEHOOK_RUNTIME_DIR"), "{ended:?}");
}

#[test]
fn one_that_was_cut_off_is_refused() {
    let (directory, path) = copy();
    let length = fs::metadata(&path).expect("a file").len();
    let file = OpenOptions::new().write(true).open(&path).expect("a file");
    file.set_len(length - 1).expect("shorter");
    refused(&run_with(&Program::new(), directory.path()), "cut off");
}

#[test]
fn code_that_is_another_interpreters_is_compiled_anew_and_not_run() {
    let (directory, path) = copy();
    // What names the code lies alone in its page, 32 bytes.
    let key = position_of(&path, b"interpreter.code.key").next_multiple_of(PAGE);
    let file = OpenOptions::new().write(true).open(&path).expect("a file");
    file.write_all_at(&[0; 32], key).expect("it is written");
    let home = tempfile::tempdir().expect("a directory");
    let ended = run_with(&Program::with_cache_home(home.path()), directory.path());
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "ran\n", "{ended:?}");
    assert!(ended.stderr.contains("another interpreter's"), "{ended:?}");
    assert!(ended.stderr.contains("compiling"), "{ended:?}");
}

#[test]
fn a_program_with_the_file_at_its_end_needs_no_other() {
    let directory = tempfile::tempdir().expect("a directory");
    let whole = directory.path().join("codehook");
    let attached = Command::new(workspace().join("packaging/attach-runtime.sh"))
        .args([&binary(), &built(), &whole])
        .status()
        .expect("there is a shell");
    assert!(attached.success(), "{attached}");
    let user = Program::new();
    let mut command = user.command_of(&whole, &user.run_arguments("print 'ran'\n", &[]));
    command.env_remove("CODEHOOK_RUNTIME_DIR");
    let ended = user.finish(command);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout, "ran\n", "{ended:?}");
    assert!(!ended.stderr.contains("compiling"), "{ended:?}");
}

/// Where `text` first stands in the file, in bytes.
fn position_of(path: &Path, text: &[u8]) -> u64 {
    let bytes = fs::read(path).expect("a file");
    let at = bytes
        .windows(text.len())
        .position(|window| window == text)
        .expect("it is there");
    at as u64 + text.len() as u64
}
