//! Splits a template into code, comments and string literals, as CPython 2.7's tokenizer does.
//!
//! Owns where each of them starts and ends, and nothing of what is inside. The pieces cover every byte. Text that is
//! not valid Python (a stray `$`, unbalanced brackets) is code here; the interpreter reports it with the template's own
//! line. Refuses only a string that does not end, because then the rest cannot be classified.

use std::ops::Range;

use crate::position::line_end_len;

/// The kind of a piece of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PieceKind {
    /// Anything outside literals and comments, white space and line ends included.
    Code,
    /// From `#` up to the line's end, which is not part of it.
    Comment,
    /// A string literal with its prefix and quotes.
    Literal(Literal),
}

/// The form of a string literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Literal {
    /// The type that its prefix asks for.
    pub prefix: TypePrefix,
    /// The meaning of a backslash in it.
    pub backslash: Backslash,
    /// Its quotes.
    pub quote: Quote,
}

/// The type that a literal's prefix asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypePrefix {
    /// None: `str`, or `unicode` under `from __future__ import unicode_literals`.
    None,
    /// `b`: always `str`.
    Bytes,
    /// `u`: always `unicode`.
    Unicode,
}

/// The meaning of a backslash in a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backslash {
    /// Starts an escape sequence.
    Escapes,
    /// `r`: stays itself, though it keeps a quote after it from ending the literal.
    Raw,
}

/// The quotes of a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Quote {
    Single,
    Double,
    TripleSingle,
    TripleDouble,
}

impl Quote {
    /// Returns the quote's character.
    #[must_use]
    pub fn character(self) -> u8 {
        match self {
            Self::Single | Self::TripleSingle => b'\'',
            Self::Double | Self::TripleDouble => b'"',
        }
    }

    /// Returns the number of quotes that start the literal, and end it.
    #[must_use]
    pub fn count(self) -> usize {
        match self {
            Self::Single | Self::Double => 1,
            Self::TripleSingle | Self::TripleDouble => 3,
        }
    }
}

impl Literal {
    /// Returns the number of characters before the quote.
    #[must_use]
    pub fn prefix_len(self) -> usize {
        usize::from(self.prefix != TypePrefix::None) + usize::from(self.backslash == Backslash::Raw)
    }

    /// Returns the part of a literal at `range` that is between its quotes.
    pub(crate) fn body(self, range: &Range<usize>) -> Range<usize> {
        range.start + self.prefix_len() + self.quote.count()..range.end - self.quote.count()
    }
}

/// One piece: its kind and its range in the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) kind: PieceKind,
    pub(crate) range: Range<usize>,
}

/// A string that starts at `start` and does not end: at the line's end, or, triple-quoted, at the template's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unterminated {
    pub(crate) start: usize,
    pub(crate) quote: Quote,
}

/// Splits `source` into pieces, in order and without gaps. Adjacent code is one piece.
pub(crate) fn lex(source: &[u8]) -> Result<Vec<Span>, Unterminated> {
    let mut spans: Vec<Span> = Vec::new();
    let mut at = 0;
    while at < source.len() {
        let (kind, end) = piece_at(source, at)?;
        push_span(&mut spans, kind, at..end);
        at = end;
    }
    Ok(spans)
}

/// Appends a piece that follows the last one, joining code to code.
pub(crate) fn push_span(spans: &mut Vec<Span>, kind: PieceKind, range: Range<usize>) {
    match spans.last_mut() {
        Some(last) if last.kind == PieceKind::Code && kind == PieceKind::Code => {
            last.range.end = range.end;
        }
        _ if range.is_empty() => {}
        _ => spans.push(Span { kind, range }),
    }
}

fn piece_at(source: &[u8], at: usize) -> Result<(PieceKind, usize), Unterminated> {
    match source[at] {
        b'#' => Ok((PieceKind::Comment, comment_end(source, at))),
        b'\'' | b'"' => literal_at(source, at, at),
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => {
            let end = word_end(source, at);
            let quoted = matches!(source.get(end), Some(b'\'' | b'"'));
            if quoted && prefix(&source[at..end]).is_some() {
                literal_at(source, at, end)
            } else {
                Ok((PieceKind::Code, end))
            }
        }
        _ => Ok((PieceKind::Code, at + 1)),
    }
}

fn comment_end(source: &[u8], at: usize) -> usize {
    source[at..]
        .iter()
        .position(|byte| matches!(byte, b'\n' | b'\r'))
        .map_or(source.len(), |len| at + len)
}

/// Returns the end of the run of letters, digits and underscores at `at`.
pub(crate) fn word_end(source: &[u8], at: usize) -> usize {
    source[at..]
        .iter()
        .position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .map_or(source.len(), |len| at + len)
}

/// Returns the prefix of a literal from the word right before its quote; `None` for a word that is a name of its own.
fn prefix(word: &[u8]) -> Option<(TypePrefix, Backslash)> {
    let (kind, rest) = match word.first()? {
        b'u' | b'U' => (TypePrefix::Unicode, &word[1..]),
        b'b' | b'B' => (TypePrefix::Bytes, &word[1..]),
        _ => (TypePrefix::None, word),
    };
    match rest {
        [] => Some((kind, Backslash::Escapes)),
        [b'r' | b'R'] => Some((kind, Backslash::Raw)),
        _ => None,
    }
}

