//! Renders a template and values to a script.
//!
//! Owns the promise that a value never becomes code: each is escaped for the context of its token, so that the running
//! script sees exactly the value, or rendering is refused with the token's line and column. Tokens are substituted
//! once; a value that holds `@UserId@` keeps it. What the script then does with a literal (`%` formatting, `.format`,
//! adding `str` to `unicode`) is not decided here: a `%` in a value is a `%` in the literal.
//!
//! | context | what is written | refused |
//! |---|---|---|
//! | `''`, `b''` | UTF-8 bytes, escaped to ASCII | non-ASCII where a `u''` beside it is joined to it |
//! | `u''` | characters, escaped to ASCII | nothing |
//! | `r''`, `ur''` | the value as it is | what is not printable ASCII, or would be parsed otherwise |
//! | comment | escaped for display | what would declare an encoding on line 1 or 2 |
//! | code | a decimal number, in parentheses where negative | anything else |

use std::fmt;
use std::ops::Range;

use crate::encoding;
use crate::error::{Refusal, RenderError};
use crate::escape::{self, Before};
use crate::lexer::{Backslash, Literal, PieceKind, Span, lex, push_span, sole_literal};
use crate::limits::MAX_SCRIPT_BYTES;
use crate::literal::{Ending, TextType, raw_unicode_escapes};
use crate::parsed::ParsedTemplate;
use crate::token_use::{Charset, TokenContext, Use};
use crate::values::TokenValues;

/// A script ready to run, with what must be kept out of its output.
#[derive(Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The script: the template's bytes with the tokens replaced. Lines are the template's lines. Where there
    /// are tokens, a lone CR, which CPython treats as a line end only sometimes, is replaced by LF.
    pub script: Vec<u8>,
    /// The texts to redact from the script's output: each secret used and, where it differs, each way in which the
    /// script spells it (a traceback quotes source lines). Longest first, no duplicates, never empty strings.
    pub secrets: Vec<String>,
}

/// Does not show the script: it holds secrets and personal data.
impl fmt::Debug for Rendered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rendered")
            .field("bytes", &self.script.len())
            .field("secrets", &self.secrets.len())
            .finish()
    }
}

/// Renders the script for one event.
pub(crate) fn render(
    template: &ParsedTemplate,
    values: &TokenValues,
) -> Result<Rendered, RenderError> {
    if template.uses.is_empty() {
        return Ok(Rendered {
            script: template.text.bytes.clone(),
            secrets: Vec::new(),
        });
    }
    let mut rendering = Rendering {
        template,
        values,
        out: Vec::with_capacity(template.text.bytes.len()),
        spans: Vec::with_capacity(template.spans.len()),
        secrets: Vec::new(),
    };
    let mut uses = template.uses.as_slice();
    for span in &template.spans {
        let own = uses.partition_point(|each| each.range.start < span.range.end);
        rendering.span(span, &uses[..own])?;
        uses = &uses[own..];
    }
    rendering.check_pieces()?;
    Ok(rendering.finish())
}

struct Rendering<'a> {
    template: &'a ParsedTemplate,
    values: &'a TokenValues,
    out: Vec<u8>,
    /// The pieces into which `out` must split.
    spans: Vec<Span>,
    secrets: Vec<String>,
}

