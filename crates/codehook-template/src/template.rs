//! A script template, read once: its pieces, its tokens, and what is wrong with it whatever the event.
//!
//! Owns where tokens are and in what place each stands. Refuses a template in which a token's value could never be
//! exact: a string without an end, an encoding in which bytes are not characters, a token inside an escape sequence or
//! grown together with code. Values are `render`'s concern.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::encoding;
use crate::future::{PlainLiterals, plain_literals};
use crate::lexer::{Backslash, PieceKind, Span, lex};
use crate::literal::{Ending, TextType};
use crate::mapping::Mapping;
use crate::position::{LineIndex, Position};
use crate::suggest::Speller;
use crate::token::{TokenName, candidate};

/// The largest template in bytes.
pub const MAX_TEMPLATE_BYTES: usize = 1024 * 1024;

/// A token in a template, for messages. Displays as `hook.py:12:8: token @UserName@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The template's display name.
    pub template: String,
    /// Where its first at sign stands.
    pub position: Position,
    /// The token.
    pub token: TokenName,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            template,
            position,
            token,
        } = self;
        write!(f, "{template}:{position}: token @{token}@")
    }
}

/// Why a template cannot be used, whatever the event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// Over [`MAX_TEMPLATE_BYTES`].
    #[error(
        "{template}: the template has {bytes} bytes, over the limit of {MAX_TEMPLATE_BYTES}; shorten it"
    )]
    TooLarge {
        /// The template's display name.
        template: String,
        /// Its size.
        bytes: usize,
    },
    /// Python 2.7 ignores the rest of such a line when it reads a file and refuses it elsewhere.
    #[error(
        "{template}:{position}: the template holds a NUL byte; save it as UTF-8 text without one"
    )]
    Nul {
        /// The template's display name.
        template: String,
        /// Where it stands.
        position: Position,
    },
    /// What Python calls "EOL while scanning string literal", or EOF for a triple-quoted one.
    #[error(
        "{template}:{position}: the string that starts here does not end; close it with {quote}"
    )]
    UnterminatedString {
        /// The template's display name.
        template: String,
        /// Where the string starts.
        position: Position,
        /// The quote that would end it.
        quote: String,
    },
    /// A declared encoding in which an ASCII byte may be something else, or that is unknown.
    #[error(
        "{site} cannot be substituted in a template that declares the encoding {encoding:?}; \
         save the template as UTF-8 and declare that"
    )]
    Encoding {
        /// The first token.
        site: Site,
        /// The encoding as declared.
        encoding: String,
    },
    /// A token that an escape sequence needs as its own text, as in `'\x@UserId@'`.
    #[error("{site} stands inside an escape sequence; write the backslash before it as \\\\")]
    InsideEscape {
        /// The token.
        site: Site,
    },
    /// A token that an encoding declaration on line 1 or 2 would take for its name, as in `# coding: @UserName@`.
    #[error(
        "{site} would become part of the script's encoding declaration; write the encoding's name out"
    )]
    CodingLine {
        /// The token.
        site: Site,
    },
    /// A token in code that grows together with a name, a number, a quote or another token.
    #[error(
        "{site} touches a name, a number or a quote in the code; put it in a quoted string of its own"
    )]
    JoinedToCode {
        /// The token.
        site: Site,
    },
}

impl TemplateError {
    /// Returns the token at fault, where it is one.
    #[must_use]
    pub fn site(&self) -> Option<&Site> {
        match self {
            Self::Encoding { site, .. }
            | Self::InsideEscape { site }
            | Self::CodingLine { site }
            | Self::JoinedToCode { site } => Some(site),
            Self::TooLarge { .. } | Self::Nul { .. } | Self::UnterminatedString { .. } => None,
        }
    }

    /// Returns the position of the fault; none where it is the whole template's.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Nul { position, .. } | Self::UnterminatedString { position, .. } => {
                Some(*position)
            }
            _ => self.site().map(|site| site.position),
        }
    }
}

/// What a token stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// An ordinary `str` literal.
    ByteString,
    /// An ordinary `unicode` literal.
    UnicodeString,
    /// A raw `str` literal.
    RawByteString,
    /// A raw `unicode` literal.
    RawUnicodeString,
    /// A comment.
    Comment,
    /// Code, where only a number can stand.
    Code,
}

