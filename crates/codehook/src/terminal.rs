//! Output of the program itself, as opposed to the script's: notes on standard error, JSON on standard output.
//!
//! The reader may be gone (`codehook run ... | head`): output that cannot be written is dropped, and nothing panics.

use std::io::{ErrorKind, IsTerminal, Write};

use anyhow::Context;
use serde::Serialize;

/// Whether a command's result is for a person or for a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// Text.
    Human,
    /// One JSON object on standard output.
    Json,
}

impl Format {
    /// Whether notes about progress are wanted on standard error: a program that captures it should find errors only.
    pub(crate) fn wants_progress(self) -> bool {
        self == Self::Human || std::io::stderr().is_terminal()
    }
}

/// A line of the program's own on standard error.
pub(crate) fn note(text: &str) {
    stderr(format!("codehook: {text}\n").as_bytes());
}

/// Bytes on standard error as they are.
pub(crate) fn stderr(bytes: &[u8]) {
    let _ = std::io::stderr().lock().write_all(bytes);
}

/// Bytes on standard output as they are.
pub(crate) fn stdout(bytes: &[u8]) {
    let mut stdout = std::io::stdout().lock();
    let _ = stdout.write_all(bytes).and_then(|()| stdout.flush());
}

/// One JSON object on one line of standard output.
///
/// # Errors
///
/// When the report cannot be delivered for another reason than that its reader has gone.
pub(crate) fn json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(&line).and_then(|()| stdout.flush());
    match written {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("the report cannot be written to standard output")
        }
        _ => Ok(()),
    }
}
