//! Whether the interpreter compiles a template.

use codehook_runner::compile_check::NeutralScript;
use codehook_sandbox::Sandbox;
use codehook_template::Template;

use crate::problem::Problem;

/// Compiles; a fault is a problem with its line and column.
pub(crate) async fn check(sandbox: &Sandbox, template: &Template) -> Result<(), Problem> {
    let name = template.display_name();
    let script =
        NeutralScript::new(template, name).map_err(|error| Problem::invalid(error.to_string()))?;
    let error = script
        .compile(sandbox)
        .await
        .map_err(|error| Problem::invalid(error.to_string()))?;
    let Some(error) = error else {
        return Ok(());
    };
    let problem = Problem::invalid(format!("{name}: {}", error.reason));
    Err(match error.line {
        Some(line) => problem.at(line, error.column),
        None => problem,
    })
}
