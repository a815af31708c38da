//! CPython 2.7 in a process of its own, which answers a line with a line.

use std::cell::RefCell;
use std::env;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

struct Python {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    child: Child,
}

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

thread_local! {
    static PYTHON: RefCell<Option<Python>> = const { RefCell::new(None) };
}

/// The native interpreter that the build of the sandboxed one made, or the one of `CODEHOOK_FUZZ_PYTHON`.
fn interpreter() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    env::var_os("CODEHOOK_FUZZ_PYTHON").map_or_else(
        || here.join("../../target/python-wasm/native/python"),
        PathBuf::from,
    )
}

fn start() -> Python {
    let python = interpreter();
    let mut child = Command::new(&python)
        .arg("-B")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!(
                "{}: {error}; run `make python`, or name a Python 2.7 in CODEHOOK_FUZZ_PYTHON",
                python.display()
            )
        });
    Python {
        input: child.stdin.take().expect("a pipe was asked for"),
        output: BufReader::new(child.stdout.take().expect("a pipe was asked for")),
        child,
    }
}

/// The oracle's answer to a case.
pub(crate) fn ask(case: &Value) -> String {
    PYTHON.with_borrow_mut(|python| {
        let python = python.get_or_insert_with(start);
        let mut answer = String::new();
        writeln!(python.input, "{case}").expect("the oracle reads");
        python
            .output
            .read_line(&mut answer)
            .expect("the oracle answers");
        assert!(!answer.is_empty(), "the oracle has ended");
        answer.trim_end().to_owned()
    })
}
