//! The encoding that a template declares (PEP 263), as CPython 2.7 finds it.
//!
//! Rendering reads a template as bytes and writes ASCII into it, which is right only where an ASCII byte always is that
//! character. Owns the list of encodings for which this holds; any other is refused in a template that has tokens,
//! because a quote or a line end in it may be half of another character.

use crate::position::{LineIndex, without_bom};

/// The first lines of a script, which can declare its encoding.
pub(crate) const DECLARATION_LINES: usize = 2;

/// Returns the encoding that CPython finds declared on the first two lines, as written.
///
/// `None`: none is declared, which to CPython 2.7 means ASCII.
pub(crate) fn declared<'a>(source: &'a [u8], lines: &LineIndex) -> Option<&'a [u8]> {
    let first = without_bom(&source[lines.line(source, 1)]);
    declaration(first).or_else(|| {
        let second_counts = is_blank_or_comment(first);
        let second = &source[lines.line(source, 2)];
        second_counts.then(|| declaration(second)).flatten()
    })
}

/// Returns the encoding that `comment`, from its `#` on, declares where it is alone on one of the first two lines.
pub(crate) fn declared_in_comment(comment: &[u8]) -> Option<&[u8]> {
    declaration(comment)
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | 0x0c)
}

fn is_blank_or_comment(line: &[u8]) -> bool {
    let text = line.iter().find(|byte| !is_space(**byte));
    matches!(text, None | Some(b'#' | b'\r' | b'\n'))
}

/// Returns the encoding's name in a comment line such as `# -*- coding: utf-8 -*-`.
fn declaration(line: &[u8]) -> Option<&[u8]> {
    let text = line.iter().position(|byte| !is_space(*byte))?;
    let comment = &line[text..];
    if comment[0] != b'#' {
        return None;
    }
    comment
        .windows(6)
        .enumerate()
        .filter(|(_, word)| *word == b"coding")
        .find_map(|(at, _)| name_after(&comment[at + 6..]))
}

fn name_after(rest: &[u8]) -> Option<&[u8]> {
    let rest = rest
        .strip_prefix(b":")
        .or_else(|| rest.strip_prefix(b"="))?;
    let start = rest
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t'))
        .unwrap_or(rest.len());
    let name = &rest[start..];
    let len = name
        .iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
        .count();
    (len > 0).then_some(&name[..len])
}

/// Checks whether every ASCII byte of a text in `encoding` is that ASCII character.
pub(crate) fn is_ascii_transparent(encoding: &[u8]) -> bool {
    let name: String = encoding
        .iter()
        .map(|byte| match byte {
            b'-' => '_',
            byte => char::from(byte.to_ascii_lowercase()),
        })
        .collect();
    const NAMES: [&str; 20] = [
        "utf_8",
        "utf8",
        "u8",
        "ascii",
        "us_ascii",
        "646",
        "latin_1",
        "latin1",
        "latin",
        "l1",
        "iso_latin_1",
        "8859",
        "cp819",
        "koi8_r",
        "koi8_u",
        "macroman",
        "mac_roman",
        "cp437",
        "cp850",
        "cp866",
    ];
    let families: [(&str, std::ops::RangeInclusive<u16>); 5] = [
        ("iso_8859_", 1..=16),
        ("iso8859_", 1..=16),
        ("cp125", 0..=8),
        ("windows_125", 0..=8),
        ("125", 0..=8),
    ];
    NAMES.contains(&name.as_str())
        || ["utf_8_", "latin_1_", "iso_8859_1_", "iso_latin_1_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        || families.into_iter().any(|(prefix, numbers)| {
            name.strip_prefix(prefix)
                .filter(|number| !number.starts_with(['0', '+']) || *number == "0")
                .and_then(|number| number.parse().ok())
                .is_some_and(|number: u16| numbers.contains(&number) && number != 12)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Option<String> {
        let lines = LineIndex::new(source.as_bytes());
        declared(source.as_bytes(), &lines).map(|name| String::from_utf8_lossy(name).into_owned())
    }

    #[test]
    fn declarations_stand_in_comments_on_the_first_two_lines() {
        let cases = [
            ("# -*- coding: utf-8 -*-", Some("utf-8")),
            (
                "#!/usr/bin/python\n# vim: set fileencoding=Latin-1 :",
                Some("Latin-1"),
            ),
            ("\u{feff}# coding=utf8", Some("utf8")),
            ("\x0c \t# coding:\t koi8-r", Some("koi8-r")),
            ("\r# coding: ascii", Some("ascii")),
            ("# coding gbk, coding: gbk", Some("gbk")),
            ("\n\n# coding: gbk", None),
            ("import os\n# coding: gbk", None),
            ("x = 1 # coding: gbk", None),
            ("# coding: @UserName@", None),
            ("# coding", None),
        ];
        for (source, expected) in cases {
            assert_eq!(found(source).as_deref(), expected, "{source:?}");
        }
    }

    #[test]
    fn only_single_byte_supersets_of_ascii_and_utf8_are_transparent() {
        for name in [
            "UTF-8",
            "latin-1",
            "iso-8859-15",
            "ISO8859-1",
            "cp1252",
            "windows-1251",
            "koi8-u",
            "ascii",
        ] {
            assert!(is_ascii_transparent(name.as_bytes()), "{name}");
        }
        for name in [
            "utf-16",
            "utf-7",
            "shift_jis",
            "gbk",
            "big5",
            "iso-2022-jp",
            "cp932",
            "cp037",
            "rot13",
            "nonsense",
        ] {
            assert!(!is_ascii_transparent(name.as_bytes()), "{name}");
        }
    }
}
