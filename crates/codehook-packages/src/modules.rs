//! The importable modules of a package, and conflicts with modules of others.

use std::collections::BTreeSet;

use codehook_sandbox::Library;

use crate::archive::Files;
use crate::built_in::BuiltIn;

/// The directory of the standard library.
const LIBRARY: &str = "/usr/lib/python2.7";
/// The directory of the built-in packages.
const BUILT_IN_PACKAGES: &str = "/usr/lib/python2.7/dist-packages";

/// The `__init__.py` of a namespace package, which several distributions share, such as `google`.
pub(crate) const NAMESPACE_INIT: &str =
    "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n";

/// Returns the importable names at the top of `files`; `google.auth` for a module in a namespace package.
pub(crate) fn importable(files: &Files, namespaces: &BTreeSet<String>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    gather(files, namespaces, "", &mut found);
    found
}

fn gather(
    files: &Files,
    namespaces: &BTreeSet<String>,
    package: &str,
    found: &mut BTreeSet<String>,
) {
    let directory = match package {
        "" => String::new(),
        package => format!("{}/", package.replace('.', "/")),
    };
    let inside = files
        .keys()
        .filter_map(|path| path.strip_prefix(&directory));
    let names: BTreeSet<&str> = inside
        .filter_map(|path| match path.split_once('/') {
            Some((name, _)) => Some(name),
            None => path.strip_suffix(".py"),
        })
        .filter(|name| is_identifier(name) && *name != "__init__")
        .collect();
    for name in names {
        let full = match package {
            "" => name.to_owned(),
            package => format!("{package}.{name}"),
        };
        if namespaces.contains(&full) {
            gather(files, namespaces, &full, found);
        } else if files.contains_key(&format!("{directory}{name}/__init__.py"))
            || files.contains_key(&format!("{directory}{name}.py"))
        {
            found.insert(full);
        }
    }
}

pub(crate) fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// Returns the package whose name `module` would take; `None` if it is free.
pub(crate) fn owner(module: &str, built_in: &BuiltIn, linked: &BTreeSet<String>) -> Option<String> {
    let library = built_in.library();
    let top = module.split('.').next().unwrap_or(module);
    if linked.contains(top) || has_module(library, LIBRARY, top) {
        return Some("the standard library".to_owned());
    }
    if !has_module(library, BUILT_IN_PACKAGES, module) {
        return None;
    }
    Some(match built_in.owner_of(top) {
        Some(package) => format!("the built-in package {} {}", package.name, package.version),
        None => "a built-in package".to_owned(),
    })
}

fn has_module(library: &Library, directory: &str, module: &str) -> bool {
    let path = format!("{directory}/{}", module.replace('.', "/"));
    library.holds(&format!("{path}.pyc")) || library.holds(&path)
}

/// Returns the first of `ours` that conflicts with one of `theirs`: the same module, or one inside the other.
pub(crate) fn conflicting_module<'a>(
    ours: &'a BTreeSet<String>,
    theirs: &BTreeSet<String>,
) -> Option<&'a str> {
    let inside = |inner: &str, outer: &str| {
        inner
            .strip_prefix(outer)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    ours.iter()
        .find(|our| {
            theirs
                .iter()
                .any(|their| inside(our, their) || inside(their, our))
        })
        .map(String::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    fn files(paths: &[&str]) -> Files {
        paths
            .iter()
            .map(|path| ((*path).to_owned(), Vec::new()))
            .collect()
    }

    #[test]
    fn modules_packages_and_parts_of_namespace_packages_are_found() {
        let files = files(&[
            "six.py",
            "yaml/__init__.py",
            "yaml/loader.py",
            "data/x.txt",
            "x-1.dist-info/METADATA",
            "google/__init__.py",
            "google/auth/__init__.py",
            "google/cloud/storage/__init__.py",
        ]);
        let found = importable(&files, &set(&["google", "google.cloud"]));
        assert_eq!(
            found,
            set(&["google.auth", "google.cloud.storage", "six", "yaml"])
        );
        assert!(importable(&files, &set(&[])).contains("google"));
    }

    #[test]
    fn two_packages_may_share_no_module() {
        let ours = set(&["google.auth", "rsa"]);
        assert_eq!(conflicting_module(&ours, &set(&["google.api", "rs"])), None);
        assert_eq!(
            conflicting_module(&ours, &set(&["google"])),
            Some("google.auth")
        );
        assert_eq!(conflicting_module(&ours, &set(&["rsa.key"])), Some("rsa"));
    }
}