impl Rendering<'_> {
    fn span(&mut self, span: &Span, uses: &[Use]) -> Result<(), RenderError> {
        let start = self.out.len();
        match span.kind {
            _ if uses.is_empty() => self.text(span.range.clone()),
            PieceKind::Code => self.code(span, uses)?,
            PieceKind::Comment => self.comment(span, uses)?,
            PieceKind::Literal(literal) if literal.backslash == Backslash::Escapes => {
                self.escaped_literal(literal, span, uses)?;
            }
            PieceKind::Literal(literal) => self.raw_literal(literal, span, uses)?,
        }
        push_span(&mut self.spans, span.kind, start..self.out.len());
        if let PieceKind::Literal(literal) = span.kind {
            self.separate_from_next_quote(literal, span, start);
        }
        if self.out.len() > MAX_SCRIPT_BYTES {
            return Err(RenderError::TooLarge {
                template: self.template.text.name.clone(),
            });
        }
        Ok(())
    }

    /// Copies template text. A lone CR becomes LF: compiled from memory CPython 2.7 ends a line there, reading a file
    /// with a coding line it does not; and an empty value may separate it from an LF of its own.
    fn text(&mut self, range: Range<usize>) {
        let source = &self.template.text.bytes;
        for at in range {
            let lone_cr = source[at] == b'\r' && source.get(at + 1) != Some(&b'\n');
            self.out.push(if lone_cr { b'\n' } else { source[at] });
        }
    }

    fn value(&self, each: &Use) -> Result<String, RenderError> {
        match self.values.get(&each.token.name) {
            Ok(value) => Ok(value.to_owned()),
            Err(problem) => Err(RenderError::NoValue {
                site: Box::new(self.template.text.site(&each.token)),
                problem,
            }),
        }
    }

    fn refuse(&self, each: &Use, refusal: Refusal) -> RenderError {
        RenderError::Refused {
            site: Box::new(self.template.text.site(&each.token)),
            refusal,
        }
    }

    /// Records a secret that is written, in the script's spelling, from `start` to the end of `out`.
    fn record_secret(&mut self, each: &Use, value: &str, start: usize) {
        if each.token.name.is_secret() && !value.is_empty() {
            self.secrets.push(value.to_owned());
            let spelled = String::from_utf8_lossy(&self.out[start..]).into_owned();
            self.secrets.push(spelled);
        }
    }

    fn escaped_literal(
        &mut self,
        literal: Literal,
        span: &Span,
        uses: &[Use],
    ) -> Result<(), RenderError> {
        let body_start = self.out.len() + literal.prefix_len() + literal.quote.count();
        let mut from = span.range.start;
        let mut before = Before::Anything;
        for each in uses {
            let value = self.value(each)?;
            if each.charset == Charset::Ascii && !value.is_ascii() {
                return Err(self.refuse(each, Refusal::JoinedToUnicode));
            }
            before = self.literal_text(from..each.range.start, before);
            match each.before {
                Ending::Backslash => {
                    self.out.push(b'\\');
                    before = Before::Anything;
                }
                Ending::ShortOctal => before = Before::ShortOctal,
                Ending::Clean | Ending::Inside => {}
            }
            if value.is_empty() {
                self.escape_trailing_quotes(literal, body_start);
            } else {
                let start = self.out.len();
                self.escaped_value(each, &value, before);
                self.record_secret(each, &value, start);
                before = Before::Anything;
            }
            from = each.range.end;
        }
        self.literal_text(from..span.range.end, before);
        Ok(())
    }

    fn escaped_value(&mut self, each: &Use, value: &str, before: Before) {
        if each.token.context == TokenContext::UnicodeString {
            escape::unicode_literal(value, before, &mut self.out);
        } else {
            escape::byte_literal(value, before, &mut self.out);
        }
    }

    /// Copies template text, whose first digit must not lengthen an octal sequence that only an empty value
    /// separates it from. Returns the state before the text that follows.
    fn literal_text(&mut self, range: Range<usize>, before: Before) -> Before {
        let Some(&first) = self.template.text.bytes[range.clone()].first() else {
            return before;
        };
        if escape::lengthens(before, first) {
            escape::push_hex(&mut self.out, first);
            self.text(range.start + 1..range.end);
        } else {
            self.text(range);
        }
        Before::Anything
    }

    /// In a triple-quoted literal, quotes before an empty value could close the literal with quotes after it.
    fn escape_trailing_quotes(&mut self, literal: Literal, body_start: usize) {
        let quote = literal.quote.character();
        let body = &self.out[body_start..];
        let run = body.iter().rev().take_while(|byte| **byte == quote).count();
        let shields = body[..body.len() - run]
            .iter()
            .rev()
            .take_while(|byte| **byte == b'\\')
            .count();
        let bare = run.saturating_sub(shields % 2);
        self.out.truncate(self.out.len() - bare);
        for _ in 0..bare {
            escape::push_hex(&mut self.out, quote);
        }
    }

    fn raw_literal(
        &mut self,
        literal: Literal,
        span: &Span,
        uses: &[Use],
    ) -> Result<(), RenderError> {
        let start = self.out.len();
        let mut from = span.range.start;
        let mut suspect = &uses[0];
        let mut segments = Vec::with_capacity(uses.len() + 1);
        for each in uses {
            let value = self.value(each)?;
            if !value
                .bytes()
                .all(|byte| matches!(byte, b' '..=b'~' | b'\t'))
            {
                return Err(self.refuse(each, Refusal::RawCharacter));
            }
            segments.push((from..each.range.start, self.out.len()));
            self.text(from..each.range.start);
            let value_start = self.out.len();
            self.out.extend_from_slice(value.as_bytes());
            self.record_secret(each, &value, value_start);
            if value.is_empty() || value.contains(['\\', '\'', '"']) {
                suspect = each;
            }
            from = each.range.end;
        }
        segments.push((from..span.range.end, self.out.len()));
        self.text(from..span.range.end);
        if sole_literal(&self.out[start..]) != Some(literal) {
            return Err(self.refuse(suspect, Refusal::RawEnd));
        }
        let unicode = TextType::of(literal, self.template.plain) == TextType::Unicode;
        if unicode && !self.keeps_unicode_escapes(literal, span, start, &segments) {
            return Err(self.refuse(suspect, Refusal::RawUnicodeEscape));
        }
        Ok(())
    }

    /// Checks whether the raw unicode literal written from `start` on has exactly the template's own `\u` sequences.
    /// `segments` has the range of each segment of template text and its new offset.
    fn keeps_unicode_escapes(
        &self,
        literal: Literal,
        span: &Span,
        start: usize,
        segments: &[(Range<usize>, usize)],
    ) -> bool {
        let body = literal.body(&span.range);
        let written = literal.body(&(start..self.out.len()));
        // The interpreter rewrites a backslash before a non-ASCII character in ways that depend on the encoding.
        let source_body = &self.template.text.bytes[body.clone()];
        let tokens_hold_backslash =
            count(&self.out[written.clone()], b'\\') != count(source_body, b'\\');
        if tokens_hold_backslash && !source_body.is_ascii() {
            return false;
        }
        let moved = |escape: Range<usize>| {
            let at = body.start + escape.start;
            let (segment, to) = segments
                .get(segments.partition_point(|(segment, _)| segment.end <= at))
                .filter(|(segment, _)| segment.start <= at)?;
            Some(to + at - segment.start)
        };
        let expected = raw_unicode_escapes(source_body).into_iter().map(moved);
        let found = raw_unicode_escapes(&self.out[written.clone()])
            .into_iter()
            .map(|escape| Some(written.start + escape.start));
        expected.eq(found)
    }

    fn comment(&mut self, span: &Span, uses: &[Use]) -> Result<(), RenderError> {
        let start = self.out.len();
        let mut from = span.range.start;
        for each in uses {
            let value = self.value(each)?;
            self.text(from..each.range.start);
            let value_start = self.out.len();
            escape::comment(&value, &mut self.out);
            self.record_secret(each, &value, value_start);
            from = each.range.end;
        }
        self.text(from..span.range.end);
        let source = &self.template.text.bytes[span.range.clone()];
        let declared = encoding::declared_in_comment;
        let early = uses[0].token.position.line <= encoding::DECLARATION_LINES;
        if early && declared(&self.out[start..]) != declared(source) {
            return Err(self.refuse(&uses[0], Refusal::CodingLine));
        }
        Ok(())
    }

    fn code(&mut self, span: &Span, uses: &[Use]) -> Result<(), RenderError> {
        let mut from = span.range.start;
        for each in uses {
            let value = self.value(each)?;
            self.text(from..each.range.start);
            let start = self.out.len();
            match value.strip_prefix('-') {
                None if escape::is_number(&value) => self.out.extend_from_slice(value.as_bytes()),
                Some(magnitude) if escape::is_number(magnitude) => {
                    if !expects_operand(&self.out) {
                        return Err(self.refuse(each, Refusal::NegativeNumber));
                    }
                    self.out.extend(format!("({value})").bytes());
                }
                _ => return Err(self.refuse(each, Refusal::NotANumber)),
            }
            self.record_secret(each, &value, start);
            from = each.range.end;
        }
        self.text(from..span.range.end);
        Ok(())
    }

    /// `'@X@''a'` with an empty value would read `'''a'`, which starts a triple-quoted string.
    fn separate_from_next_quote(&mut self, literal: Literal, span: &Span, start: usize) {
        let quotes = self.out.len() - start - literal.prefix_len();
        let next = self.template.text.bytes.get(span.range.end);
        if quotes == 2 && next == Some(&literal.quote.character()) {
            let end = self.out.len();
            self.out.push(b' ');
            push_span(&mut self.spans, PieceKind::Code, end..end + 1);
        }
    }

    fn check_pieces(&self) -> Result<(), RenderError> {
        if lex(&self.out).as_ref() == Ok(&self.spans) {
            return Ok(());
        }
        Err(RenderError::Diverged {
            template: self.template.text.name.clone(),
        })
    }

    fn finish(mut self) -> Rendered {
        let secrets = &mut self.secrets;
        secrets.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        secrets.dedup();
        Rendered {
            script: self.out,
            secrets: self.secrets,
        }
    }
}

fn count(text: &[u8], byte: u8) -> usize {
    text.iter().filter(|each| **each == byte).count()
}

/// Checks whether code that ends like `before` can only go on with an operand, so that a number in parentheses is
/// neither called nor subtracted.
fn expects_operand(before: &[u8]) -> bool {
    const KEYWORDS: [&[u8]; 14] = [
        b"and", b"assert", b"elif", b"else", b"exec", b"if", b"in", b"is", b"not", b"or", b"print",
        b"return", b"while", b"yield",
    ];
    let trimmed = before
        .iter()
        .rposition(|byte| !matches!(byte, b' ' | b'\t'))
        .map_or(&[][..], |last| &before[..=last]);
    let word = trimmed
        .iter()
        .rposition(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
        .map_or(trimmed, |end| &trimmed[end + 1..]);
    match trimmed.last() {
        Some(byte) if b"=([{,:<>+-*/%&|^~;".contains(byte) => true,
        _ => KEYWORDS.contains(&word),
    }
}