fn literal_at(
    source: &[u8],
    start: usize,
    quote_at: usize,
) -> Result<(PieceKind, usize), Unterminated> {
    let (type_prefix, backslash) =
        prefix(&source[start..quote_at]).unwrap_or((TypePrefix::None, Backslash::Escapes));
    let character = source[quote_at];
    let triple = source[quote_at..].starts_with(&[character; 3]);
    let quote = match (character, triple) {
        (b'\'', false) => Quote::Single,
        (b'\'', true) => Quote::TripleSingle,
        (_, false) => Quote::Double,
        (_, true) => Quote::TripleDouble,
    };
    let literal = Literal {
        prefix: type_prefix,
        backslash,
        quote,
    };
    match body_end(source, quote_at + quote.count(), quote) {
        Some(end) => Ok((PieceKind::Literal(literal), end + quote.count())),
        None => Err(Unterminated { start, quote }),
    }
}

/// Finds the closing quote. A backslash shields the character after it, raw literal or not.
fn body_end(source: &[u8], from: usize, quote: Quote) -> Option<usize> {
    let closing = &[quote.character(); 3][..quote.count()];
    let mut at = from;
    loop {
        match source.get(at)? {
            b'\\' => {
                let shielded = line_end_len(&source[at + 1..]).max(1);
                at += 1 + shielded;
            }
            b'\n' | b'\r' if quote.count() == 1 => return None,
            _ if source[at..].starts_with(closing) => return Some(at),
            _ => at += 1,
        }
    }
}

/// Returns the literal that is the whole of `text`, if there is one.
pub(crate) fn sole_literal(text: &[u8]) -> Option<Literal> {
    match lex(text).ok()?.as_slice() {
        [
            Span {
                kind: PieceKind::Literal(literal),
                ..
            },
        ] => Some(*literal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The pieces as text: `C` code, `#` comment, `L` literal.
    fn pieces(source: &str) -> Vec<String> {
        let spans = lex(source.as_bytes()).unwrap();
        spans
            .into_iter()
            .map(|span| {
                let letter = match span.kind {
                    PieceKind::Code => 'C',
                    PieceKind::Comment => '#',
                    PieceKind::Literal(_) => 'L',
                };
                format!("{letter}{}", &source[span.range])
            })
            .collect()
    }

    #[test]
    fn quotes_of_every_kind_end_where_python_ends_them() {
        let cases: [(&str, &[&str]); 14] = [
            ("''", &["L''"]),
            ("'a\"b'", &["L'a\"b'"]),
            (r"'a\'b'", &[r"L'a\'b'"]),
            (r"r'a\'b'", &[r"Lr'a\'b'"]),
            (r"r'\\'x", &[r"Lr'\\'", "Cx"]),
            ("'a''b'", &["L'a'", "L'b'"]),
            ("'a'\"\"'b'", &["L'a'", "L\"\"", "L'b'"]),
            ("''''a'''", &["L''''a'''"]),
            ("'''a'b''c'''", &["L'''a'b''c'''"]),
            (r"'''\''''", &[r"L'''\''''"]),
            ("\"\"\"a\nb\"\"\"\n", &["L\"\"\"a\nb\"\"\"", "C\n"]),
            ("uR'x'", &["LuR'x'"]),
            ("rb'x'", &["Crb", "L'x'"]),
            ("1or'x'", &["C1or", "L'x'"]),
        ];
        for (source, expected) in cases {
            assert_eq!(pieces(source), expected, "{source}");
        }
    }

    #[test]
    fn a_backslash_shields_a_line_end_of_any_kind() {
        for end in ["\n", "\r\n", "\r"] {
            let source = format!("'a\\{end}b'");
            assert_eq!(pieces(&source), [format!("L{source}")]);
        }
    }

    #[test]
    fn comments_end_before_the_line_end() {
        assert_eq!(
            pieces("x # 'a\r\n'b'"),
            [
                "Cx ",
                "# 'a".replacen("# ", "## ", 1).as_str(),
                "C\r\n",
                "L'b'"
            ]
        );
        assert_eq!(pieces("'#'#\rx"), ["L'#'", "##", "C\rx"]);
    }

    #[test]
    fn a_string_that_does_not_end_is_refused_at_its_start() {
        for (source, start) in [
            ("x = 'a\n'", 4),
            ("u'''a''", 0),
            ("'a\\'", 0),
            ("r\"\\", 0),
            ("'a\r'", 0),
        ] {
            assert_eq!(
                lex(source.as_bytes()).unwrap_err().start,
                start,
                "{source:?}"
            );
        }
    }

    #[test]
    fn prefixes_say_type_and_backslash() {
        let cases = [
            ("'x'", TypePrefix::None, Backslash::Escapes),
            ("B'x'", TypePrefix::Bytes, Backslash::Escapes),
            ("bR'x'", TypePrefix::Bytes, Backslash::Raw),
            ("U'x'", TypePrefix::Unicode, Backslash::Escapes),
            ("ur'x'", TypePrefix::Unicode, Backslash::Raw),
            ("R'x'", TypePrefix::None, Backslash::Raw),
        ];
        for (source, prefix, backslash) in cases {
            let literal = sole_literal(source.as_bytes()).unwrap();
            assert_eq!(
                (literal.prefix, literal.backslash),
                (prefix, backslash),
                "{source}"
            );
        }
    }

    fn assert_covered(source: &[u8]) {
        if let Ok(spans) = lex(source) {
            let joined: Vec<u8> = spans
                .iter()
                .flat_map(|span| source[span.range.clone()].iter().copied())
                .collect();
            assert_eq!(joined, source);
            assert!(
                spans
                    .windows(2)
                    .all(|two| two[0].range.end == two[1].range.start)
            );
        }
    }

    proptest! {
        #[test]
        fn the_pieces_of_any_bytes_are_those_bytes(source in proptest::collection::vec(any::<u8>(), 0..200)) {
            assert_covered(&source);
        }

        #[test]
        fn the_pieces_of_quote_soup_are_that_soup(source in "[ru'\"\\\\#\n\r a@]{0,40}") {
            assert_covered(source.as_bytes());
        }
    }
}
