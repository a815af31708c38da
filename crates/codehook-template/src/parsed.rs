//! A parsed template: its text, its pieces, and its tokens with what rendering needs to know of each.

use crate::lexer::Span;
use crate::position::{LineIndex, Position};
use crate::token::TokenName;
use crate::token_use::{Site, TokenUse, Use};
use crate::unicode_literals::PlainLiterals;

/// A template's bytes, with its name and its lines for messages.
#[derive(Clone)]
pub(crate) struct SourceText {
    /// The display name.
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) lines: LineIndex,
}

impl SourceText {
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        Self {
            name: name.to_owned(),
            bytes: bytes.to_vec(),
            lines: LineIndex::new(bytes),
        }
    }

    pub(crate) fn position(&self, offset: usize) -> Position {
        self.lines.position(&self.bytes, offset)
    }

    /// Returns the site of a token that starts at `offset`.
    pub(crate) fn site_at(&self, offset: usize, token: TokenName) -> Site {
        Site {
            template: self.name.clone(),
            position: self.position(offset),
            token,
        }
    }

    pub(crate) fn site(&self, token: &TokenUse) -> Site {
        Site {
            template: self.name.clone(),
            position: token.position,
            token: token.name.clone(),
        }
    }
}

/// A template split into pieces, with its tokens found.
#[derive(Clone)]
pub(crate) struct ParsedTemplate {
    pub(crate) text: SourceText,
    /// The pieces, in order and without gaps.
    pub(crate) spans: Vec<Span>,
    pub(crate) plain: PlainLiterals,
    /// The uses of tokens, in order.
    pub(crate) uses: Vec<Use>,
}
