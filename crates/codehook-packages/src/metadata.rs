//! Parses the metadata of a package: the header lines of `METADATA` and `PKG-INFO`.

use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

/// The version of the interpreter, with which requirements are compared.
pub(crate) const PYTHON: &str = "2.7.18";

/// Header lines, in the file's order.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    fields: Vec<(String, String)>,
}

/// The statement of a package about Python 2.7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Python27 {
    /// The package supports it.
    Stated,
    /// The package does not say.
    Unstated,
    /// The package does not support it; the field's own text.
    Refused(String),
}

impl Metadata {
    pub(crate) fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut fields: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            if line.is_empty() {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push('\n');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':') {
                fields.push((name.trim().to_owned(), value.trim().to_owned()));
            }
        }
        Self { fields }
    }

    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.fields
            .iter()
            .filter(move |(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    pub(crate) fn python27(&self) -> Python27 {
        let required = self.first("Requires-Python").unwrap_or_default();
        match requires_python(required) {
            Python27::Unstated => {}
            said => return said,
        }
        let classifiers: Vec<&str> = self.all("Classifier").collect();
        let says = |text: &str| classifiers.contains(&text);
        if says("Programming Language :: Python :: 2.7")
            || says("Programming Language :: Python :: 2")
        {
            return Python27::Stated;
        }
        let only_3 = "Programming Language :: Python :: 3 :: Only";
        if says(only_3) {
            return Python27::Refused(only_3.to_owned());
        }
        Python27::Unstated
    }

    /// Returns a short name of the licence, for a list.
    pub(crate) fn licence(&self) -> String {
        let field = |name| {
            let value = self.first(name)?;
            let short = value.len() <= 60 && !value.contains('\n');
            let known = !value.is_empty() && !value.eq_ignore_ascii_case("UNKNOWN");
            (short && known).then(|| value.to_owned())
        };
        let classified = || {
            self.all("Classifier")
                .filter(|text| text.starts_with("License :: "))
                .find_map(|text| text.rsplit(" :: ").next())
                .filter(|text| *text != "OSI Approved")
                .map(str::to_owned)
        };
        field("License-Expression")
            .or_else(|| field("License"))
            .or_else(classified)
            .unwrap_or_else(|| "unknown".to_owned())
    }
}

/// Evaluates a `Requires-Python`. One that cannot be parsed states nothing.
pub(crate) fn requires_python(text: &str) -> Python27 {
    if text.trim().is_empty() {
        return Python27::Unstated;
    }
    let (Ok(specifiers), Ok(python)) =
        (VersionSpecifiers::from_str(text), Version::from_str(PYTHON))
    else {
        return Python27::Unstated;
    };
    if specifiers.contains(&python) {
        Python27::Stated
    } else {
        Python27::Refused(format!("Requires-Python: {text}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_package_says_about_python_is_read_as_pip_reads_it() {
        for good in [">=2.7, !=3.0.*, !=3.1.*", ">=2.6", "==2.7.*", "<4", "~=2.7"] {
            assert_eq!(requires_python(good), Python27::Stated, "{good}");
        }
        for bad in [">=3.6", "!=2.7.*,>=2.6", "<2.7"] {
            assert!(
                matches!(requires_python(bad), Python27::Refused(_)),
                "{bad}"
            );
        }
        assert_eq!(requires_python("whatever"), Python27::Unstated);
        let only = b"Name: x\nClassifier: Programming Language :: Python :: 3 :: Only\n";
        assert!(matches!(
            Metadata::parse(only).python27(),
            Python27::Refused(_)
        ));
    }

    #[test]
    fn licences_come_from_the_first_field_that_says_one() {
        let licence = |text: &str| Metadata::parse(text.as_bytes()).licence();
        assert_eq!(licence("License: MIT\n"), "MIT");
        let long = "License: Copyright\n  many\n  lines\nClassifier: License :: OSI Approved :: BSD License\n";
        assert_eq!(licence(long), "BSD License");
        assert_eq!(licence("License: UNKNOWN\n\nLicense: body\n"), "unknown");
    }
}
