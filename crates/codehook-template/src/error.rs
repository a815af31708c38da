//! Errors of parsing and of rendering a template. No message quotes a value.

use crate::limits::{MAX_SCRIPT_BYTES, MAX_TEMPLATE_BYTES};
use crate::position::Position;
use crate::token_use::Site;
use crate::values::ValueProblem;

/// Reasons why a template cannot be used, whatever the event.
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
    /// A NUL byte: Python 2.7 ignores the rest of such a line when it reads a file, and refuses it elsewhere.
    #[error(
        "{template}:{position}: the template holds a NUL byte; save it as UTF-8 text without one"
    )]
    Nul {
        /// The template's display name.
        template: String,
        /// Its position.
        position: Position,
    },
    /// What Python calls "EOL while scanning string literal", or EOF for a triple-quoted one.
    #[error(
        "{template}:{position}: the string that starts here does not end; close it with {quote}"
    )]
    UnterminatedString {
        /// The template's display name.
        template: String,
        /// Position of the string's start.
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
    /// A token in code that is joined to a name, a number, a quote or another token.
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

/// Reasons why a template was not rendered with these values.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// A token that the template uses has no value.
    #[error("{site} has no value: {problem}")]
    NoValue {
        /// The token.
        site: Box<Site>,
        /// Why, with the next step.
        problem: ValueProblem,
    },
    /// A value that cannot be exact in the context of its token.
    #[error("{site}: {refusal}")]
    Refused {
        /// The token.
        site: Box<Site>,
        /// Why, with the next step.
        refusal: Refusal,
    },
    /// Over [`MAX_SCRIPT_BYTES`].
    #[error(
        "{template}: the script would be over {MAX_SCRIPT_BYTES} bytes; use long values fewer times"
    )]
    TooLarge {
        /// The template's display name.
        template: String,
    },
    /// The script would not split into the template's pieces. No input is known to cause this: it is the last check,
    /// so that a defect of this crate causes a refusal and not an injection.
    #[error(
        "{template}: the values would change how the script reads; put every token in an ordinary quoted string"
    )]
    Diverged {
        /// The template's display name.
        template: String,
    },
}

impl RenderError {
    /// Returns the token that rendering failed at, if it was one.
    #[must_use]
    pub fn site(&self) -> Option<&Site> {
        match self {
            Self::NoValue { site, .. } | Self::Refused { site, .. } => Some(site),
            Self::TooLarge { .. } | Self::Diverged { .. } => None,
        }
    }
}

/// Reasons why a value cannot be exact in its context. Displays with the user's next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// In a raw literal: not printable ASCII.
    #[error(
        "the value holds a control or non-ASCII character, which a raw string cannot carry exactly; \
         put it in an ordinary quoted string, without the r prefix"
    )]
    RawCharacter,
    /// In a raw literal: quotes or backslashes would move its end.
    #[error(
        "the value is empty or has quotes or backslashes that would change where the raw string ends; \
         put it in an ordinary quoted string, without the r prefix"
    )]
    RawEnd,
    /// In a raw unicode literal: a `\u` sequence would appear or disappear.
    #[error(
        "the value's backslash or first letter would change a \\u sequence of the raw unicode string; \
         put it in an ordinary quoted string, without the r prefix"
    )]
    RawUnicodeEscape,
    /// In a `str` literal next to a `unicode` one: not ASCII.
    #[error(
        "the value is not ASCII, and Python would decode this string as ASCII to join it to the unicode \
         string beside it; write both with the u prefix"
    )]
    JoinedToUnicode,
    /// In code: not a decimal number.
    #[error(
        "only a plain number can be written outside quotes, and the value is not one; \
         put it in a quoted string: '@Name@', or int('@Name@')"
    )]
    NotANumber,
    /// In code: a negative number after an operand from which it could be subtracted, or which could be called with it.
    #[error(
        "a negative number cannot be written safely at this point in the code; \
         put it in a quoted string: int('@Name@') or float('@Name@')"
    )]
    NegativeNumber,
    /// In a comment on one of the first two lines.
    #[error("the value would declare the script's encoding; move the comment below line 2")]
    CodingLine,
}
