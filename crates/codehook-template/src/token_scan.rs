//! Finds the tokens of a template, and text that only resembles one.

use std::ops::Range;

use crate::lexer::{Backslash, PieceKind, Span};
use crate::literal::{Ending, TextType};
use crate::mapping::Mapping;
use crate::parsed::SourceText;
use crate::position::Position;
use crate::suggest::SpellChecker;
use crate::token::{TokenName, candidate};
use crate::token_use::{Charset, TokenContext, TokenUse, UnknownToken, Use};
use crate::unicode_literals::PlainLiterals;

/// Finds the first token of `text`, whatever its context.
pub(crate) fn first_token(
    text: &SourceText,
    mapping: &Mapping,
) -> Option<(Range<usize>, TokenName)> {
    Candidates::new(&text.bytes, 0..text.bytes.len())
        .find_map(|(range, name)| Some((range, mapping.token(name)?)))
}

/// Finds every use of a token, and the text that looks like a token without being one; both in order.
pub(crate) fn scan(
    text: &SourceText,
    spans: &[Span],
    plain: PlainLiterals,
    mapping: &Mapping,
) -> (Vec<Use>, Vec<UnknownToken>) {
    let (mut uses, mut unknown) = (Vec::new(), Vec::new());
    let spell_checker = SpellChecker::new(mapping);
    for span in spans {
        let mut candidates = Candidates::new(&text.bytes, span.range.clone());
        while let Some((range, found)) = candidates.next() {
            let position = text.position(range.start);
            if let Some(name) = mapping.token(found) {
                candidates.skip_to(range.end);
                let context = context(span.kind, plain);
                uses.push(Use {
                    token: TokenUse {
                        name,
                        position,
                        context,
                    },
                    range,
                    before: Ending::Clean,
                    charset: Charset::Any,
                });
            } else {
                unknown.extend(unknown_token(
                    &text.bytes,
                    &range,
                    found,
                    position,
                    &spell_checker,
                ));
            }
        }
    }
    (uses, unknown)
}

fn context(kind: PieceKind, plain: PlainLiterals) -> TokenContext {
    match kind {
        PieceKind::Code => TokenContext::Code,
        PieceKind::Comment => TokenContext::Comment,
        PieceKind::Literal(literal) => match (literal.backslash, TextType::of(literal, plain)) {
            (Backslash::Escapes, TextType::Bytes) => TokenContext::ByteString,
            (Backslash::Escapes, TextType::Unicode) => TokenContext::UnicodeString,
            (Backslash::Raw, TextType::Bytes) => TokenContext::RawByteString,
            (Backslash::Raw, TextType::Unicode) => TokenContext::RawUnicodeString,
        },
    }
}

fn unknown_token(
    source: &[u8],
    range: &Range<usize>,
    text: &str,
    position: Position,
    spell_checker: &SpellChecker,
) -> Option<UnknownToken> {
    let suggestion = spell_checker.suggestion(text);
    let in_email_address = range.start.checked_sub(1).is_some_and(|before| {
        source[before].is_ascii_alphanumeric() || b"._%+-".contains(&source[before])
    });
    let capitalised = text.starts_with(|first: char| first.is_ascii_uppercase());
    (suggestion.is_some() || (capitalised && !in_email_address && !text.contains('.'))).then(|| {
        UnknownToken {
            name: text.to_owned(),
            position,
            suggestion,
        }
    })
}

/// Iterates over the text in a range that is written like a token, overlapping ones included unless skipped.
struct Candidates<'a> {
    source: &'a [u8],
    rest: Range<usize>,
}

impl<'a> Candidates<'a> {
    fn new(source: &'a [u8], range: Range<usize>) -> Self {
        Self {
            source,
            rest: range,
        }
    }

    fn skip_to(&mut self, offset: usize) {
        self.rest.start = offset;
    }
}

impl<'a> Iterator for Candidates<'a> {
    type Item = (Range<usize>, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            let window = &self.source[self.rest.clone()];
            let start = self.rest.start + window.iter().position(|byte| *byte == b'@')?;
            self.rest.start = start + 1;
            if let Some(text) = candidate(&self.source[start..self.rest.end]) {
                return Some((start..start + text.len() + 2, text));
            }
        }
        None
    }
}
