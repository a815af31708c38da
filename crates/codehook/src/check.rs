//! `codehook check`: what can be said about a template without running it.
//!
//! The interpreter compiles it with a neutral value in the place of every token; everything else is read from the
//! template's own text, so that every place that is named is a place in the author's file. Refuses to judge what only
//! a run can show.

mod compile;
mod credentials;
mod hosts;
mod imports;
mod report;
mod source;
mod tmp_files;
mod unsupported;
mod warning;

use codehook_runner::PackageLibraries;
use codehook_runner::compile_check::NeutralScript;
use codehook_sandbox::{Metering, Sandbox};
use codehook_template::{Mapping, Template};

use crate::check::report::CheckReport;
use crate::check::source::Source;
use crate::check::warning::{Warning, WarningKind};
use crate::cli::CheckArgs;
use crate::exit::Exit;
use crate::hardening::Permissions;
use crate::input;
use crate::interpreter;
use crate::packages;
use crate::rejection::Rejection;
use crate::terminal::{self, Format};

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
            let sandbox = interpreter::start(
                args.cache.directory.as_deref(),
                Metering::Time,
                args.output.format(),
                Some(Permissions {
                    readable: packages::store_directory(&args.tenant)
                        .into_iter()
                        .collect(),
                    ..Permissions::default()
                }),
            )?;
            let complaint = compile::compile(&sandbox, &script, &file)?;
            let (exit, imports) = match complaint {
                None => (
                    Exit::Succeeded,
                    import_warnings(&sandbox, &script.source, args)?,
                ),
                Some(_) => (Exit::ScriptFailed, Vec::new()),
            };
            let warnings = with_imports(warnings(&template, &mapping), imports);
            (
                CheckReport::new(&template, &mapping, complaint, warnings),
                exit,
            )
        }
    };
    match args.output.format() {
        Format::Json => terminal::json(&report)?,
        Format::Human if exit == Exit::Rejected => {
            terminal::note(&report.error_message().unwrap_or_default());
        }
        Format::Human => terminal::stdout(report.to_string().as_bytes()),
    }
    Ok(exit)
}

fn prepare(args: &CheckArgs) -> Result<(Mapping, Template, NeutralScript), Rejection> {
    let mapping = input::mapping(args.mapping.as_deref())?;
    let template = input::template(&args.script, &mapping)?;
    let script = compile::neutral_script(&template, &input::script_name(&args.script))?;
    Ok((mapping, template, script))
}

/// Imports that will fail for this tenant's hooks.
fn import_warnings(
    sandbox: &Sandbox,
    source: &[u8],
    args: &CheckArgs,
) -> anyhow::Result<Vec<Warning>> {
    let libraries = PackageLibraries::new(packages::store_directory(&args.tenant));
    let packages = packages::block_on(libraries.of(&args.tenant.tenant))??;
    let hint = |message: &str| {
        let line = format!("ImportError: {message}");
        let module = packages::last_missing_module(line.as_bytes())?;
        packages::about_missing_module(&module, &args.tenant)
    };
    imports::warnings(sandbox, source, packages, hint)
}

/// What is said of a line already is not said again in other words.
fn with_imports(mut warnings: Vec<Warning>, imports: Vec<Warning>) -> Vec<Warning> {
    for import in imports {
        let said = warnings.iter().any(|warning| {
            warning.kind == WarningKind::Unsupported
                && warning.position.line == import.position.line
        });
        if !said {
            warnings.push(import);
        }
    }
    warnings.sort_by_key(|warning| warning.position);
    warnings
}

/// Everything worth a warning in the template's own text, in the order of the file.
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
