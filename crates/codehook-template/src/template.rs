//! A script template: parsed once, rendered for each event.
//!
//! Owns the order of parsing and its errors: refuses a template in which a token's value could never be exact, such as
//! one with a string without an end, an encoding in which bytes are not characters, a token inside an escape sequence
//! or joined to code.

use std::fmt;

use crate::encoding;
use crate::error::{RenderError, TemplateError};
use crate::lexer::{PieceKind, Span, lex};
use crate::limits::MAX_TEMPLATE_BYTES;
use crate::mapping::Mapping;
use crate::parsed::{ParsedTemplate, SourceText};
use crate::position::Position;
use crate::render::{self, Rendered};
use crate::token_context;
use crate::token_scan;
use crate::token_use::{TokenUse, UnknownToken};
use crate::unicode_literals::{PlainLiterals, plain_literals};
use crate::values::TokenValues;

/// One piece of a template: code, a comment or a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// Its kind.
    pub kind: PieceKind,
    /// Its bytes, quotes and prefix included.
    pub text: &'a [u8],
    /// The position of its start.
    pub position: Position,
}

/// A template whose tokens are known. Cheap to render many times.
#[derive(Clone)]
pub struct Template {
    parsed: ParsedTemplate,
    unknown: Vec<UnknownToken>,
}

impl Template {
    /// Parses a template whose tokens are the twelve documented ones and secrets.
    ///
    /// `display_name` identifies it in errors; usually its file name.
    ///
    /// # Errors
    /// Every [`TemplateError`].
    pub fn parse(source: &[u8], display_name: &str) -> Result<Self, TemplateError> {
        Self::parse_with(source, display_name, &Mapping::default())
    }

    /// Parses a template whose tokens are those of `mapping`, and secrets.
    ///
    /// # Errors
    /// Every [`TemplateError`].
    pub fn parse_with(
        source: &[u8],
        display_name: &str,
        mapping: &Mapping,
    ) -> Result<Self, TemplateError> {
        let text = SourceText::new(display_name, source);
        check_bytes(&text)?;
        if !is_readable(&text, mapping)? {
            return Ok(Self::without_tokens(text));
        }
        let spans = split(&text)?;
        let plain = plain_literals(source, &spans);
        let (uses, unknown) = token_scan::scan(&text, &spans, plain, mapping);
        let mut parsed = ParsedTemplate {
            text,
            spans,
            plain,
            uses,
        };
        token_context::check(&mut parsed)?;
        Ok(Self { parsed, unknown })
    }

    /// Makes a template that is one piece of code.
    fn without_tokens(text: SourceText) -> Self {
        let whole = Span {
            kind: PieceKind::Code,
            range: 0..text.bytes.len(),
        };
        Self {
            parsed: ParsedTemplate {
                spans: Vec::from([whole]),
                text,
                plain: PlainLiterals::Bytes,
                uses: Vec::new(),
            },
            unknown: Vec::new(),
        }
    }

    /// Renders the script for one event.
    ///
    /// # Errors
    /// The first token, in the template's order, that has no value or whose value cannot be exact in its context; or
    /// a script over [`MAX_SCRIPT_BYTES`](crate::MAX_SCRIPT_BYTES).
    pub fn render(&self, values: &TokenValues) -> Result<Rendered, RenderError> {
        render::render(&self.parsed, values)
    }

    /// Returns the name that identifies this template in errors.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.parsed.text.name
    }

    /// Returns the template's bytes.
    #[must_use]
    pub fn source(&self) -> &[u8] {
        &self.parsed.text.bytes
    }

    /// Iterates over every use of every token, in order.
    pub fn tokens(&self) -> impl Iterator<Item = &TokenUse> {
        self.parsed.uses.iter().map(|each| &each.token)
    }

    /// Iterates over text that looks like a token without being one, in order: a capitalised name, or one close to a
    /// token's. Text such as `@page {` and e-mail addresses does not.
    pub fn unknown_tokens(&self) -> impl Iterator<Item = &UnknownToken> {
        self.unknown.iter()
    }

    /// Iterates over the template's pieces, in order and without gaps. There is one piece of code where the declared
    /// encoding is not one whose bytes can be read as characters.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        let text = &self.parsed.text;
        self.parsed.spans.iter().map(|span| Piece {
            kind: span.kind,
            text: &text.bytes[span.range.clone()],
            position: text.position(span.range.start),
        })
    }
}

/// Does not show the source: scripts hold credentials.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("name", &self.parsed.text.name)
            .field("bytes", &self.parsed.text.bytes.len())
            .field("tokens", &self.parsed.uses.len())
            .finish_non_exhaustive()
    }
}

fn check_bytes(text: &SourceText) -> Result<(), TemplateError> {
    if text.bytes.len() > MAX_TEMPLATE_BYTES {
        return Err(TemplateError::TooLarge {
            template: text.name.clone(),
            bytes: text.bytes.len(),
        });
    }
    match text.bytes.iter().position(|byte| *byte == 0) {
        Some(at) => Err(TemplateError::Nul {
            template: text.name.clone(),
            position: text.position(at),
        }),
        None => Ok(()),
    }
}

/// Checks whether the declared encoding lets bytes be read as characters; fails where it does not and there are tokens.
fn is_readable(text: &SourceText, mapping: &Mapping) -> Result<bool, TemplateError> {
    let Some(encoding) = encoding::declared(&text.bytes, &text.lines) else {
        return Ok(true);
    };
    if encoding::is_ascii_transparent(encoding) {
        return Ok(true);
    }
    match token_scan::first_token(text, mapping) {
        Some((range, token)) => Err(TemplateError::Encoding {
            site: text.site_at(range.start, token),
            encoding: String::from_utf8_lossy(encoding).into_owned(),
        }),
        None => Ok(false),
    }
}

fn split(text: &SourceText) -> Result<Vec<Span>, TemplateError> {
    lex(&text.bytes).map_err(|fault| {
        let quote = char::from(fault.quote.character());
        TemplateError::UnterminatedString {
            template: text.name.clone(),
            position: text.position(fault.start),
            quote: quote.to_string().repeat(fault.quote.count()),
        }
    })
}
