//! `codehook packages add`.

use codehook_packages::{
    AddError, Added, Addition, LockedPackage, Missing, Novelty, PackageInstaller, Source, Store,
    Tenant, Tenants,
};
use codehook_sandbox::Metering;
use serde::Serialize;

use crate::cli::AddArgs;
use crate::exit::Exit;
use crate::interpreter;
use crate::packages::{self, source};
use crate::terminal::{self, Format};

/// How many modules that do not compile are shown to a person.
const SHOWN: usize = 10;

pub(super) fn command(args: &AddArgs) -> anyhow::Result<Exit> {
    let format = args.output.format();
    let store = packages::store(&args.store)?;
    let egress = match source::egress(&args.source) {
        Ok(egress) => egress,
        Err(rejection) => return packages::refuse(format, &rejection.message),
    };
    let found = match source::named(&args.source, &egress) {
        Ok(Some(source)) => Ok(Some(source)),
        // More tenants for what is there need no file.
        Ok(None) if is_there(&store, args)? => Ok(None),
        Ok(None) => source::of_pip(&egress).map(Some),
        Err(rejection) => Err(rejection),
    };
    let mut source = match found {
        Ok(source) => source,
        Err(rejection) => return packages::refuse(format, &rejection.message),
    };
    let sandbox = interpreter::start(
        args.cache.directory.as_deref(),
        Metering::Time,
        format,
        None,
    )?;
    let built_in = packages::built_in()?;
    let installer = PackageInstaller {
        store: &store,
        built_in: &built_in,
        sandbox: &sandbox,
        egress: &egress,
    };
    let addition = Addition {
        wanted: args.wanted.clone(),
        hash: args.hash.clone(),
        tenants: args.tenants(),
        extensions: args.extensions(),
        other_version: args.other_version(),
    };
    match packages::block_on(installer.add(&addition, source.as_mut()))? {
        Ok(added) => tell(added, args, source.as_ref()),
        Err(error @ (AddError::Refused(_) | AddError::Source(_))) => {
            packages::refuse(format, &error)
        }
        Err(error) => Err(error.into()),
    }
}

fn is_there(store: &Store, args: &AddArgs) -> anyhow::Result<bool> {
    let Some(version) = &args.wanted.version else {
        return Ok(false);
    };
    let is_it = |package: &LockedPackage| {
        package.name.parse().ok().as_ref() == Some(&args.wanted.name)
            && package.version.parse().ok().as_ref() == Some(version)
    };
    Ok(store.list()?.iter().any(is_it))
}

/// The result for a program.
#[derive(Serialize)]
struct Report<'a> {
    status: &'static str,
    replaced: Option<&'a str>,
    package: &'a LockedPackage,
    left_out: Vec<LeftOut<'a>>,
    missing: Vec<Needed<'a>>,
    yanked: bool,
}

#[derive(Serialize)]
struct LeftOut<'a> {
    file: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Needed<'a> {
    name: &'a str,
    range: &'a str,
    there: Option<&'a str>,
    command: String,
}

fn tell(added: Added, args: &AddArgs, source: Option<&Source>) -> anyhow::Result<Exit> {
    match args.output.format() {
        Format::Human => terminal::stdout(describe(&added, args, source).as_bytes()),
        Format::Json => {
            let (status, replaced) = match &added.novelty {
                Novelty::New => ("added", None),
                Novelty::Replaced(version) => ("replaced", Some(version.as_str())),
                Novelty::Known => ("known", None),
            };
            terminal::json(&Report {
                status,
                replaced,
                package: &added.package,
                left_out: added
                    .left_out
                    .iter()
                    .map(|(file, reason)| LeftOut { file, reason })
                    .collect(),
                missing: added
                    .missing
                    .iter()
                    .map(|missing| Needed {
                        name: &missing.name,
                        range: &missing.range,
                        there: missing.installed.as_deref(),
                        command: add_command(missing, &added.package.tenants, args),
                    })
                    .collect(),
                yanked: added.yanked,
            })?;
        }
    }
    Ok(Exit::Succeeded)
}

fn describe(added: &Added, args: &AddArgs, source: Option<&Source>) -> String {
    let package = &added.package;
    let LockedPackage {
        name,
        version,
        tenants,
        ..
    } = package;
    let what = match &added.novelty {
        Novelty::New => format!("added {name} {version} for {tenants}"),
        Novelty::Replaced(old) => {
            format!("{name} {version} took the place of {old}, for {tenants}")
        }
        Novelty::Known => format!("{name} {version} is there, for {tenants}"),
    };
    let modules: Vec<&str> = package.modules.iter().map(String::as_str).collect();
    let mut text = format!(
        "{what}\n  licence  {}\n  from     {}\n  {}\n  imports  {}\n",
        package.licence,
        package.from,
        package.sha256,
        modules.join(", ")
    );
    if added.yanked {
        text.push_str("its author has withdrawn this version: see why before you rely on it\n");
    }
    if !added.left_out.is_empty() {
        let count = added.left_out.len();
        text.push_str(&format!(
            "left out, as they are no Python 2.7: {count} files\n"
        ));
        for (file, reason) in added.left_out.iter().take(SHOWN) {
            text.push_str(&format!("  {file}: {reason}\n"));
        }
        if count > SHOWN {
            text.push_str("  and others, which are in the lock file\n");
        }
    }
    for missing in &added.missing {
        let Missing {
            name: needed,
            range,
            installed,
            ..
        } = missing;
        let there = match installed {
            Some(there) => format!("; there is {there}"),
            None => " and is not there".to_owned(),
        };
        let command = add_command(missing, tenants, args);
        let where_from = match (source, &args.source.from, &args.source.index) {
            (Some(_), None, None) | (None, ..) => "",
            _ => " (as above, from the same place)",
        };
        text.push_str(&format!(
            "{name} needs {needed}{range}{there}; if it is used, add it{where_from}:\n  {command}\n"
        ));
    }
    text
}

/// The command that adds what is missing, from the same place and for the same tenants.
fn add_command(missing: &Missing, tenants: &Tenants, args: &AddArgs) -> String {
    let version = missing.version.as_deref().unwrap_or("VERSION");
    let mut command = format!("codehook packages add {}=={version}", missing.name);
    if let Some(folder) = &args.source.from {
        command.push_str(&format!(" --from {}", folder.display()));
    }
    if let Some(index) = &args.source.index {
        // A password in it is not repeated.
        let shown = if index.contains('@') { "URL" } else { index };
        command.push_str(&format!(" --index {shown}"));
    }
    match tenants {
        Tenants::All => command.push_str(" --all-tenants"),
        Tenants::Only(names) if *tenants != Tenants::only(Tenant::default()) => {
            for name in names {
                command.push_str(&format!(" --tenant {name}"));
            }
        }
        Tenants::Only(_) => {}
    }
    command
}
