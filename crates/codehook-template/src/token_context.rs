//! The context of a template's tokens: the text around each, checked whatever the values will be.
//!
//! Owns the refusals that no value could avoid, and finds what rendering has to know of a token's neighbours.

use std::ops::Range;

use crate::encoding;
use crate::error::TemplateError;
use crate::lexer::{Backslash, Literal, PieceKind, Span};
use crate::literal::{Ending, LONGEST_RAW_ESCAPE, TextType, ending, raw_unicode_escapes};
use crate::parsed::{ParsedTemplate, SourceText};
use crate::position::line_end_len;
use crate::token_use::{Charset, Use};
use crate::unicode_literals::PlainLiterals;

/// Checks the context of every token and records what rendering needs of it.
pub(crate) fn check(parsed: &mut ParsedTemplate) -> Result<(), TemplateError> {
    let ParsedTemplate {
        text,
        spans,
        plain,
        uses,
    } = parsed;
    let mut rest = uses.as_mut_slice();
    for span in spans.iter() {
        let count = rest.partition_point(|each| each.range.start < span.range.end);
        let (own, next) = rest.split_at_mut(count);
        check_span(text, *plain, span, own)?;
        rest = next;
    }
    mark_joined_literals(parsed);
    Ok(())
}

/// Checks the tokens of one span.
fn check_span(
    text: &SourceText,
    plain: PlainLiterals,
    span: &Span,
    uses: &mut [Use],
) -> Result<(), TemplateError> {
    match span.kind {
        PieceKind::Comment => check_comment(text, span, uses),
        PieceKind::Code => check_code(text, uses),
        PieceKind::Literal(literal) if literal.backslash == Backslash::Escapes => check_escapes(
            text,
            TextType::of(literal, plain),
            &literal.body(&span.range),
            uses,
        ),
        PieceKind::Literal(literal) => check_raw(text, plain, literal, span, uses),
    }
}

/// Checks that an early comment, with a letter in each token's place, declares the encoding that it declares without.
fn check_comment(text: &SourceText, span: &Span, uses: &[Use]) -> Result<(), TemplateError> {
    let Some(first) = uses.first() else {
        return Ok(());
    };
    if first.token.position.line > encoding::DECLARATION_LINES {
        return Ok(());
    }
    let mut with_letters = Vec::with_capacity(span.range.len());
    let mut from = span.range.start;
    for each in uses {
        with_letters.extend_from_slice(&text.bytes[from..each.range.start]);
        with_letters.push(b'x');
        from = each.range.end;
    }
    with_letters.extend_from_slice(&text.bytes[from..span.range.end]);
    let comment = &text.bytes[span.range.clone()];
    let declared = encoding::declared_in_comment;
    if declared(&with_letters) != declared(comment) {
        let site = text.site(&first.token);
        return Err(TemplateError::CodingLine { site });
    }
    Ok(())
}

fn check_code(text: &SourceText, uses: &[Use]) -> Result<(), TemplateError> {
    let joins =
        |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"_.@'\"".contains(byte);
    for each in uses {
        let before = text.bytes[..each.range.start].last();
        let after = text.bytes.get(each.range.end);
        if before.is_some_and(joins) || after.is_some_and(joins) {
            let site = text.site(&each.token);
            return Err(TemplateError::JoinedToCode { site });
        }
    }
    Ok(())
}

fn check_escapes(
    text: &SourceText,
    text_type: TextType,
    body: &Range<usize>,
    uses: &mut [Use],
) -> Result<(), TemplateError> {
    let mut from = body.start;
    for each in uses {
        each.before = ending(&text.bytes[from..each.range.start], text_type);
        if each.before == Ending::Inside {
            let site = text.site(&each.token);
            return Err(TemplateError::InsideEscape { site });
        }
        from = each.range.end;
    }
    Ok(())
}

