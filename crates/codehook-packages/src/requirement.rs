//! Requirements of a package (PEP 508), as far as they apply to this interpreter.

mod marker;

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

use crate::name::PackageName;

/// A package that another requires here.
#[derive(Debug, Clone)]
pub(crate) struct Requirement {
    pub(crate) name: PackageName,
    /// As written: `>=1.0,<2`.
    pub(crate) range: String,
    specifiers: Option<VersionSpecifiers>,
}

impl Requirement {
    /// Checks whether `version` satisfies the range. A range that cannot be parsed admits every version.
    pub(crate) fn admits(&self, version: &Version) -> bool {
        self.specifiers
            .as_ref()
            .is_none_or(|specifiers| specifiers.contains(version))
    }
}

/// Parses one line; returns `None` for one that is for another interpreter or system or for an extra, and for a
/// malformed one.
pub(crate) fn parse(line: &str) -> Option<Requirement> {
    let (requirement, marker) = match line.split_once(';') {
        Some((requirement, marker)) => (requirement, Some(marker)),
        None => (line, None),
    };
    if marker.is_some_and(|marker| !marker::holds(marker)) {
        return None;
    }
    let requirement = requirement.trim();
    let end = requirement
        .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c)))
        .unwrap_or(requirement.len());
    let (name, rest) = requirement.split_at(end);
    let name = name.parse().ok()?;
    let rest = rest.trim_start();
    let rest = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((_extras, rest)) => rest.trim_start(),
        None => rest,
    };
    // `name @ URL`: the package is required, whatever its version.
    let range = if rest.starts_with('@') { "" } else { rest };
    let range = range
        .trim()
        .trim_start_matches('(')
        .trim_end_matches(')')
        .trim()
        .to_owned();
    let specifiers = (!range.is_empty())
        .then(|| VersionSpecifiers::from_str(&range).ok())
        .flatten();
    Some(Requirement {
        name,
        range,
        specifiers,
    })
}

/// Converts a `requires.txt` to lines of `Requires-Dist`: `[:marker]` sections become markers, those of extras are
/// dropped.
pub(crate) fn from_requires_txt(text: &str) -> Vec<String> {
    let mut marker = "";
    let mut wanted = true;
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim) {
        let section = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'));
        if let Some(section) = section {
            let (extra, condition) = section.split_once(':').unwrap_or((section, ""));
            wanted = extra.is_empty();
            marker = condition;
        } else if wanted && !line.is_empty() && !line.starts_with('#') {
            lines.push(match marker {
                "" => line.to_owned(),
                marker => format!("{line}; {marker}"),
            });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(line: &str) -> Option<(String, String)> {
        parse(line).map(|requirement| (requirement.name.to_string(), requirement.range))
    }

    #[test]
    fn names_and_ranges_are_told_apart() {
        let pair = |name: &str, range: &str| Some((name.to_owned(), range.to_owned()));
        assert_eq!(needs("six>=1.0,<2"), pair("six", ">=1.0,<2"));
        assert_eq!(
            needs("requests[security] (>=2.0)"),
            pair("requests", ">=2.0")
        );
        assert_eq!(needs("pip @ https://example.test/pip.zip"), pair("pip", ""));
        assert_eq!(needs("# a comment"), None);
        let six = parse("six>=1.0,<2").expect("a requirement");
        let version = |text: &str| Version::from_str(text).expect("a version");
        assert!(six.admits(&version("1.17.0")) && !six.admits(&version("2.0")));
    }

    #[test]
    fn what_is_for_others_is_not_needed() {
        assert_eq!(needs("pywin32; sys_platform == 'win32'"), None);
        assert_eq!(needs("cryptography>=1.3.4; extra == 'secure'"), None);
        assert!(needs("enum34; python_version < '3.4'").is_some());
    }

    #[test]
    fn sections_of_requires_txt_are_conditions() {
        let text = "six\n\n[:python_version < \"3\"]\nfutures\n\n[:sys_platform == \
             \"win32\"]\npywin32\n[test]\nnose\n[test:python_version<'3']\nmock\n";
        let lines = from_requires_txt(text);
        let names: Vec<String> = lines
            .iter()
            .filter_map(|line| Some(parse(line)?.name.to_string()))
            .collect();
        assert_eq!(names, ["six", "futures"]);
    }
}
