//! Source archives. Their `setup.py` is searched as text, and never run.

use std::collections::BTreeSet;

use super::{Extensions, Parts, lines};
use crate::archive::Files;
use crate::file_name::FileName;
use crate::metadata::Metadata;
use crate::modules::is_identifier;
use crate::name::PackageName;
use crate::refusal::{Optional, Refusal};
use crate::requirement;

const C_SOURCES: [&str; 8] = [".c", ".cc", ".cpp", ".cxx", ".pyx", ".f", ".f90", ".rs"];
/// Directories whose C sources are not installed.
const NOT_INSTALLED: [&str; 8] = [
    "doc",
    "docs",
    "test",
    "tests",
    "example",
    "examples",
    "benchmarks",
    "tools",
];
/// The directories for modules in a source archive, besides its top and the directory of its record: trees for Python 2
/// first.
const ROOTS: [&str; 4] = ["python2/", "py2/", "src/", "lib/"];

pub(super) fn parts(
    file: &FileName,
    files: Files,
    name: &PackageName,
    extensions: Extensions,
) -> Result<Parts, Refusal> {
    let malformed = |reason: String| Refusal::Malformed {
        file: file.text.clone(),
        reason,
    };
    let files = strip_top_directory(files)
        .ok_or_else(|| malformed("its files are not in one directory".to_owned()))?;
    if extensions == Extensions::Refuse
        && let Some(evidence) = extension(&files)
    {
        return Err(Refusal::Extension {
            file: file.text.clone(),
            evidence,
            optional: Optional::Perhaps,
        });
    }
    let metadata = files
        .get("PKG-INFO")
        .map(|text| Metadata::parse(text))
        .ok_or_else(|| malformed("it has no PKG-INFO".to_owned()))?;
    let egg_info = egg_info(&files);
    let record = |name: &str| files.get(&format!("{}{name}", egg_info.as_deref()?));
    let mut requires: Vec<String> = metadata.all("Requires-Dist").map(str::to_owned).collect();
    if let Some(text) = record("requires.txt").filter(|_| requires.is_empty()) {
        requires = requirement::from_requires_txt(&String::from_utf8_lossy(text));
    }
    let mut tops = lines(record("top_level.txt"));
    if tops.is_empty() {
        tops = modules_by_name(&files, name);
    }
    let root = root(&files, egg_info.as_deref(), &tops).ok_or_else(|| {
        malformed(format!(
            "its modules cannot be found without running its setup.py, which is never done; use a wheel of {name}"
        ))
    })?;
    Ok(Parts {
        namespaces: lines(record("namespace_packages.txt")),
        records: records(&files, egg_info.as_deref()),
        records_directory: format!(
            "{}-{}.egg-info",
            name.normal().replace('-', "_"),
            file.version
        ),
        files: modules(files, &root, &tops),
        metadata,
        requires,
    })
}

/// Removes the first part of each path, which must be the same in all.
fn strip_top_directory(files: Files) -> Option<Files> {
    let top = files.keys().next()?.split_once('/')?.0.to_owned();
    files
        .into_iter()
        .map(|(path, content)| {
            let inside = path.strip_prefix(&top)?.strip_prefix('/')?.to_owned();
            Some((inside, content))
        })
        .collect()
}

fn extension(files: &Files) -> Option<String> {
    let source = files.keys().find(|path| {
        let aside = path.split('/').any(|part| NOT_INSTALLED.contains(&part));
        !aside && C_SOURCES.iter().any(|end| path.ends_with(end))
    });
    let setup = || {
        let text = files.get("setup.py")?;
        String::from_utf8_lossy(text)
            .contains("ext_modules")
            .then(|| "setup.py names ext_modules".to_owned())
    };
    source.cloned().or_else(setup)
}

/// Finds the directory of setuptools' record, with a slash at its end. One that has `top_level.txt` is preferred.
fn egg_info(files: &Files) -> Option<String> {
    let found = |name: &str| {
        files
            .keys()
            .find(|path| path.ends_with(&format!(".egg-info/{name}")))
            .map(|path| path[..path.len() - name.len()].to_owned())
    };
    found("top_level.txt").or_else(|| found("PKG-INFO"))
}

/// Finds a module or package at the top that has the name of the distribution.
fn modules_by_name(files: &Files, name: &PackageName) -> BTreeSet<String> {
    let plain = |text: &str| text.to_ascii_lowercase().replace('_', "-");
    let whole = name.normal().to_owned();
    let short = whole.strip_prefix("python-").unwrap_or(&whole).to_owned();
    let candidates = ["", "src/", "lib/"].into_iter().flat_map(|root| {
        files.keys().filter_map(move |path| {
            let path = path.strip_prefix(root)?;
            path.strip_suffix("/__init__.py")
                .or_else(|| path.strip_suffix(".py"))
        })
    });
    candidates
        .filter(|candidate| is_identifier(candidate))
        .filter(|candidate| plain(candidate) == whole || plain(candidate) == short)
        .map(str::to_owned)
        .collect()
}

/// Finds the directory that has all of `tops`. Where the record is in a tree for Python 3 (`lib3`, `python3`), the one
/// for Python 2 beside it is preferred.
fn root(files: &Files, egg_info: Option<&str>, tops: &BTreeSet<String>) -> Option<String> {
    let beside_record = egg_info.map(|path| {
        let parent = path.trim_end_matches('/').rsplit_once('/');
        parent.map_or(String::new(), |(parent, _)| format!("{parent}/"))
    });
    let [python2, py2, src, lib] = ROOTS.map(|root| Some(root.to_owned()));
    let older = |name: &str| {
        let stem = beside_record.as_deref()?.strip_suffix("3/")?;
        Some(format!("{stem}{name}/"))
    };
    let before = [python2, py2, older("2"), older("")];
    let roots = before
        .into_iter()
        .chain([beside_record.clone(), Some(String::new()), src, lib]);
    let has_tops = |root: &String| {
        let is_top = |top: &String| {
            let package = format!("{root}{top}/");
            files.contains_key(&format!("{root}{top}.py"))
                || files.keys().any(|path| path.starts_with(&package))
        };
        // A record may name a C module besides the Python ones.
        tops.iter().any(is_top) && tops.iter().all(|top| is_top(top) || top.starts_with('_'))
    };
    roots.flatten().find(has_tops)
}

fn modules(files: Files, root: &str, tops: &BTreeSet<String>) -> Files {
    files
        .into_iter()
        .filter_map(|(path, content)| {
            let path = path.strip_prefix(root)?;
            let top = path.split('/').next().unwrap_or(path);
            let module = top.strip_suffix(".py").filter(|_| !path.contains('/'));
            let wanted = tops.contains(module.unwrap_or(top))
                && !C_SOURCES.iter().any(|end| path.ends_with(end));
            wanted.then(|| (path.to_owned(), content))
        })
        .collect()
}

/// Returns the records beside the sources, and the licence texts at the archive's top.
fn records(files: &Files, egg_info: Option<&str>) -> Files {
    let mut records = Files::new();
    for (path, content) in files {
        let name = match egg_info.and_then(|egg_info| path.strip_prefix(egg_info)) {
            Some(name) => name,
            None if !path.contains('/') => path,
            None => continue,
        };
        records.insert(name.to_owned(), content.clone());
    }
    records
}