/// One use of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenUse {
    /// The token.
    pub name: TokenName,
    /// Where its first at sign stands.
    #[serde(flatten)]
    pub position: Position,
    /// What it stands in.
    pub place: Place,
}

/// Text that looks like a token, is none, and therefore stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownToken {
    /// The text between the at signs.
    pub name: String,
    /// Where its first at sign stands.
    #[serde(flatten)]
    pub position: Position,
    /// The token that was probably meant.
    pub suggestion: Option<String>,
}

/// One piece of a template: code, a comment or a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Piece<'a> {
    /// What it is.
    pub kind: PieceKind,
    /// Its bytes, quotes and prefix included.
    pub text: &'a [u8],
    /// Where it starts.
    pub position: Position,
}

/// A template whose tokens are known. Cheap to render many times.
#[derive(Clone)]
pub struct Template {
    pub(crate) name: String,
    pub(crate) source: Vec<u8>,
    pub(crate) lines: LineIndex,
    pub(crate) spans: Vec<Span>,
    pub(crate) plain: PlainLiterals,
    pub(crate) uses: Vec<Use>,
    unknown: Vec<UnknownToken>,
}

/// A token's use with what rendering needs to know of it.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) token: TokenUse,
    pub(crate) range: Range<usize>,
    /// How the literal's text right before it ends; clean outside non-raw literals.
    pub(crate) before: Ending,
    /// In a `str` literal that is joined to a `unicode` one: Python decodes it as ASCII.
    pub(crate) charset: Charset,
}

/// What a value may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Any,
    Ascii,
}

impl Template {
    /// Reads a template whose tokens are the twelve documented ones and secrets.
    ///
    /// `display_name` is how errors name it, usually its file name.
    ///
    /// # Errors
    /// Every [`TemplateError`].
    pub fn parse(source: &[u8], display_name: &str) -> Result<Self, TemplateError> {
        Self::parse_with(source, display_name, &Mapping::default())
    }

    /// Reads a template whose tokens are those of `mapping`, and secrets.
    ///
    /// # Errors
    /// Every [`TemplateError`].
    pub fn parse_with(
        source: &[u8],
        display_name: &str,
        mapping: &Mapping,
    ) -> Result<Self, TemplateError> {
        let mut template = Self {
            name: display_name.to_owned(),
            source: source.to_vec(),
            lines: LineIndex::new(source),
            spans: Vec::new(),
            plain: PlainLiterals::Bytes,
            uses: Vec::new(),
            unknown: Vec::new(),
        };
        template.check_bytes()?;
        if template.is_readable(mapping)? {
            template.spans = template.lex()?;
            template.plain = plain_literals(source, &template.spans);
            template.find_tokens(mapping)?;
        } else {
            let whole = 0..source.len();
            crate::lexer::push_span(&mut template.spans, PieceKind::Code, whole);
        }
        Ok(template)
    }

    /// How errors name this template.
    #[must_use]
    pub fn display_name(&self) -> &str {
        &self.name
    }

    /// The template's bytes.
    #[must_use]
    pub fn source(&self) -> &[u8] {
        &self.source
    }

    /// Every use of every token, in order.
    pub fn tokens(&self) -> impl Iterator<Item = &TokenUse> {
        self.uses.iter().map(|each| &each.token)
    }

    /// What looks like a token and is none, in order: a capitalised name, or one close to a token's. Text such as
    /// `@page {` and e-mail addresses does not.
    pub fn unknown_tokens(&self) -> impl Iterator<Item = &UnknownToken> {
        self.unknown.iter()
    }

