//! `codehook packages list`.

use codehook_packages::{BuiltInPackage, LockedPackage, PackageKind, Tenants};
use serde::Serialize;

use crate::cli::ListArgs;
use crate::exit::Exit;
use crate::packages;
use crate::terminal;

#[derive(Debug, Serialize)]
struct Listed {
    name: String,
    version: String,
    licence: String,
    kind: PackageKind,
    origin: Origin,
    tenants: Tenants,
    /// The file that an added package was made from, its hash, and where it was.
    file: Option<String>,
    sha256: Option<String>,
    from: Option<String>,
}

/// Whose doing it is that a package is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Origin {
    BuiltIn,
    Operator,
}

#[derive(Debug, Serialize)]
struct List {
    directory: Option<String>,
    packages: Vec<Listed>,
}

pub(super) fn command(args: &ListArgs) -> anyhow::Result<Exit> {
    let built_in = packages::built_in()?;
    let mut listed: Vec<Listed> = built_in.packages().iter().map(Listed::from).collect();
    // Without a home there is nowhere to add, and what is built in can be listed all the same.
    let store = packages::store(&args.store).ok();
    if let Some(store) = &store {
        listed.extend(store.list()?.into_iter().map(Listed::from));
    }
    if let Some(tenant) = &args.tenant {
        listed.retain(|package| package.tenants.include(tenant));
    }
    listed.sort_by_key(|package| package.name.to_lowercase());
    let list = List {
        directory: store.map(|store| store.directory().display().to_string()),
        packages: listed,
    };
    if args.output.json {
        terminal::json(&list)?;
    } else {
        terminal::stdout(describe(&list).as_bytes());
    }
    Ok(Exit::Succeeded)
}

impl From<&BuiltInPackage> for Listed {
    fn from(package: &BuiltInPackage) -> Self {
        Self {
            name: package.name.clone(),
            version: package.version.clone(),
            licence: package.licence.clone(),
            kind: package.kind,
            origin: Origin::BuiltIn,
            tenants: Tenants::All,
            file: None,
            sha256: None,
            from: None,
        }
    }
}

impl From<LockedPackage> for Listed {
    fn from(package: LockedPackage) -> Self {
        Self {
            name: package.name,
            version: package.version,
            licence: package.licence,
            kind: PackageKind::Pure,
            origin: Origin::Operator,
            tenants: package.tenants,
            file: Some(package.file),
            sha256: Some(package.sha256.to_string()),
            from: Some(package.from),
        }
    }
}

fn describe(list: &List) -> String {
    let rows = list.packages.iter().map(|package| {
        let origin = match (package.origin, &package.from) {
            (Origin::Operator, Some(from)) => {
                format!("added for {}, from {from}", package.tenants)
            }
            _ => "built in".to_owned(),
        };
        [
            package.name.clone(),
            package.version.clone(),
            package.licence.clone(),
            package.kind.as_str().to_owned(),
            origin,
        ]
    });
    let rows: Vec<_> = rows.collect();
    let width = |column: usize| {
        let widths = rows.iter().map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for [name, version, licence, kind, origin] in &rows {
        let [a, b, c, d] = widths;
        text.push_str(&format!(
            "{name:<a$}  {version:<b$}  {licence:<c$}  {kind:<d$}  {origin}\n"
        ));
    }
    text
}
