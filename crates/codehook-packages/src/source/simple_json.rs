//! Parses a page of an index in JSON (PEP 691).

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Candidate, Location};
use crate::file_name::FileName;
use crate::name::PackageName;

#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    meta: Meta,
    files: Vec<File>,
}

#[derive(Default, Deserialize)]
struct Meta {
    #[serde(default, rename = "api-version")]
    api_version: Option<String>,
}

#[derive(Deserialize)]
struct File {
    filename: String,
    url: String,
    #[serde(default)]
    hashes: Hashes,
    #[serde(default, rename = "requires-python")]
    requires_python: Option<String>,
    /// `false`, `true`, or the reason.
    #[serde(default)]
    yanked: Value,
}

#[derive(Default, Deserialize)]
struct Hashes {
    #[serde(default)]
    sha256: Option<String>,
}

pub(super) fn candidates(
    body: &[u8],
    base: &Url,
    package: &PackageName,
) -> Result<Vec<Candidate>, String> {
    let page: Page = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let version = page.meta.api_version.unwrap_or_else(|| "1.0".to_owned());
    if !version.starts_with("1.") {
        return Err(format!(
            "its interface has version {version}; only version 1 is supported"
        ));
    }
    let candidate = |file: File| {
        Some(Candidate {
            location: Location::Url(base.join(&file.url).ok()?),
            file: FileName::parse(&file.filename, package)?,
            hash: file.hashes.sha256.and_then(|hash| hash.parse().ok()),
            requires_python: file.requires_python,
            yanked: !matches!(file.yanked, Value::Null | Value::Bool(false)),
        })
    };
    Ok(page.files.into_iter().filter_map(candidate).collect())
}
