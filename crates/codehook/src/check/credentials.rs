//! Credentials that stand in the script's text, and places that were to be filled in. Both belong into secrets:
//! whoever may read a hook can read them, and every copy of it carries them along.
//!
//! Two ways to find one: by the name it is given to (`password = '...'`, `{'Authorization': '...'}`), and by its own
//! looks (`SSWS ...`, an AWS key). No message repeats what was found.

use std::sync::LazyLock;

use codehook_template::Mapping;
use regex::bytes::Regex;

use crate::check::source::{Source, Text, TextKind};
use crate::check::warning::{Warning, WarningKind};

/// Endings of the names that credentials go by, in lower case and without `_` and `-`.
const NAMES: [&str; 11] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "authorization",
    "accesskey",
    "secretkey",
    "privatekey",
];
/// Endings of header names, which may also stand before a comma: `add_header('Authorization', ...)`.
const HEADERS: [&str; 2] = ["authorization", "apikey"];

/// What a credential looks like; the group `random`, where there is one, must not be an ordinary word.
static LOOKS: LazyLock<Vec<(Regex, &'static str)>> = LazyLock::new(|| {
    [
        (r"\bSSWS\s+[A-Za-z0-9_-]{8,}", "an Okta API token"),
        (
            r"(?i)\bBasic\s+(?P<random>[A-Za-z0-9+/]{8,}={0,2})",
            "a user name and password in base64",
        ),
        (
            r"(?i)\bBearer\s+(?P<random>[A-Za-z0-9._~+/=-]{16,})",
            "a bearer token",
        ),
        (r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b", "an AWS access key"),
        (r"-----BEGIN [A-Z ]*PRIVATE KEY-----", "a private key"),
        (
            r"https?://[^/\s:@<>%{]+:[^/\s@<>%{]+@[^\s@]",
            "a user name and password in a URL",
        ),
    ]
    .map(|(pattern, what)| (regex(pattern), what))
    .into_iter()
    .collect()
});

static PLACEHOLDER: LazyLock<Regex> =
    LazyLock::new(|| regex(r"<[A-Z][A-Z0-9]*(?:[ _-][A-Z0-9]+)+>|\bYOUR[_ -][A-Z0-9_ -]+"));
/// Only in the place of a credential; elsewhere these are words.
static PLACEHOLDER_VALUE: LazyLock<Regex> = LazyLock::new(|| {
    regex(
        r"(?i)^\s*(?:<[^<>]+>|change[ _-]?me|x{3,}|\*{3,}|\.{3}|todo|placeholder|your[ _-].*)\s*$",
    )
});
/// What is filled in when the script runs, and words that only say what follows.
static FILLED_IN: LazyLock<Regex> = LazyLock::new(|| {
    regex(r"%(?:\(\w+\))?[sdr]|\{[^{}]*\}|(?i)\b(?:SSWS|Basic|Bearer|Token|Digest)\b|\s|[:=]")
});
static TOKEN: LazyLock<Regex> = LazyLock::new(|| regex(r"@(?P<name>[A-Za-z_][A-Za-z0-9_.]*)@"));
static NAMED_BY_VARIABLE: LazyLock<Regex> = LazyLock::new(|| regex(r"(?P<name>\w+)\s*=\s*$"));
static NAMED_BY_LITERAL: LazyLock<Regex> = LazyLock::new(|| regex(r"^\s*(?P<sign>:|\]\s*=|,)\s*$"));

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is a constant that the tests compile")
}

pub(crate) fn warnings(source: &Source<'_>, mapping: &Mapping) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (index, text) in source.pieces.iter().enumerate() {
        let found = match text.kind {
            TextKind::Code => None,
            TextKind::Comment => by_looks(text),
            TextKind::Literal => placeholder(text)
                .or_else(|| by_looks(text))
                .or_else(|| by_name(source, index, mapping)),
        };
        warnings.extend(found);
    }
    warnings
}

fn placeholder(literal: &Text<'_>) -> Option<Warning> {
    let found = PLACEHOLDER.find(literal.bytes)?;
    Some(placeholder_at(literal, found.start()))
}

fn placeholder_at(literal: &Text<'_>, offset: usize) -> Warning {
    Warning {
        kind: WarningKind::Placeholder,
        message: "placeholder left in the script; write the value, or a secret's token such as @secret.API_KEY@".to_owned(),
        position: literal.position(offset),
    }
}

fn credential(text: &Text<'_>, offset: usize, what: &str) -> Warning {
    Warning {
        kind: WarningKind::Credential,
        message: format!(
            "{what} is written into the script; make it a secret and write its token, such as @secret.API_KEY@"
        ),
        position: text.position(offset),
    }
}

fn by_looks(text: &Text<'_>) -> Option<Warning> {
    LOOKS.iter().find_map(|(looks, what)| {
        let found = looks.captures_iter(text.bytes).find(|found| {
            found
                .name("random")
                .is_none_or(|value| is_random(value.as_bytes()))
        })?;
        Some(credential(text, found.get(0)?.start(), what))
    })
}

/// Ordinary words have no digit and no capital after their first letter.
fn is_random(value: &[u8]) -> bool {
    value.iter().any(u8::is_ascii_digit) || value[1..].iter().any(u8::is_ascii_uppercase)
}

fn by_name(source: &Source<'_>, index: usize, mapping: &Mapping) -> Option<Warning> {
    let name = name_of(&source.pieces[..index])?;
    let literal = &source.pieces[index];
    if PLACEHOLDER_VALUE.is_match(literal.bytes) {
        return Some(placeholder_at(literal, 0));
    }
    let is_address =
        literal.bytes.starts_with(b"http://") || literal.bytes.starts_with(b"https://");
    if is_address || is_filled_in(literal.bytes, mapping) {
        return None;
    }
    Some(credential(literal, 0, &format!("the value of {name}")))
}

/// The name that the literal after `before` is given to, if it is one that credentials go by.
fn name_of(before: &[Text<'_>]) -> Option<String> {
    let (code, before) = before.split_last()?;
    if code.kind != TextKind::Code {
        return None;
    }
    if let Some(found) = NAMED_BY_VARIABLE.captures(code.bytes) {
        return ends_like(&found["name"], &NAMES);
    }
    let sign = NAMED_BY_LITERAL.captures(code.bytes)?;
    let key = before
        .last()
        .filter(|text| text.kind == TextKind::Literal)?;
    match &sign["sign"] {
        b"," => ends_like(key.bytes, &HEADERS),
        _ => ends_like(key.bytes, &NAMES),
    }
}

fn ends_like(name: &[u8], endings: &[&str]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let plain = name.to_ascii_lowercase().replace(['_', '-'], "");
    endings
        .iter()
        .any(|ending| plain.ends_with(ending))
        .then(|| name.to_owned())
}

/// Whether nothing is left of a value without tokens, format fields and words such as `Bearer`.
fn is_filled_in(value: &[u8], mapping: &Mapping) -> bool {
    let without_tokens = TOKEN.replace_all(value, |found: &regex::bytes::Captures<'_>| {
        let name = std::str::from_utf8(&found["name"]).ok();
        match name.and_then(|name| mapping.token(name)) {
            Some(_) => Vec::new(),
            None => found[0].to_vec(),
        }
    });
    FILLED_IN.replace_all(&without_tokens, &b""[..]).is_empty()
}
