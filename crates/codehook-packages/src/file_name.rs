//! Parses the file name of a distribution: package, version and tags.

use std::str::FromStr;

use pep440_rs::Version;

use crate::name::PackageName;

/// A file of a package, by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FileName {
    pub(crate) text: String,
    pub(crate) version: Version,
    pub(crate) kind: FileKind,
}

/// The kind of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FileKind {
    /// A wheel, with its tags.
    Wheel {
        python: String,
        abi: String,
        platform: String,
    },
    /// A source archive.
    Source(SourceFormat),
}

/// The format of a source archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum SourceFormat {
    TarGz,
    Zip,
    /// bzip2, xz and the like.
    Other,
}

const SOURCE_ENDS: [(&str, SourceFormat); 7] = [
    (".tar.gz", SourceFormat::TarGz),
    (".tgz", SourceFormat::TarGz),
    (".zip", SourceFormat::Zip),
    (".tar.bz2", SourceFormat::Other),
    (".tar.xz", SourceFormat::Other),
    (".tar.Z", SourceFormat::Other),
    (".tar", SourceFormat::Other),
];

/// The Python tags that Python 2.7 supports.
const TAGS: [&str; 10] = [
    "py2", "py27", "py26", "py25", "py24", "py23", "py22", "py21", "py20", "cp27",
];

impl FileName {
    /// Parses `text` as the name of a file of `package`; returns `None` if it is not one.
    pub(crate) fn parse(text: &str, package: &PackageName) -> Option<Self> {
        if let Some(stem) = text.strip_suffix(".whl") {
            return Self::wheel(text, stem, package);
        }
        let (end, format) = SOURCE_ENDS.iter().find(|(end, _)| text.ends_with(end))?;
        let stem = text.strip_suffix(end)?;
        // The name may have hyphens, and so may the version.
        let version = stem.match_indices('-').rev().find_map(|(at, _)| {
            let name: PackageName = stem[..at].parse().ok()?;
            (name == *package).then(|| Version::from_str(&stem[at + 1..]).ok())?
        })?;
        Some(Self {
            text: text.to_owned(),
            version,
            kind: FileKind::Source(*format),
        })
    }

    fn wheel(text: &str, stem: &str, package: &PackageName) -> Option<Self> {
        let parts: Vec<&str> = stem.split('-').collect();
        let (name, version, [python, abi, platform]) = match parts[..] {
            [name, version, python, abi, platform] | [name, version, _, python, abi, platform] => {
                (name, version, [python, abi, platform])
            }
            _ => return None,
        };
        let name: PackageName = name.parse().ok()?;
        if name != *package {
            return None;
        }
        Some(Self {
            text: text.to_owned(),
            version: Version::from_str(version).ok()?,
            kind: FileKind::Wheel {
                python: python.to_owned(),
                abi: abi.to_owned(),
                platform: platform.to_owned(),
            },
        })
    }

    /// Returns the preference of the file, 0 before 1.
    ///
    /// # Errors
    ///
    /// The reason why it cannot be used.
    pub(crate) fn rank(&self) -> Result<u8, String> {
        match &self.kind {
            FileKind::Wheel { abi, platform, .. } if abi != "none" || platform != "any" => Err(
                format!("has machine code for {platform}, which a hook cannot load"),
            ),
            FileKind::Wheel { python, .. } if !python.split('.').any(|tag| TAGS.contains(&tag)) => {
                Err(format!("is for {python}, not for Python 2.7"))
            }
            FileKind::Wheel { .. } => Ok(0),
            FileKind::Source(SourceFormat::TarGz) => Ok(1),
            FileKind::Source(SourceFormat::Zip) => Ok(2),
            FileKind::Source(SourceFormat::Other) => {
                Err("is in a format that is not supported (only .tar.gz and .zip are)".to_owned())
            }
        }
    }

    /// Checks whether the name itself says that it is for Python 2.
    pub(crate) fn states_python2(&self) -> bool {
        matches!(self.kind, FileKind::Wheel { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str, package: &str) -> Option<FileName> {
        FileName::parse(text, &package.parse().expect("a name"))
    }

    #[test]
    fn versions_are_found_whatever_hyphens_a_name_has() {
        let version = |text, package| parse(text, package).map(|file| file.version.to_string());
        assert_eq!(
            version("python-dateutil-2.8.2.tar.gz", "python_dateutil").as_deref(),
            Some("2.8.2")
        );
        assert_eq!(
            version("a_b-1.0.post1-1-py2.py3-none-any.whl", "a-b").as_deref(),
            Some("1.0.post1")
        );
        assert_eq!(
            version("zope.interface-5.0.zip", "zope-interface").as_deref(),
            Some("5.0")
        );
        assert_eq!(version("six-extra-1.0.tar.gz", "six"), None);
        assert_eq!(version("six-1.0.exe", "six"), None);
        assert_eq!(version("six-1.0-py2.7.egg", "six"), None);
    }

    #[test]
    fn pure_wheels_for_python_2_come_first_and_machine_code_never() {
        let rank = |text: &str| parse(text, "x").expect("a file of x").rank();
        assert_eq!(rank("x-1-py2.py3-none-any.whl"), Ok(0));
        assert_eq!(rank("x-1.tar.gz"), Ok(1));
        assert!(rank("x-1-py3-none-any.whl").is_err_and(|why| why.contains("py3")));
        assert!(
            rank("x-1-cp27-cp27mu-manylinux1_x86_64.whl")
                .is_err_and(|why| why.contains("manylinux1"))
        );
        assert!(rank("x-1-py2-none-linux_x86_64.whl").is_err());
        assert!(rank("x-1.tar.bz2").is_err());
    }
}
