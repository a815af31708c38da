//! The text around a token inside a string literal, as far as it could combine with the token's value.
//!
//! Owns the escape sequences of Python 2.7: where one of the template's own is still open when a token starts, and
//! which `\u` sequences a raw unicode literal holds. Decodes nothing.

use std::ops::Range;

use crate::lexer::{Literal, TypePrefix};
use crate::position::line_end_len;
use crate::unicode_literals::PlainLiterals;

/// The type of the object that a literal makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextType {
    Bytes,
    Unicode,
}

impl TextType {
    pub(crate) fn of(literal: Literal, plain: PlainLiterals) -> Self {
        match (literal.prefix, plain) {
            (TypePrefix::Bytes, _) | (TypePrefix::None, PlainLiterals::Bytes) => Self::Bytes,
            (TypePrefix::Unicode, _) | (TypePrefix::None, PlainLiterals::Unicode) => Self::Unicode,
        }
    }
}

/// The state in which a part of a non-raw literal's text ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Nothing is open.
    Clean,
    /// In a backslash: what follows would become an escape sequence with it.
    Backslash,
    /// In an octal sequence that one more digit would lengthen.
    ShortOctal,
    /// Inside `\x`, `\u`, `\U` or `\N`, which need what follows.
    Inside,
}

/// Returns the state in which `text`, which starts outside any escape sequence, ends.
pub(crate) fn ending(text: &[u8], text_type: TextType) -> Ending {
    let mut at = 0;
    while at < text.len() {
        let (len, ending) = match text[at] {
            b'\\' => escape(&text[at..], text_type),
            _ => (1, Ending::Clean),
        };
        if ending != Ending::Clean {
            return ending;
        }
        at += len;
    }
    Ending::Clean
}

/// Returns the length of the escape sequence that `rest` starts with and, where `rest` ends in it, the state.
fn escape(rest: &[u8], text_type: TextType) -> (usize, Ending) {
    let unicode = text_type == TextType::Unicode;
    match rest.get(1) {
        None => (1, Ending::Backslash),
        Some(b'0'..=b'7') => {
            let digits = rest[1..]
                .iter()
                .take(3)
                .take_while(|byte| matches!(byte, b'0'..=b'7'))
                .count();
            let open = digits < 3 && rest.len() == 1 + digits;
            (
                1 + digits,
                if open {
                    Ending::ShortOctal
                } else {
                    Ending::Clean
                },
            )
        }
        Some(b'x') => digits(rest, 2),
        Some(b'u') if unicode => digits(rest, 4),
        Some(b'U') if unicode => digits(rest, 8),
        Some(b'N') if unicode => named(rest),
        Some(_) => (1 + line_end_len(&rest[1..]).max(1), Ending::Clean),
    }
}

/// Parses a sequence that needs `count` hexadecimal digits. One that is broken before `rest` ends is the template's own
/// error.
fn digits(rest: &[u8], count: usize) -> (usize, Ending) {
    let found = rest[2..]
        .iter()
        .take(count)
        .take_while(|byte| byte.is_ascii_hexdigit())
        .count();
    let open = found < count && rest.len() == 2 + found;
    (2 + found, if open { Ending::Inside } else { Ending::Clean })
}

fn named(rest: &[u8]) -> (usize, Ending) {
    match rest.get(2) {
        Some(b'{') => match rest.iter().position(|byte| *byte == b'}') {
            Some(end) => (end + 1, Ending::Clean),
            None => (rest.len(), Ending::Inside),
        },
        Some(_) => (2, Ending::Clean),
        None => (2, Ending::Inside),
    }
}

/// The bytes of `\UXXXXXXXX`.
pub(crate) const LONGEST_RAW_ESCAPE: usize = 10;

/// Finds each `\uXXXX` and `\UXXXXXXXX` of a raw unicode literal's body, broken ones included and cut at the
/// body's end. A backslash counts only when an even number of backslashes precedes it.
pub(crate) fn raw_unicode_escapes(body: &[u8]) -> Vec<Range<usize>> {
    let mut escapes = Vec::new();
    let mut at = 0;
    while at < body.len() {
        let run = body[at..].iter().take_while(|byte| **byte == b'\\').count();
        at += run;
        let digits = match body.get(at) {
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => 0,
        };
        if run % 2 == 1 && digits > 0 {
            escapes.push(at - 1..(at + 1 + digits).min(body.len()));
        }
        at += usize::from(run == 0);
    }
    escapes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_leaves_an_escape_open_is_noticed() {
        use Ending::{Backslash, Clean, Inside, ShortOctal};
        let cases = [
            (r"", Clean, Clean),
            (r"a\n", Clean, Clean),
            (r"\", Backslash, Backslash),
            (r"\\", Clean, Clean),
            (r"\\\", Backslash, Backslash),
            (r"\1", ShortOctal, ShortOctal),
            (r"\12", ShortOctal, ShortOctal),
            (r"\123", Clean, Clean),
            (r"\18", Clean, Clean),
            (r"\x", Inside, Inside),
            (r"\xf", Inside, Inside),
            (r"\xff", Clean, Clean),
            (r"\xg", Clean, Clean),
            (r"\u12", Clean, Inside),
            (r"\u1234", Clean, Clean),
            (r"\U1234567", Clean, Inside),
            (r"\N", Clean, Inside),
            (r"\N{DASH", Clean, Inside),
            (r"\N{EN DASH}", Clean, Clean),
        ];
        for (text, bytes, unicode) in cases {
            assert_eq!(ending(text.as_bytes(), TextType::Bytes), bytes, "{text}");
            assert_eq!(
                ending(text.as_bytes(), TextType::Unicode),
                unicode,
                "u {text}"
            );
        }
    }

    #[test]
    fn raw_unicode_literals_have_only_u_sequences() {
        for body in [r"\n\u0041\\u0041", r"\\\U0000"] {
            let found = raw_unicode_escapes(body.as_bytes());
            assert!(
                matches!(found.as_slice(), [Range { start: 2, end: 8 }]),
                "{body}: {found:?}"
            );
        }
        assert!(raw_unicode_escapes(br"\").is_empty());
    }
}
