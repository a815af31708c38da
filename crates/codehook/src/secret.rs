//! Secrets as a person gives them. Their values are read here and go to the renderer; nothing here prints one, and no
//! error repeats what was given, since a mistyped option may be the secret itself.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use codehook_template::TokenName;

use crate::input;
use crate::rejection::Rejection;

/// The largest secret in bytes.
const MAX_SECRET_BYTES: usize = 64 * 1024;

/// The text of a `--secret` option as given; `Debug` does not show it, and clap does not parse it, as its errors would.
#[derive(Clone)]
pub(crate) struct SecretText(OsString);

impl SecretText {
    /// The name, which is no secret.
    pub(crate) fn name(&self) -> Option<&str> {
        self.0.to_str()?.split('=').next()
    }
}

impl From<OsString> for SecretText {
    fn from(text: OsString) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for SecretText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretText")
    }
}

/// Secrets by the token that stands for each.
pub(crate) type Secrets = BTreeMap<TokenName, String>;

/// Reads all secrets: `NAME=VALUE` or `NAME` in `texts`, `NAME=PATH` in `files`.
pub(crate) fn read(
    texts: &[SecretText],
    files: &[String],
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Secrets, Rejection> {
    let mut secrets = Secrets::new();
    for SecretText(text) in texts {
        let text = text.to_str().ok_or_else(not_utf8)?;
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (token(name)?, value.to_owned()),
            None => (token(text)?, from_environment(text, &variable)?),
        };
        insert(&mut secrets, name, value)?;
    }
    for text in files {
        let (name, path) = text.split_once('=').ok_or_else(|| {
            Rejection::usage("--secret-file wants NAME=PATH, such as OKTA_TOKEN=okta-token.txt")
        })?;
        let name = token(name)?;
        insert(&mut secrets, name, from_file(Path::new(path))?)?;
    }
    Ok(secrets)
}

fn token(name: &str) -> Result<TokenName, Rejection> {
    format!("secret.{name}").parse().map_err(|_| {
        Rejection::usage(
            "a --secret or --secret-file does not begin with a name: write NAME=VALUE, NAME=PATH or NAME, where NAME has letters, \
             digits and underscores only and stands in the template as @secret.NAME@",
        )
    })
}

fn insert(secrets: &mut Secrets, name: TokenName, value: String) -> Result<(), Rejection> {
    if secrets.contains_key(&name) {
        return Err(Rejection::usage(format!(
            "{name} is given twice: give it once"
        )));
    }
    secrets.insert(name, value);
    Ok(())
}

fn from_environment(
    name: &str,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<String, Rejection> {
    let value = variable(name).ok_or_else(|| {
        Rejection::usage(format!(
            "--secret {name}: there is no environment variable {name}; set and export it, or use `--secret-file {name}=PATH`"
        ))
    })?;
    value.into_string().map_err(|_| not_utf8())
}

fn from_file(path: &Path) -> Result<String, Rejection> {
    let content = input::read_file(path, MAX_SECRET_BYTES)?;
    let mut value = String::from_utf8(content).map_err(|_| {
        Rejection::file(
            &input::display_name(path),
            "a secret must be UTF-8 text; encode it, in base64 for instance",
        )
    })?;
    // Editors and `echo` end a file with a line end that is no part of the secret.
    if value.ends_with('\n') {
        value.pop();
        if value.ends_with('\r') {
            value.pop();
        }
    }
    Ok(value)
}

fn not_utf8() -> Rejection {
    Rejection::usage("a secret must be UTF-8 text; encode it, in base64 for instance")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_texts(texts: &[&str]) -> Result<Secrets, Rejection> {
        let texts: Vec<SecretText> = texts
            .iter()
            .map(|text| SecretText(OsString::from(text)))
            .collect();
        read(&texts, &[], |name| {
            (name == "SET").then(|| OsString::from("from the environment"))
        })
    }

    fn value<'a>(secrets: &'a Secrets, name: &str) -> &'a str {
        &secrets[&format!("secret.{name}").parse().expect("a name")]
    }

    #[test]
    fn a_value_may_hold_anything_and_a_name_alone_is_looked_up() {
        let secrets = read_texts(&["A=x=y z", "B=", "SET"]).expect("secrets");
        assert_eq!(value(&secrets, "A"), "x=y z");
        assert_eq!(value(&secrets, "B"), "");
        assert_eq!(value(&secrets, "SET"), "from the environment");
    }

    #[test]
    fn no_error_repeats_what_was_given() {
        for texts in [&["hunter2-is-secret"][..], &["=hunter2"], &["a b=hunter2"]] {
            let rejection = read_texts(texts).expect_err("an error");
            assert!(!rejection.message.contains("hunter2"), "{rejection}");
        }
        let rejection = read_texts(&["A=hunter2", "A=hunter2"]).expect_err("an error");
        assert!(!rejection.message.contains("hunter2"), "{rejection}");
        assert_eq!(
            format!("{:?}", SecretText(OsString::from("hunter2"))),
            "SecretText"
        );
    }

    #[test]
    fn an_unset_variable_says_what_to_do() {
        let rejection = read_texts(&["UNSET"]).expect_err("an error");
        assert!(
            rejection.message.contains("--secret-file UNSET=PATH"),
            "{rejection}"
        );
    }

    #[test]
    fn a_file_loses_its_last_line_end_only() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("key");
        std::fs::write(&path, "two\nlines\r\n").expect("a file");
        let files = [format!("KEY={}", path.display())];
        let secrets = read(&[], &files, |_| None).expect("secrets");
        assert_eq!(value(&secrets, "KEY"), "two\nlines");
    }
}