fn check_raw(
    text: &SourceText,
    plain: PlainLiterals,
    literal: Literal,
    span: &Span,
    uses: &[Use],
) -> Result<(), TemplateError> {
    if TextType::of(literal, plain) == TextType::Bytes {
        return Ok(());
    }
    let body = literal.body(&span.range);
    let escapes = raw_unicode_escapes(&text.bytes[body.clone()]);
    let touches = |each: &&Use| {
        let token = each.range.start - body.start..each.range.end - body.start;
        let begun = escapes.partition_point(|escape| escape.start < token.end);
        let mut near = escapes[..begun]
            .iter()
            .rev()
            .take_while(|escape| escape.start + LONGEST_RAW_ESCAPE > token.start);
        near.any(|escape| escape.end > token.start)
    };
    match uses.iter().find(touches) {
        Some(each) => Err(TemplateError::InsideEscape {
            site: text.site(&each.token),
        }),
        None => Ok(()),
    }
}

/// Marks the tokens whose values must be ASCII: Python joins literals that stand side by side, and one `unicode` among
/// them makes it decode the others as ASCII.
fn mark_joined_literals(parsed: &mut ParsedTemplate) {
    let mut joined = joined_to_unicode(&parsed.text.bytes, &parsed.spans, parsed.plain)
        .into_iter()
        .peekable();
    for each in &mut parsed.uses {
        while joined
            .next_if(|range| range.end <= each.range.start)
            .is_some()
        {}
        if joined
            .peek()
            .is_some_and(|range| range.contains(&each.range.start))
        {
            each.charset = Charset::Ascii;
        }
    }
}

/// The `str` literals that Python joins to a `unicode` one, in order.
fn joined_to_unicode(source: &[u8], spans: &[Span], plain: PlainLiterals) -> Vec<Range<usize>> {
    let mut joined = Vec::new();
    let mut neighbours = Neighbours::default();
    let mut depth = 0;
    for span in spans {
        match span.kind {
            PieceKind::Comment => {}
            PieceKind::Literal(literal) => match TextType::of(literal, plain) {
                TextType::Bytes => neighbours.bytes.push(span.range.clone()),
                TextType::Unicode => neighbours.unicode += 1,
            },
            PieceKind::Code => {
                if parts(&source[span.range.clone()], &mut depth) {
                    joined.extend(std::mem::take(&mut neighbours).joined());
                }
            }
        }
    }
    joined.extend(neighbours.joined());
    joined
}

/// Literals with nothing between them but space.
#[derive(Default)]
struct Neighbours {
    bytes: Vec<Range<usize>>,
    unicode: usize,
}

impl Neighbours {
    /// Those that a `unicode` literal among them makes Python decode.
    fn joined(self) -> Vec<Range<usize>> {
        if self.unicode > 0 {
            self.bytes
        } else {
            Vec::new()
        }
    }
}

/// Whether `code` keeps the literals around it from being joined. `depth` counts open brackets, in which a line end is
/// only space.
fn parts(code: &[u8], depth: &mut usize) -> bool {
    let mut parts = false;
    let mut at = 0;
    while at < code.len() {
        let line_end = line_end_len(&code[at..]);
        match code[at] {
            b' ' | b'\t' | 0x0c => {}
            b'\\' => at += line_end_len(&code[at + 1..]),
            _ if line_end > 0 => parts |= *depth == 0,
            byte => {
                parts = true;
                match byte {
                    b'(' | b'[' | b'{' => *depth += 1,
                    b')' | b']' | b'}' => *depth = depth.saturating_sub(1),
                    _ => {}
                }
            }
        }
        at += 1;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lexer::lex;

    #[test]
    fn literals_side_by_side_are_joined() {
        let cases = [
            ("'a' u'b'", 1),
            ("u'a' \\\n b'b' 'c'", 2),
            ("('a' # why\n u'b')", 1),
            ("'a'\nu'b'", 0),
            ("'a' + u'b'", 0),
            ("'a' 'b'", 0),
            ("f('a')\n'b'\r\nu'c'", 0),
        ];
        for (source, expected) in cases {
            let spans = lex(source.as_bytes()).unwrap();
            let joined = joined_to_unicode(source.as_bytes(), &spans, PlainLiterals::Bytes);
            assert_eq!(joined.len(), expected, "{source}");
        }
    }
}
