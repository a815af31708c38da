//! Lets the interpreter compile the template, every token in it a `0`.

use std::sync::LazyLock;

use anyhow::Context;
use codehook_egress::{Egress, EgressConfig, Policy};
use codehook_sandbox::{Outcome, Purpose, RunLimits, RunReport, Sandbox, Script};
use codehook_template::{Template, TokenValues};
use regex::Regex;

use crate::rejection::Rejection;

/// Fits every place in which a token can stand: literals of all kinds, comments, and code, where only numbers do.
const NEUTRAL_VALUE: &str = "0";

static LINE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"\bline (\d+)\b").expect("the pattern is a constant that the tests compile")
});

/// The template as a script without any event's value in it.
pub(crate) struct NeutralScript {
    pub(crate) script: Script,
    pub(crate) source: Vec<u8>,
}

/// Fills the template in.
pub(crate) fn neutral_script(
    template: &Template,
    script_name: &str,
) -> Result<NeutralScript, Rejection> {
    let mut values = TokenValues::new();
    for token in template.tokens() {
        values.insert(token.name.clone(), NEUTRAL_VALUE);
    }
    let file = template.display_name();
    let rendered = template
        .render(&values)
        .map_err(|error| Rejection::render(file, &error))?;
    let source = rendered.script;
    let script = Script::new(script_name, source.as_slice())
        .map_err(|error| Rejection::file(file, error))?;
    Ok(NeutralScript { script, source })
}

/// Why a script does not compile.
#[derive(Debug)]
pub(crate) struct Complaint {
    pub(crate) error: Rejection,
    /// What the interpreter wrote, the line in question and its mark included.
    pub(crate) text: String,
}

/// Why `script`, which is in `file`, does not compile; `None` if it does.
///
/// # Errors
///
/// When the check cannot be made.
pub(crate) fn compile(
    sandbox: &Sandbox,
    script: &Script,
    file: &str,
) -> anyhow::Result<Option<Complaint>> {
    let nothing_allowed = Egress::new(EgressConfig::default())?.session(Policy::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let limits = RunLimits::default();
    let check = sandbox.run(script, Purpose::Check, &limits, nothing_allowed, None);
    let report = runtime.block_on(check);
    match report.outcome {
        Outcome::Succeeded => Ok(None),
        _ => complaint(&report, file).map(Some),
    }
}

fn complaint(report: &RunReport, file: &str) -> anyhow::Result<Complaint> {
    let text = String::from_utf8_lossy(&report.stderr.bytes);
    let reason = match report.outcome {
        Outcome::TimedOut => "compiling it takes too long; make the script shorter",
        Outcome::OutOfMemory => "compiling it takes too much memory; make the script shorter",
        _ => text
            .trim_end()
            .lines()
            .last()
            .context("the interpreter gave no reason; try again")?,
    };
    let line = line_in(&text);
    let place = line.map(|line| format!(":{line}")).unwrap_or_default();
    let error = Rejection {
        message: format!("{file}{place}: {reason}"),
        file: Some(file.to_owned()),
        line,
        ..Rejection::default()
    };
    Ok(Complaint {
        error,
        text: text.into_owned(),
    })
}

/// Rendering adds no line, so the interpreter's lines are the template's.
fn line_in(text: &str) -> Option<usize> {
    LINE.captures_iter(text).last()?[1].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_the_one_the_interpreter_names() {
        let text = "  File \"hook.py\", line 12\n    if x\n       ^\nSyntaxError: invalid syntax\n";
        assert_eq!(line_in(text), Some(12));
        assert_eq!(line_in("MemoryError\n"), None);
    }
}
