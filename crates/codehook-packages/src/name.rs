//! Names of packages and tenants, and requests for one version of a package.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use pep440_rs::Version;
use serde::{Deserialize, Serialize};

/// Reasons why a text is not a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Not a valid name of a package.
    #[error(
        "`{0}` is not a valid name of a package: names have letters, digits, `-`, `_` and `.`, and begin and end with \
         a letter or digit"
    )]
    Package(String),
    /// Extras are not supported.
    #[error(
        "`{0}` asks for extras: add the package without them, and the packages that the extras require by their own \
         names"
    )]
    Extras(String),
    /// A range, a URL, or something else.
    #[error("`{0}` is not of the form NAME==VERSION, such as PyYAML==5.4.1")]
    Wanted(String),
    /// Not a version.
    #[error("`{0}` is not a version (PEP 440)")]
    Version(String),
    /// Not a valid name of a tenant.
    #[error(
        "`{0}` is not a valid name of a tenant: names have at most 64 letters, digits, `-`, `_` and `.`, and begin \
         with a letter or digit"
    )]
    Tenant(String),
}

/// A package's name, compared as PEP 503 says: `PyYAML`, `pyyaml` and `py_yaml` differ in the last only.
#[derive(Debug, Clone)]
pub struct PackageName {
    written: String,
    normal: String,
}

impl PackageName {
    /// Returns the normalized name: lower case, single hyphens.
    pub fn normal(&self) -> &str {
        &self.normal
    }
}

impl FromStr for PackageName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = text.as_bytes();
        if !bytes.iter().copied().all(good)
            || !edge(bytes.first())
            || !edge(bytes.last())
            || text.len() > 100
        {
            return Err(NameError::Package(text.to_owned()));
        }
        let parts = text
            .split(['-', '_', '.'])
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>();
        Ok(Self {
            written: text.to_owned(),
            normal: parts.join("-").to_ascii_lowercase(),
        })
    }
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.written)
    }
}

impl PartialEq for PackageName {
    fn eq(&self, other: &Self) -> bool {
        self.normal == other.normal
    }
}

impl Eq for PackageName {}

/// A request for a package: `NAME==VERSION`. Without a version no package can be added; the error then names the newest
/// one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The package.
    pub name: PackageName,
    /// The version.
    pub version: Option<Version>,
}

impl FromStr for Wanted {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let text = text.trim();
        let (name, version) = match text.split_once("==") {
            Some((name, version)) => (name.trim(), Some(version.trim())),
            None => (text, None),
        };
        if name.contains('[') {
            return Err(NameError::Extras(text.to_owned()));
        }
        let name = name
            .parse()
            .map_err(|_| NameError::Wanted(text.to_owned()))?;
        let version = version
            .map(|version| {
                Version::from_str(version).map_err(|_| NameError::Version(version.to_owned()))
            })
            .transpose()?;
        Ok(Self { name, version })
    }
}

/// The name of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tenant(String);

impl Tenant {
    /// The tenant of a machine that has only one.
    pub const DEFAULT: &str = "default";

    /// Returns the name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Tenant {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

impl FromStr for Tenant {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let good = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        let bytes = text.as_bytes();
        let fits = (1..=64).contains(&bytes.len());
        if fits && bytes[0].is_ascii_alphanumeric() && bytes.iter().copied().all(good) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError::Tenant(text.to_owned()))
        }
    }
}

impl TryFrom<String> for Tenant {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<Tenant> for String {
    fn from(tenant: Tenant) -> Self {
        tenant.0
    }
}

impl fmt::Display for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The tenants whose hooks see a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tenants {
    /// Every tenant, future ones included.
    All,
    /// These tenants.
    #[serde(untagged)]
    Only(BTreeSet<Tenant>),
}

impl Tenants {
    /// Makes a set of one tenant.
    pub fn only(tenant: Tenant) -> Self {
        Self::Only(BTreeSet::from([tenant]))
    }

    /// Checks whether `tenant` is included.
    pub fn include(&self, tenant: &Tenant) -> bool {
        match self {
            Self::All => true,
            Self::Only(tenants) => tenants.contains(tenant),
        }
    }

    /// Checks whether a tenant is included in both.
    pub fn overlap(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => true,
            (Self::Only(ours), Self::Only(theirs)) => !ours.is_disjoint(theirs),
        }
    }

    /// Returns the union of both.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::Only(mut ours), Self::Only(theirs)) => {
                ours.extend(theirs.iter().cloned());
                Self::Only(ours)
            }
            _ => Self::All,
        }
    }
}

impl fmt::Display for Tenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all tenants"),
            Self::Only(tenants) => {
                let names: Vec<&str> = tenants.iter().map(Tenant::as_str).collect();
                let noun = if names.len() == 1 {
                    "tenant"
                } else {
                    "tenants"
                };
                write!(f, "{noun} {}", names.join(", "))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_compared_in_their_normal_form() {
        let name = |text: &str| text.parse::<PackageName>().expect("a name");
        assert_eq!(name("Zope.Interface"), name("zope_interface"));
        assert_eq!(name("a.-_b").normal(), "a-b");
        for bad in ["", "-a", "a-", "a b", "../a", "a/b", "é"] {
            assert!(bad.parse::<PackageName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_one_exact_version_can_be_wanted() {
        let wanted: Wanted = "PyYAML == 5.4.1".parse().expect("a request");
        assert_eq!(wanted.version, Version::from_str("5.4.1").ok());
        assert_eq!(
            "six".parse::<Wanted>().map(|wanted| wanted.version),
            Ok(None)
        );
        for bad in [
            "six>=1",
            "six==1.*",
            "six[x]==1",
            "six @ file:///six",
            "./six.whl",
        ] {
            assert!(bad.parse::<Wanted>().is_err(), "{bad}");
        }
    }

    #[test]
    fn tenants_are_plain_names() {
        for bad in ["", ".a", "a b", "a/b", "ä"] {
            assert!(bad.parse::<Tenant>().is_err(), "{bad}");
        }
        let two = Tenants::only("a".parse().expect("a tenant"))
            .and(&Tenants::only("b".parse().expect("a tenant")));
        assert_eq!(two.to_string(), "tenants a, b");
        assert!(!two.include(&Tenant::default()) && two.overlap(&Tenants::All));
    }
}
