//! The uses of tokens in a template: where each is, and its context there.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::literal::Ending;
use crate::position::Position;
use crate::token::TokenName;

/// A token in a template, for messages. Displays as `hook.py:12:8: token @UserName@`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Site {
    /// The template's display name.
    pub template: String,
    /// The position of its first at sign.
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

/// The syntactic context of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenContext {
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
    /// Code, where only a number is allowed.
    Code,
}

/// One use of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenUse {
    /// The token.
    pub name: TokenName,
    /// The position of its first at sign.
    #[serde(flatten)]
    pub position: Position,
    /// Its context.
    #[serde(rename = "place")]
    pub context: TokenContext,
}

/// Text that looks like a token without being one, and therefore stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownToken {
    /// The text between the at signs.
    pub name: String,
    /// The position of its first at sign.
    #[serde(flatten)]
    pub position: Position,
    /// The token that was probably meant.
    pub suggestion: Option<String>,
}

/// One use of a token with the facts that rendering needs.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) token: TokenUse,
    pub(crate) range: Range<usize>,
    /// The state in which the literal's text right before it ends; clean outside non-raw literals.
    pub(crate) before: Ending,
    /// ASCII in a `str` literal that is joined to a `unicode` one: Python decodes it as ASCII.
    pub(crate) charset: Charset,
}

/// The characters that a value may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Any,
    Ascii,
}