    /// The template's pieces, in order and without gaps. One piece of code where the declared encoding is not one whose
    /// bytes can be read as characters.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.spans.iter().map(|span| Piece {
            kind: span.kind,
            text: &self.source[span.range.clone()],
            position: self.position(span.range.start),
        })
    }

    fn position(&self, offset: usize) -> Position {
        self.lines.position(&self.source, offset)
    }

    pub(crate) fn site(&self, token: &TokenUse) -> Site {
        Site {
            template: self.name.clone(),
            position: token.position,
            token: token.name.clone(),
        }
    }

    fn check_bytes(&self) -> Result<(), TemplateError> {
        let template = || self.name.clone();
        if self.source.len() > MAX_TEMPLATE_BYTES {
            return Err(TemplateError::TooLarge {
                template: template(),
                bytes: self.source.len(),
            });
        }
        match self.source.iter().position(|byte| *byte == 0) {
            Some(at) => Err(TemplateError::Nul {
                template: template(),
                position: self.position(at),
            }),
            None => Ok(()),
        }
    }

    /// Whether the declared encoding lets bytes be read as characters; an error where it does not and there are tokens.
    fn is_readable(&self, mapping: &Mapping) -> Result<bool, TemplateError> {
        let Some(encoding) = encoding::declared(&self.source, &self.lines) else {
            return Ok(true);
        };
        if encoding::is_ascii_transparent(encoding) {
            return Ok(true);
        }
        let first = Candidates::new(&self.source, 0..self.source.len())
            .find_map(|(range, text)| Some((range, mapping.token(text)?)));
        match first {
            Some((range, token)) => Err(TemplateError::Encoding {
                site: Site {
                    template: self.name.clone(),
                    position: self.position(range.start),
                    token,
                },
                encoding: String::from_utf8_lossy(encoding).into_owned(),
            }),
            None => Ok(false),
        }
    }

    fn lex(&self) -> Result<Vec<Span>, TemplateError> {
        lex(&self.source).map_err(|fault| {
            let quote = char::from(fault.quote.character());
            TemplateError::UnterminatedString {
                template: self.name.clone(),
                position: self.position(fault.start),
                quote: quote.to_string().repeat(fault.quote.count()),
            }
        })
    }

    fn find_tokens(&mut self, mapping: &Mapping) -> Result<(), TemplateError> {
        let spans = std::mem::take(&mut self.spans);
        let speller = Speller::new(mapping);
        for span in &spans {
            let first = self.uses.len();
            let mut candidates = Candidates::new(&self.source, span.range.clone());
            while let Some((range, text)) = candidates.next() {
                let position = self.lines.position(&self.source, range.start);
                if let Some(name) = mapping.token(text) {
                    candidates.skip_to(range.end);
                    let token = TokenUse {
                        name,
                        position,
                        place: self.place(span.kind),
                    };
                    self.uses.push(Use {
                        token,
                        range,
                        before: Ending::Clean,
                        charset: Charset::Any,
                    });
                } else if let Some(unknown) = self.unknown(&range, text, position, &speller) {
                    self.unknown.push(unknown);
                }
            }
            self.check_surroundings(span, first)?;
        }
        self.spans = spans;
        self.mark_joined_literals();
        Ok(())
    }

    fn place(&self, kind: PieceKind) -> Place {
        match kind {
            PieceKind::Code => Place::Code,
            PieceKind::Comment => Place::Comment,
            PieceKind::Literal(literal) => {
                match (literal.backslash, TextType::of(literal, self.plain)) {
                    (Backslash::Escapes, TextType::Bytes) => Place::ByteString,
                    (Backslash::Escapes, TextType::Unicode) => Place::UnicodeString,
                    (Backslash::Raw, TextType::Bytes) => Place::RawByteString,
                    (Backslash::Raw, TextType::Unicode) => Place::RawUnicodeString,
                }
            }
        }
    }

    fn unknown(
        &self,
        range: &Range<usize>,
        text: &str,
        position: Position,
        speller: &Speller,
    ) -> Option<UnknownToken> {
        let suggestion = speller.near_miss(text);
        let address = range.start.checked_sub(1).is_some_and(|before| {
            self.source[before].is_ascii_alphanumeric() || b"._%+-".contains(&self.source[before])
        });
        let capitalised = text.starts_with(|first: char| first.is_ascii_uppercase());
        (suggestion.is_some() || (capitalised && !address && !text.contains('.'))).then(|| {
            UnknownToken {
                name: text.to_owned(),
                position,
                suggestion,
            }
        })
    }
}

/// Not the source: scripts hold credentials.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template")
            .field("name", &self.name)
            .field("bytes", &self.source.len())
            .field("tokens", &self.uses.len())
            .finish_non_exhaustive()
    }
}

/// Everything in a range that is written like a token, overlapping ones included unless skipped.
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
