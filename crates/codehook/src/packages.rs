//! `codehook packages`: what hooks can import, and the packages that an operator adds.

mod add;
mod hint;
mod list;
mod remove;
mod source;
mod verify;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::Context;
use codehook_packages::{BuiltIn, Store};
use serde::Serialize;

use crate::cli::{PackagesArgs, PackagesCommand, StoreArgs, TenantArgs};
use crate::exit::Exit;
use crate::terminal::{self, Format};

pub(crate) use hint::{about_missing_module, last_missing_module};

/// The environment variable that names the store.
const DIRECTORY_VARIABLE: &str = "CODEHOOK_PACKAGES_DIR";

/// Runs the command.
///
/// # Errors
///
/// When the store or the engine cannot be used. Whatever is wrong with the input or the package is told here.
pub(crate) fn command(args: &PackagesArgs) -> anyhow::Result<Exit> {
    match &args.command {
        PackagesCommand::List(args) => list::command(args),
        PackagesCommand::Add(args) => add::command(args),
        PackagesCommand::Remove(args) => remove::command(args),
        PackagesCommand::Verify(args) => verify::command(args),
    }
}

/// What every hook has.
///
/// # Errors
///
/// When there is no runtime, or a damaged one.
pub(crate) fn built_in() -> anyhow::Result<BuiltIn> {
    let runtime = codehook_python::runtime()?;
    let library = runtime.library().context("the library of the runtime")?;
    Ok(BuiltIn::new(runtime.manifest(), library)?)
}

/// Where packages are looked for: there may be nothing.
pub(crate) fn store_directory(args: &TenantArgs) -> Option<PathBuf> {
    directory(args.store.directory.as_deref(), variable)
}

/// The directory of packages of a service, made where it is missing, so that what is added later can be read as well.
/// `None` without a home, or when the user's own directory cannot be made: then nobody has added packages there.
///
/// # Errors
///
/// When a directory that was named cannot be made.
pub(crate) fn service_directory(given: Option<&Path>) -> anyhow::Result<Option<PathBuf>> {
    let Some(path) = directory(given, variable) else {
        return Ok(None);
    };
    let path = std::path::absolute(path)?;
    let named =
        given.is_some() || variable(DIRECTORY_VARIABLE).is_some_and(|name| !name.is_empty());
    match std::fs::create_dir_all(&path) {
        Ok(()) => Ok(Some(path)),
        Err(_) if !named => Ok(None),
        Err(error) => Err(error).with_context(|| {
            format!(
                "the directory of packages {} cannot be made",
                path.display()
            )
        }),
    }
}

/// The store that the arguments or the environment name.
fn store(args: &StoreArgs) -> anyhow::Result<Store> {
    directory(args.directory.as_deref(), variable)
        .map(Store::new)
        .context("no place for packages, as HOME is not set: name one with `--packages-dir DIR`")
}

fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}

/// The given directory, that of the environment, or the user's own. `None` without a home.
fn directory(given: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let named = variable(DIRECTORY_VARIABLE).filter(|name| !name.is_empty());
    let absolute = |name| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    given
        .map(Path::to_owned)
        .or_else(|| named.map(PathBuf::from))
        .or_else(|| {
            absolute("XDG_DATA_HOME")
                .or_else(|| absolute("HOME").map(|home| home.join(".local/share")))
                .map(|data| data.join("codehook/packages"))
        })
}

/// Tells that nothing was done, and why.
fn refuse(format: Format, error: &dyn std::fmt::Display) -> anyhow::Result<Exit> {
    #[derive(Serialize)]
    struct Refused {
        status: &'static str,
        error: String,
    }
    match format {
        Format::Human => terminal::note(&error.to_string()),
        Format::Json => terminal::json(&Refused {
            status: "refused",
            error: error.to_string(),
        })?,
    }
    Ok(Exit::Rejected)
}

/// Drives a future that has the program to itself.
pub(crate) fn block_on<F: Future>(future: F) -> std::io::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let output = runtime.block_on(future);
    // A name look-up cannot be cancelled and must not be waited for.
    runtime.shutdown_background();
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_store_is_where_it_was_asked_for_or_where_data_is() {
        let directory = |given: Option<&str>, variables: &[(&str, &str)]| {
            directory(given.map(Path::new), |name| {
                let found = variables.iter().find(|(own, _)| *own == name);
                found.map(|(_, value)| OsString::from(value))
            })
        };
        let all = [
            ("CODEHOOK_PACKAGES_DIR", "/srv/p"),
            ("XDG_DATA_HOME", "/xdg"),
            ("HOME", "/home/ann"),
        ];
        assert_eq!(directory(Some("here"), &all), Some("here".into()));
        assert_eq!(directory(None, &all), Some("/srv/p".into()));
        assert_eq!(
            directory(None, &all[1..]),
            Some("/xdg/codehook/packages".into())
        );
        assert_eq!(
            directory(None, &all[2..]),
            Some("/home/ann/.local/share/codehook/packages".into())
        );
        assert_eq!(directory(None, &[]), None);
    }
}
