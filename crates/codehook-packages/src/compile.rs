//! Compiles a package's modules in the sandbox, with the interpreter that will run them: an attack on the compiler
//! stays there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use codehook_egress::Session;
use codehook_sandbox::{Library, LibraryError, Outcome, Purpose, RunLimits, Sandbox, Script};

use crate::PACKAGES_DIRECTORY;
use crate::archive::Files;
use crate::modules::NAMESPACE_INIT;
use crate::pack;

/// The directory of the sources for the script, from which the interpreter imports nothing.
const SOURCES_DIRECTORY: &str = "/package";
const SCRIPT: &str = include_str!("compile.py");

const BUILT_IN_NAMES: u8 = 0;
const CODE: u8 = 1;
const SYNTAX_ERROR: u8 = 2;
/// Kind, length of the path, length of the content.
const HEADER_BYTES: usize = 9;

/// The result of compiling sources.
#[derive(Debug, Default)]
pub struct Compiled {
    /// Path of the source -> the whole `.pyc`.
    pub code: BTreeMap<String, Vec<u8>>,
    /// Path of the source -> its syntax error.
    pub syntax_errors: BTreeMap<String, String>,
    /// The modules that are linked into the interpreter.
    pub linked: BTreeSet<String>,
}

/// Reasons why the modules could not be compiled at all. Errors of single modules are in [`Compiled::syntax_errors`].
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The run failed.
    #[error("the package's modules could not be compiled: the run ended as {outcome:?}{detail}")]
    Run {
        /// Its outcome.
        outcome: Outcome,
        /// The end of its error output.
        detail: String,
    },
    /// The script's output is incomplete.
    #[error(
        "the package's modules could not be compiled: the output of the compiler is incomplete; this is a defect of \
         codehook"
    )]
    Output,
    /// The sources cannot be mounted for the script.
    #[error("the package's modules cannot be mounted for the interpreter: {0}")]
    Sources(String),
}

impl From<LibraryError> for CompileError {
    fn from(error: LibraryError) -> Self {
        Self::Sources(error.to_string())
    }
}

/// Compiles every `.py` of `files`, except the `__init__.py` of namespace packages: Python looks for their source.
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

/// Compiles all of `sources` (path -> text) as modules below `directory`, an absolute path in the guest, which
/// tracebacks then show.
///
/// # Errors
///
/// When the run fails. A syntax error of a source is part of the result.
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
    let compiled = parse(&report.stdout.bytes).ok_or(CompileError::Output)?;
    let is_covered = |path: &String| {
        compiled.code.contains_key(path) != compiled.syntax_errors.contains_key(path)
    };
    let count = compiled.code.len() + compiled.syntax_errors.len();
    if count == sources.len() && sources.keys().all(is_covered) {
        Ok(compiled)
    } else {
        Err(CompileError::Output)
    }
}

/// Parses the script's output; returns `None` if it is malformed.
fn parse(mut output: &[u8]) -> Option<Compiled> {
    let mut compiled = Compiled::default();
    while !output.is_empty() {
        let (header, rest) = output.split_at_checked(HEADER_BYTES)?;
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
            SYNTAX_ERROR => {
                let text = String::from_utf8_lossy(content).into_owned();
                compiled.syntax_errors.insert(path, text);
            }
            _ => return None,
        }
        output = rest;
    }
    Some(compiled)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_or_malformed_output_is_refused() {
        let whole = b"\x01\x04\0\0\0\x02\0\0\0a.pyxy";
        let compiled = parse(whole).expect("output");
        assert_eq!(compiled.code["a.py"], b"xy");
        for end in 1..whole.len() {
            assert!(parse(&whole[..end]).is_none(), "{end}");
        }
        assert!(parse(b"\x09\0\0\0\0\0\0\0\0").is_none());
    }
}
