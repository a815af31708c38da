//! Finds the index that pip is configured to use.

use std::process::{Command, Stdio};

/// The error when pip cannot be run, or names no index.
#[derive(Debug, thiserror::Error)]
#[error(
    "no source of packages is known ({0}): name a folder with `--from FOLDER`, an index with `--index URL`, or set \
     PIP_INDEX_URL"
)]
pub struct PipError(String);

/// Returns the URL of the index that pip would use: from PIP_INDEX_URL, pip's configuration, or pip itself.
///
/// # Errors
///
/// When there is no pip, or it names no index.
pub fn index_of_pip() -> Result<String, PipError> {
    if let Some(url) = std::env::var("PIP_INDEX_URL")
        .ok()
        .filter(|url| !url.trim().is_empty())
    {
        return Ok(url.trim().to_owned());
    }
    // The configured URL, with its credentials, which the help omits.
    for key in [
        "download.index-url",
        "install.index-url",
        "global.index-url",
    ] {
        if let Ok(url) = pip(&["config", "get", key]) {
            let url = url.trim();
            if !url.is_empty() {
                return Ok(url.to_owned());
            }
        }
    }
    index_in_help(&pip(&["download", "--help"])?)
        .ok_or_else(|| PipError("pip does not name its index".to_owned()))
}

fn pip(arguments: &[&str]) -> Result<String, PipError> {
    let output = Command::new("python3")
        .args(["-m", "pip", "--disable-pip-version-check", "--no-input"])
        .args(arguments)
        // Without it, the help could be wrapped in the middle of a URL.
        .env("COLUMNS", "1000")
        .stdin(Stdio::null())
        .output()
        .map_err(|error| PipError(format!("python3 cannot be started: {error}")))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        Err(PipError(
            "python3 has no pip, or it is not set up".to_owned(),
        ))
    }
}

/// Returns the default of `--index-url` from pip's help.
fn index_in_help(help: &str) -> Option<String> {
    let about = help.split_once("--index-url")?.1;
    let (url, _) = about.split_once("(default ")?.1.split_once(')')?;
    let url = url.trim();
    (url.starts_with("https://") || url.starts_with("http://")).then(|| url.to_owned())
}

#[cfg(test)]
mod tests {
    use super::index_in_help;

    #[test]
    fn the_index_is_found_in_pips_help() {
        let help = "Package Index Options:\n  -i, --index-url <url>  Base URL of the index (default \
             https://index.test/simple). This should\n";
        assert_eq!(
            index_in_help(help).as_deref(),
            Some("https://index.test/simple")
        );
        assert_eq!(
            index_in_help("--index-url <url> Base URL (default None)"),
            None
        );
    }
}
