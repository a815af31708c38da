//! What to tell somebody whose script could not import a module.

use std::sync::LazyLock;

use codehook_packages::{LockedPackage, Tenant};
use regex::Regex;

use crate::cli::TenantArgs;
use crate::packages;

/// Python's own words, with nothing of ours behind the name, or with our reason.
static MISSING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^ImportError: No module named (\w+)(?:\.[\w.]+)?(: .+)?$")
        .expect("the pattern is a constant that the tests compile")
});

/// A module that was not found, as an error of the interpreter names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MissingModule {
    name: String,
    explained: Explained,
}

/// Whether the interpreter has said what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Explained {
    Yes,
    No,
}

/// The module that a run died of, by what it wrote last on standard error.
pub(crate) fn last_missing_module(stderr: &[u8]) -> Option<MissingModule> {
    let text = String::from_utf8_lossy(stderr);
    let found = MISSING.captures(text.trim_end().lines().last()?)?;
    Some(MissingModule {
        name: found[1].to_owned(),
        explained: match found.get(2) {
            Some(_) => Explained::Yes,
            None => Explained::No,
        },
    })
}

/// What the interpreter could not know: whether the module is there for other tenants, and else where to look.
pub(crate) fn about_missing_module(module: &MissingModule, args: &TenantArgs) -> Option<String> {
    // The script's own failure is what matters; a store that cannot be read is no reason to hide it.
    let added = packages::store(&args.store)
        .ok()
        .and_then(|store| store.list().ok())
        .unwrap_or_default();
    advice(module, &added, &args.tenant)
}

fn advice(module: &MissingModule, added: &[LockedPackage], tenant: &Tenant) -> Option<String> {
    let name = &module.name;
    let elsewhere = added.iter().find(|package| {
        let top = |module: &String| module.split('.').next() == Some(name);
        !package.tenants.include(tenant) && package.modules.iter().any(top)
    });
    if let Some(package) = elsewhere {
        let LockedPackage {
            name: package,
            version,
            tenants,
            ..
        } = package;
        return Some(format!(
            "{name} is in {package} {version}, which is there for {tenants} and not for tenant {tenant}: `codehook packages add {package}=={version} --tenant {tenant}`"
        ));
    }
    match module.explained {
        Explained::Yes => None,
        Explained::No => Some(format!(
            "{name} is neither in the interpreter nor in a package of tenant {tenant} (`codehook packages list`); if a package brings it: `codehook packages add NAME==VERSION`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn missing(line: &str) -> Option<MissingModule> {
        last_missing_module(format!("Traceback\n{line}\n").as_bytes())
    }

    #[test]
    fn only_an_import_error_about_a_module_counts() {
        let plain = missing("ImportError: No module named acme.rockets").expect("a module");
        assert_eq!(
            (plain.name.as_str(), plain.explained),
            ("acme", Explained::No)
        );
        let known =
            missing("ImportError: No module named yaml: the package PyYAML is not installed");
        assert_eq!(known.map(|known| known.explained), Some(Explained::Yes));
        assert_eq!(missing("ImportError: cannot import name x"), None);
        assert_eq!(missing("ValueError: No module named x"), None);
        assert_eq!(last_missing_module(b""), None);
    }
}
