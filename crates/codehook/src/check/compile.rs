//! What `codehook check` says of a template that the interpreter does not compile.

use codehook_runner::PrepareError;
use codehook_runner::compile_check::{CompileError, NeutralScript};
use codehook_sandbox::Sandbox;
use codehook_template::Template;

use crate::rejection::Rejection;

/// Fills the template in.
pub(crate) fn neutral_script(
    template: &Template,
    script_name: &str,
) -> Result<NeutralScript, Rejection> {
    let file = template.display_name();
    NeutralScript::new(template, script_name).map_err(|error| match error {
        PrepareError::Render(error) => Rejection::render(file, &error),
        PrepareError::Script(error) => Rejection::file(file, error),
    })
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
    script: &NeutralScript,
    file: &str,
) -> anyhow::Result<Option<Complaint>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let error = runtime.block_on(script.compile(sandbox))?;
    Ok(error.map(|error| complaint(error, file)))
}

fn complaint(error: CompileError, file: &str) -> Complaint {
    // Rendering adds no line, so the interpreter's lines are the template's.
    let line = error.line;
    let place = line.map(|line| format!(":{line}")).unwrap_or_default();
    Complaint {
        error: Rejection {
            message: format!("{file}{place}: {}", error.reason),
            file: Some(file.to_owned()),
            line,
            ..Rejection::default()
        },
        text: error.text,
    }
}
