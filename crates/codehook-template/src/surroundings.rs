//! What stands around a template's tokens, checked whatever their values will be.
//!
//! Owns the refusals that no value could avoid, and what rendering has to know of a token's neighbours.

use std::ops::Range;

use crate::encoding;
use crate::future::PlainLiterals;
use crate::lexer::{Backslash, Literal, PieceKind, Span};
use crate::literal::{Ending, LONGEST_RAW_ESCAPE, TextType, ending, raw_unicode_escapes};
use crate::position::line_end_len;
use crate::template::{Charset, Template, TemplateError, Use};

impl Template {
    /// Looks at what stands around the tokens of `span`, which are those from `first` on.
    pub(crate) fn check_surroundings(
        &mut self,
        span: &Span,
        first: usize,
    ) -> Result<(), TemplateError> {
        match span.kind {
            PieceKind::Comment => self.check_comment(span, first),
            PieceKind::Code => self.check_code(first),
            PieceKind::Literal(literal) if literal.backslash == Backslash::Escapes => {
                self.check_escapes(literal, span, first)
            }
            PieceKind::Literal(literal) => self.check_raw(literal, span, first),
        }
    }

    /// With a letter in each token's place, an early comment must declare the encoding that it declares without.
    fn check_comment(&self, span: &Span, first: usize) -> Result<(), TemplateError> {
        let Some(each) = self.uses.get(first) else {
            return Ok(());
        };
        if each.token.position.line > encoding::DECLARATION_LINES {
            return Ok(());
        }
        let mut with_letters = Vec::with_capacity(span.range.len());
        let mut from = span.range.start;
        for each in &self.uses[first..] {
            with_letters.extend_from_slice(&self.source[from..each.range.start]);
            with_letters.push(b'x');
            from = each.range.end;
        }
        with_letters.extend_from_slice(&self.source[from..span.range.end]);
        let comment = &self.source[span.range.clone()];
        let declared = encoding::declared_in_comment;
        if declared(&with_letters) != declared(comment) {
            let site = self.site(&each.token);
            return Err(TemplateError::CodingLine { site });
        }
        Ok(())
    }

    fn check_code(&self, first: usize) -> Result<(), TemplateError> {
        let joins = |byte: &u8| {
            byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"_.@'\"".contains(byte)
        };
        for each in &self.uses[first..] {
            let before = self.source[..each.range.start].last();
            let after = self.source.get(each.range.end);
            if before.is_some_and(joins) || after.is_some_and(joins) {
                let site = self.site(&each.token);
                return Err(TemplateError::JoinedToCode { site });
            }
        }
        Ok(())
    }

    fn check_escapes(
        &mut self,
        literal: Literal,
        span: &Span,
        first: usize,
    ) -> Result<(), TemplateError> {
        let text_type = TextType::of(literal, self.plain);
        let mut from = literal.body(&span.range).start;
        for at in first..self.uses.len() {
            let range = self.uses[at].range.clone();
            let before = ending(&self.source[from..range.start], text_type);
            if before == Ending::Inside {
                let site = self.site(&self.uses[at].token);
                return Err(TemplateError::InsideEscape { site });
            }
            self.uses[at].before = before;
            from = range.end;
        }
        Ok(())
    }

    fn check_raw(&self, literal: Literal, span: &Span, first: usize) -> Result<(), TemplateError> {
        if TextType::of(literal, self.plain) == TextType::Bytes {
            return Ok(());
        }
        let body = literal.body(&span.range);
        let escapes = raw_unicode_escapes(&self.source[body.clone()]);
        let touches = |each: &&Use| {
            let token = each.range.start - body.start..each.range.end - body.start;
            let begun = escapes.partition_point(|escape| escape.start < token.end);
            let mut near = escapes[..begun]
                .iter()
                .rev()
                .take_while(|escape| escape.start + LONGEST_RAW_ESCAPE > token.start);
            near.any(|escape| escape.end > token.start)
        };
        match self.uses[first..].iter().find(touches) {
            Some(each) => Err(TemplateError::InsideEscape {
                site: self.site(&each.token),
            }),
            None => Ok(()),
        }
    }

    /// Python joins literals that stand side by side; one `unicode` among them makes it decode the others as ASCII.
    pub(crate) fn mark_joined_literals(&mut self) {
        let mut joined = joined_to_unicode(&self.source, &self.spans, self.plain).into_iter();
        let mut next = joined.next();
        for each in &mut self.uses {
            while next
                .as_ref()
                .is_some_and(|range| range.end <= each.range.start)
            {
                next = joined.next();
            }
            if next
                .as_ref()
                .is_some_and(|range| range.contains(&each.range.start))
            {
                each.charset = Charset::Ascii;
            }
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
