//! Compiles a package's modules in the sandbox: the interpreter that will run them is the one that compiles them, and whatever a
//! source does to a compiler, it does there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use codehook_egress::Session;
use codehook_sandbox::{Library, LibraryError, Outcome, Purpose, RunLimits, Sandbox, Script};

use crate::PACKAGES_DIRECTORY;
use crate::archive::Files;
use crate::modules::NAMESPACE_INIT;
use crate::pack;

/// Where the script finds the sources: nowhere that the interpreter looks for modules.
const SOURCES_DIRECTORY: &str = "/package";
const SCRIPT: &str = include_str!("compile.py");

const BUILT_IN_NAMES: u8 = 0;
const CODE: u8 = 1;
const COMPLAINT: u8 = 2;
/// Kind, length of the path, length of the content.
const HEADER_BYTES: usize = 9;

/// What the interpreter made of the sources.
#[derive(Debug, Default)]
pub struct Compiled {
    /// Path of the source -> the whole `.pyc`.
    pub code: BTreeMap<String, Vec<u8>>,
    /// Path of the source -> why it is no Python 2.7.
    pub complaints: BTreeMap<String, String>,
    /// The modules that are linked into the interpreter.
    pub linked: BTreeSet<String>,
}

/// The modules could not be compiled at all. What is wrong with a single one is in [`Compiled::complaints`].
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The run failed.
    #[error("the package's modules could not be compiled: the run ended as {outcome:?}{detail}")]
    Run {
        /// How.
        outcome: Outcome,
        /// What it wrote.
        detail: String,
    },
    /// A defect of the script.
    #[error(
        "the package's modules could not be compiled: the answer of the sandbox is incomplete; this is a defect of codehook"
    )]
    Answer,
    /// The sources cannot be shown to the script.
    #[error("the package's modules cannot be shown to the interpreter: {0}")]
    Sources(String),
}

impl From<LibraryError> for CompileError {
    fn from(error: LibraryError) -> Self {
        Self::Sources(error.to_string())
    }
}

/// Compiles every `.py` of `files`, but for what makes a package a shared one: that must stay a source, since Python looks for one.
pub(crate) async fn compile(
    sandbox: &Sandbox,
    files: &Files,
    no_network: Session,
) -> Result<Compiled, CompileError> {
    let sources: Files = files
        .iter()
        .filter(|(path, content)| path.ends_with(".py") && *content != NAMESPACE_INIT.as_bytes())
        .map(|(path, content)| (path.clone(), content.clone()))
        .collect();
    compile_modules(sandbox, &sources, PACKAGES_DIRECTORY, no_network).await
}

/// Compiles all of `sources` (path -> text) as modules below `directory`, an absolute path in the guest, which tracebacks then show.
///
/// # Errors
///
/// When the run fails: a source that is no Python 2.7 is only complained of.
pub async fn compile_modules(
    sandbox: &Sandbox,
    sources: &BTreeMap<String, Vec<u8>>,
    directory: &str,
    no_network: Session,
) -> Result<Compiled, CompileError> {
    let archive = pack::tar(sources).map_err(|error| CompileError::Sources(error.to_string()))?;
    let library = Library::mounted_at(SOURCES_DIRECTORY, [archive])?;
    let text = format!("SOURCES, PACKAGES = {SOURCES_DIRECTORY:?}, {directory:?}\n{SCRIPT}");
    let script = Script::new("compile.py", text.into_bytes())
        .map_err(|error| CompileError::Sources(error.to_string()))?
        .with_packages(Some(Arc::new(library)));
    let limits = RunLimits {
        wall_time: Duration::from_secs(300),
        memory_bytes: 1 << 30,
        output_bytes: 512 << 20,
        ..RunLimits::default()
    };
    let report = sandbox
        .run(&script, Purpose::Run, &limits, no_network, None)
        .await;
    if report.outcome != Outcome::Succeeded {
        let text = String::from_utf8_lossy(&report.stderr.bytes);
        let detail = text
            .trim_end()
            .lines()
            .last()
            .map(|line| format!(": {line}"));
        return Err(CompileError::Run {
            outcome: report.outcome,
            detail: detail.unwrap_or_default(),
        });
    }
    let compiled = read(&report.stdout.bytes).ok_or(CompileError::Answer)?;
    let answered =
        |path: &String| compiled.code.contains_key(path) != compiled.complaints.contains_key(path);
    let count = compiled.code.len() + compiled.complaints.len();
    if count == sources.len() && sources.keys().all(answered) {
        Ok(compiled)
    } else {
        Err(CompileError::Answer)
    }
}

/// Reads the script's answer; nothing if it is not what the script writes.
fn read(mut answer: &[u8]) -> Option<Compiled> {
    let mut compiled = Compiled::default();
    while !answer.is_empty() {
        let (header, rest) = answer.split_at_checked(HEADER_BYTES)?;
        let length = |at: usize| {
            let bytes = header[at..at + 4].try_into().ok()?;
            usize::try_from(u32::from_le_bytes(bytes)).ok()
        };
        let (path, rest) = rest.split_at_checked(length(1)?)?;
        let (content, rest) = rest.split_at_checked(length(5)?)?;
        let path = String::from_utf8(path.to_vec()).ok()?;
        match header[0] {
            BUILT_IN_NAMES => {
                let names = String::from_utf8_lossy(content);
                compiled.linked = names.split_whitespace().map(str::to_owned).collect();
            }
            CODE => {
                compiled.code.insert(path, content.to_vec());
            }
            COMPLAINT => {
                let text = String::from_utf8_lossy(content).into_owned();
                compiled.complaints.insert(path, text);
            }
            _ => return None,
        }
        answer = rest;
    }
    Some(compiled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_off_or_strange_answer_is_none() {
        let whole = b"\x01\x04\0\0\0\x02\0\0\0a.pyxy";
        let compiled = read(whole).expect("an answer");
        assert_eq!(compiled.code["a.py"], b"xy");
        for end in 1..whole.len() {
            assert!(read(&whole[..end]).is_none(), "{end}");
        }
        assert!(read(b"\x09\0\0\0\0\0\0\0\0").is_none());
    }
}
