//! `codehook packages verify`.

use codehook_packages::{LockedPackage, SourceError, Store, verify_file};
use serde::Serialize;

use crate::cli::VerifyArgs;
use crate::exit::Exit;
use crate::packages::{self, source};
use crate::terminal::{self, Format};

#[derive(Serialize)]
struct Verified {
    name: String,
    version: String,
    sha256: String,
    problem: Option<String>,
}

#[derive(Serialize)]
struct Report {
    status: &'static str,
    packages: Vec<Verified>,
}

pub(super) fn command(args: &VerifyArgs) -> anyhow::Result<Exit> {
    let format = args.output.format();
    let store = packages::store(&args.store)?;
    let source =
        source::egress(&args.source).and_then(|egress| source::named(&args.source, &egress));
    let mut source = match source {
        Ok(source) => source,
        Err(rejection) => return packages::refuse(format, &rejection.message),
    };
    let mut verified = check_store(&store)?;
    if let Some(source) = &mut source {
        let compared = packages::block_on(async {
            for (package, problem) in &mut verified {
                if problem.is_none() {
                    *problem = verify_file(package, source).await?;
                }
            }
            Ok::<_, SourceError>(())
        })?;
        if let Err(error) = compared {
            return packages::refuse(format, &error);
        }
    }
    let packages: Vec<Verified> = verified.into_iter().map(Verified::from).collect();
    let sound = packages.iter().all(|package| package.problem.is_none());
    match format {
        Format::Human => terminal::stdout(describe(&packages).as_bytes()),
        Format::Json => terminal::json(&Report {
            status: if sound { "verified" } else { "changed" },
            packages,
        })?,
    }
    Ok(if sound {
        Exit::Succeeded
    } else {
        Exit::ScriptFailed
    })
}

fn check_store(store: &Store) -> anyhow::Result<Vec<(LockedPackage, Option<String>)>> {
    Ok(store.verify()?)
}

impl From<(LockedPackage, Option<String>)> for Verified {
    fn from((package, problem): (LockedPackage, Option<String>)) -> Self {
        Self {
            name: package.name,
            version: package.version,
            sha256: package.sha256.to_string(),
            problem,
        }
    }
}

fn describe(packages: &[Verified]) -> String {
    if packages.is_empty() {
        return "no packages were added\n".to_owned();
    }
    let lines = packages.iter().map(|package| {
        let verdict = package.problem.as_deref().unwrap_or("as it was locked");
        format!("{} {}: {verdict}\n", package.name, package.version)
    });
    lines.collect()
}
