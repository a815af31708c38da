//! `codehook check`: what can be said about a template without running it.
//!
//! The interpreter compiles it with a neutral value in the place of every token; everything else is read from the template's own
//! text, so that every place that is named is a place in the author's file. Refuses to judge what only a run can show.

mod compile;
mod credentials;
mod hosts;
mod report;
mod source;
mod tmp_files;
mod unsupported;
mod warning;

use codehook_template::{Mapping, Template};

use crate::check::report::CheckReport;
use crate::check::source::Source;
use crate::check::warning::{Warning, WarningKind};
use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::input;
use crate::interpreter;
use crate::rejection::Rejection;
use crate::say::{self, Format};

/// Runs the command.
///
/// # Errors
///
/// When this machine does not let the engine work. Whatever is wrong with the input is told here.
pub(crate) fn command(args: &CheckArgs) -> anyhow::Result<Exit> {
    let prepared = prepare(args);
    let file = input::display_name(&args.script);
    let (report, exit) = match prepared {
        Err(rejection) => (CheckReport::rejected(file, rejection), Exit::Rejected),
        Ok((mapping, template, script)) => {
            let sandbox = interpreter::start(args.cache.directory.as_deref(), args.format())?;
            let complaint = compile::compile(&sandbox, &script, &file)?;
            let exit = match complaint {
                None => Exit::Succeeded,
                Some(_) => Exit::ScriptFailed,
            };
            (CheckReport::new(&template, &mapping, complaint), exit)
        }
    };
    match args.format() {
        Format::Json => say::json(&report)?,
        Format::Human if exit == Exit::Rejected => {
            say::note(&report.error_message().unwrap_or_default());
        }
        Format::Human => say::stdout(report.to_string().as_bytes()),
    }
    Ok(exit)
}

fn prepare(args: &CheckArgs) -> Result<(Mapping, Template, codehook_sandbox::Script), Rejection> {
    let mapping = input::mapping(args.mapping.as_deref())?;
    let template = input::template(&args.script, &mapping)?;
    let script = compile::neutral_script(&template, &input::script_name(&args.script))?;
    Ok((mapping, template, script))
}

/// Everything worth a warning, in the order of the file.
fn warnings(template: &Template, mapping: &Mapping) -> Vec<Warning> {
    let source = Source::new(template);
    let mut warnings: Vec<Warning> = template
        .unknown_tokens()
        .map(|unknown| {
            let advice = match &unknown.suggestion {
                Some(suggestion) => format!("did you mean @{suggestion}@?"),
                None => "map it in the mapping file if it is meant to be one".to_owned(),
            };
            let name = &unknown.name;
            Warning {
                kind: WarningKind::UnknownToken,
                message: format!("@{name}@ is no token and stays as it is; {advice}"),
                position: unknown.position,
            }
        })
        .collect();
    warnings.extend(tmp_files::warnings(&source));
    warnings.extend(credentials::warnings(&source, mapping));
    warnings.extend(unsupported::warnings(&source));
    warnings.sort_by_key(|warning| warning.position);
    warnings
}

#[cfg(test)]
mod tests;
