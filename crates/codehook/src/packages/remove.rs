//! `codehook packages remove`.

use codehook_packages::{LockedPackage, Removed, StoreError, Tenants};
use serde::Serialize;

use crate::cli::RemoveArgs;
use crate::exit::Exit;
use crate::packages;
use crate::terminal::{self, Format};

#[derive(Serialize)]
struct Report<'a> {
    status: &'static str,
    package: &'a LockedPackage,
    /// Who still has it.
    tenants: Option<&'a Tenants>,
}

pub(super) fn command(args: &RemoveArgs) -> anyhow::Result<Exit> {
    let format = args.output.format();
    let store = packages::store(&args.store)?;
    let removed = match store.remove(&args.name, &args.tenant) {
        Ok(removed) => removed,
        Err(
            error @ (StoreError::NotAdded(_)
            | StoreError::ForAll(_)
            | StoreError::NotForTenant { .. }),
        ) => return packages::refuse(format, &error),
        Err(error) => return Err(error.into()),
    };
    match format {
        Format::Human => terminal::stdout(describe(&removed).as_bytes()),
        Format::Json => terminal::json(&Report {
            status: "removed",
            package: &removed.package,
            tenants: removed.left.as_ref(),
        })?,
    }
    Ok(Exit::Succeeded)
}

fn describe(removed: &Removed) -> String {
    let LockedPackage { name, version, .. } = &removed.package;
    match &removed.left {
        None => format!("removed {name} {version}\n"),
        Some(left) => format!("{name} {version} is now there for {left} only\n"),
    }
}
