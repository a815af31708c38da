//! Which of a script's imports will fail: each is tried in the sandbox, with the tenant's packages, so that the
//! answer and its words are those of the interpreter. Imports that the script itself is prepared to miss do not
//! count.

use std::sync::Arc;

use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_sandbox::{Library, Outcome, Purpose, RunLimits, RunReport, Sandbox, Script};
use codehook_template::Position;
use serde::Deserialize;

use crate::check::warning::{Warning, WarningKind};

const SCRIPT: &str = include_str!("imports.py");

/// One import that fails.
#[derive(Debug, Deserialize)]
struct FailedImport {
    line: usize,
    column: usize,
    module: String,
    /// Python's own.
    message: String,
}

/// Warnings about the imports of `source`, a script that compiles, with `hint` for what Python's own words leave open.
///
/// # Errors
///
/// When the engine cannot be used.
pub(crate) fn warnings(
    sandbox: &Sandbox,
    source: &[u8],
    packages: Option<Arc<Library>>,
    hint: impl Fn(&str) -> Option<String>,
) -> anyhow::Result<Vec<Warning>> {
    let text = format!("SOURCE = {}\n{SCRIPT}", literal(source));
    let script = Script::new("imports.py", text.into_bytes())?.with_packages(packages);
    let nothing_allowed = Egress::new(EgressConfig::default())?.session(Policy::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let limits = RunLimits::default();
    let run = sandbox.run(&script, Purpose::Run, &limits, nothing_allowed, None);
    let report = runtime.block_on(run);
    let output = String::from_utf8_lossy(&report.stdout.bytes);
    let answer = output.trim_end().lines().last().unwrap_or_default();
    let failed: Vec<FailedImport> = match serde_json::from_str(answer) {
        Ok(failed) if report.outcome == Outcome::Succeeded => failed,
        // A package that takes too long or too much to import, or ends the run.
        _ => return Ok(vec![not_tried(&report)]),
    };
    Ok(failed.iter().map(|failed| warning(failed, &hint)).collect())
}

fn warning(failed: &FailedImport, hint: impl Fn(&str) -> Option<String>) -> Warning {
    let FailedImport {
        line,
        column,
        module,
        message,
    } = failed;
    let hint = hint(message).map(|hint| format!("; {hint}"));
    Warning {
        kind: WarningKind::MissingModule,
        message: format!(
            "import of {module} will fail: {message}{}",
            hint.unwrap_or_default()
        ),
        position: Position {
            line: *line,
            column: *column,
        },
    }
}

fn not_tried(report: &RunReport) -> Warning {
    Warning {
        kind: WarningKind::MissingModule,
        message: format!(
            "the script's imports could not be tried (the attempt ended as {:?}): run it to see whether they work",
            report.outcome
        ),
        position: Position { line: 1, column: 1 },
    }
}

/// Bytes as a literal of Python.
fn literal(bytes: &[u8]) -> String {
    let mut text = String::from("'");
    for byte in bytes {
        match byte {
            b'\\' | b'\'' => {
                text.push('\\');
                text.push(char::from(*byte));
            }
            b' '..=b'~' => text.push(char::from(*byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push('\'');
    text
}

#[cfg(test)]
mod tests {
    use super::literal;

    #[test]
    fn any_bytes_can_be_a_literal() {
        assert_eq!(literal(b"a'\\\n\xc3"), r"'a\'\\\x0a\xc3'");
    }
}
