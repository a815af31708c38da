//! Whether the interpreter compiles a template, with a `0` in the place of every token.

use codehook_egress::{Egress, EgressConfig, EgressConfigError, Policy};
use codehook_sandbox::{Outcome, Purpose, RunLimits, RunReport, Sandbox, Script};
use codehook_template::{Template, TokenValues};

use crate::request::PrepareError;

/// Fits every place in which a token can stand: literals of all kinds, comments, and code, where only numbers do.
const NEUTRAL_VALUE: &str = "0";

/// A template as a script without any value of an event in it.
#[derive(Debug)]
pub struct NeutralScript {
    /// The script.
    pub script: Script,
    /// Its source. Line by line the template's.
    pub source: Vec<u8>,
}

/// Why a script does not compile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// The interpreter's message, on one line.
    pub reason: String,
    /// The line in the template, from 1.
    pub line: Option<usize>,
    /// The column in the line, from 1.
    pub column: Option<usize>,
    /// All that the interpreter wrote, the line in question and its mark included.
    pub text: String,
}

impl NeutralScript {
    /// Renders `template` with a number for every token, as a script named `script_name`.
    ///
    /// # Errors
    ///
    /// When the template cannot be rendered, or the name is no file name.
    pub fn new(template: &Template, script_name: &str) -> Result<Self, PrepareError> {
        let mut values = TokenValues::new();
        for token in template.tokens() {
            values.insert(token.name.clone(), NEUTRAL_VALUE);
        }
        let source = template.render(&values)?.script;
        let script = Script::new(script_name, source.as_slice())?;
        Ok(Self { script, source })
    }

    /// Compiles the script, without network; `None` means that it compiles.
    ///
    /// # Errors
    ///
    /// When the process cannot make network sessions at all.
    pub async fn compile(
        &self,
        sandbox: &Sandbox,
    ) -> Result<Option<CompileError>, EgressConfigError> {
        // No rule, so nothing is allowed.
        let http = Egress::new(EgressConfig::default())?.session(Policy::default());
        let limits = RunLimits::default();
        let report = sandbox
            .run(&self.script, Purpose::Check, &limits, http, None)
            .await;
        Ok(compile_error(&report))
    }
}

fn compile_error(report: &RunReport) -> Option<CompileError> {
    let text = String::from_utf8_lossy(&report.stderr.bytes);
    let last = text.trim_end().lines().last().unwrap_or_default();
    let reason = match report.outcome {
        Outcome::Succeeded => return None,
        Outcome::TimedOut => "compiling it takes too long; make the script shorter",
        Outcome::OutOfMemory => "compiling it takes too much memory; make the script shorter",
        _ if last.is_empty() => "the interpreter gave no reason; try again",
        _ => last,
    };
    let position = position(&text);
    Some(CompileError {
        reason: reason.to_owned(),
        line: position.map(|(line, _)| line),
        column: position.and_then(|(_, column)| column),
        text: text.clone().into_owned(),
    })
}

/// The line that the interpreter names last, and the column under which it puts a caret.
///
/// Python 2.7 writes `File "hook.py", line 3`, then the line, then a caret under the column, both indented by four
/// (`traceback.c`, `pythonrun.c`: `print_error_text`); an error of the encoding alone is one line with `on line 3` in
/// it.
fn position(text: &str) -> Option<(usize, Option<usize>)> {
    let (_, rest) = text
        .rsplit_once("line ")
        .filter(|(_, rest)| rest.starts_with(|first: char| first.is_ascii_digit()))?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let mut lines = rest.lines().skip(1);
    let source = lines.next();
    let caret = lines
        .next()
        .filter(|line| line.trim() == "^")
        .and_then(|line| line.find('^'));
    let column = source.and(caret).and_then(|at| at.checked_sub(3));
    Some((digits.parse().ok()?, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_is_the_one_that_the_interpreter_names() {
        let text = "  File \"hook.py\", line 12\n    if x\n       ^\nSyntaxError: invalid syntax\n";
        assert_eq!(position(text), Some((12, Some(4))));
        let text = "SyntaxError: Non-ASCII character '\\xc3' in file hook.py on line 2, but no encoding declared\n";
        assert_eq!(position(text), Some((2, None)));
        assert_eq!(position("MemoryError\n"), None);
    }
}
