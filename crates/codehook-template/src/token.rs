//! The names of tokens: the twelve documented ones, those a mapping adds, and secrets.
//!
//! Names are case-sensitive. Whether a name *is* a token in a given template is decided by the mapping
//! ([`crate::Mapping::token`]); this module knows only how names are written.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The prefix of a secret's token: `@secret.API_KEY@`.
const SECRET_PREFIX: &str = "secret.";

/// One of the twelve tokens that every script template may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(
    missing_docs,
    reason = "each name is the documented token's own name; all but Hostname are fields of the event"
)]
pub enum EventToken {
    EventId,
    UserId,
    UserName,
    UserEmail,
    DisplayName,
    StartDate,
    EndDate,
    RiskScore,
    Interval,
    Severity,
    Threshold,
    /// The instance that the event came from; configuration gives it, not the event.
    Hostname,
}

impl EventToken {
    /// All twelve, in the order in which the product documents them.
    pub const ALL: [Self; 12] = [
        Self::EventId,
        Self::UserId,
        Self::UserName,
        Self::UserEmail,
        Self::DisplayName,
        Self::StartDate,
        Self::EndDate,
        Self::RiskScore,
        Self::Interval,
        Self::Severity,
        Self::Threshold,
        Self::Hostname,
    ];

    /// Returns the name as it is written between the at signs.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::EventId => "EventId",
            Self::UserId => "UserId",
            Self::UserName => "UserName",
            Self::UserEmail => "UserEmail",
            Self::DisplayName => "DisplayName",
            Self::StartDate => "StartDate",
            Self::EndDate => "EndDate",
            Self::RiskScore => "RiskScore",
            Self::Interval => "Interval",
            Self::Severity => "Severity",
            Self::Threshold => "Threshold",
            Self::Hostname => "Hostname",
        }
    }
}

/// A token's name. Displays as it is written between the at signs: `UserId`, `Extra`, `secret.API_KEY`.
///
/// Parse one with [`str::parse`]; the parser takes any well-formed name, so `"Anything".parse()` is a custom token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TokenName {
    /// One of the twelve.
    Event(EventToken),
    /// A name that a mapping adds.
    Custom(String),
    /// A secret: the part after `secret.`.
    Secret(String),
}

impl TokenName {
    /// Checks whether the value of this name must stay out of logs, reports and error messages.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        matches!(self, Self::Secret(_))
    }
}

impl From<EventToken> for TokenName {
    fn from(token: EventToken) -> Self {
        Self::Event(token)
    }
}

impl fmt::Display for TokenName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Event(token) => f.write_str(token.name()),
            Self::Custom(name) => f.write_str(name),
            Self::Secret(name) => write!(f, "{SECRET_PREFIX}{name}"),
        }
    }
}

impl Serialize for TokenName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A text that cannot be a token's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name:?} cannot name a token; use letters, digits and underscores, not starting with a digit \
     (for a secret: secret.NAME)"
)]
pub struct TokenNameError {
    /// The text as given.
    pub name: String,
}

impl FromStr for TokenName {
    type Err = TokenNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(token) = EventToken::ALL
            .into_iter()
            .find(|token| token.name() == text)
        {
            return Ok(Self::Event(token));
        }
        match text.strip_prefix(SECRET_PREFIX) {
            Some(name) if is_identifier(name.as_bytes()) => Ok(Self::Secret(name.to_owned())),
            None if is_identifier(text.as_bytes()) => Ok(Self::Custom(text.to_owned())),
            _ => Err(TokenNameError {
                name: text.to_owned(),
            }),
        }
    }
}

fn is_identifier(text: &[u8]) -> bool {
    !text.is_empty() && identifier_len(text) == text.len()
}

fn identifier_len(text: &[u8]) -> usize {
    if text.first().is_none_or(u8::is_ascii_digit) {
        return 0;
    }
    text.iter()
        .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_')
        .count()
}

/// Returns the text between the at signs when `text` starts with something written like a token: `@Name@` or `@a.b@`.
pub(crate) fn candidate(text: &[u8]) -> Option<&str> {
    let rest = text.strip_prefix(b"@")?;
    let mut len = identifier_len(rest);
    if len > 0 && rest.get(len) == Some(&b'.') {
        match identifier_len(&rest[len + 1..]) {
            0 => return None,
            second => len += 1 + second,
        }
    }
    let closed = len > 0 && rest.get(len) == Some(&b'@');
    std::str::from_utf8(&rest[..len]).ok().filter(|_| closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_parse_and_display_alike() {
        for text in ["UserId", "Extra_1", "_x", "secret.API_KEY"] {
            assert_eq!(text.parse::<TokenName>().unwrap().to_string(), text);
        }
        for token in EventToken::ALL {
            assert_eq!(
                token.name().parse::<TokenName>().unwrap(),
                TokenName::Event(token)
            );
        }
    }

    #[test]
    fn case_matters_and_malformed_names_are_refused() {
        assert_eq!("userid".parse(), Ok(TokenName::Custom("userid".to_owned())));
        for text in ["", "1a", "a-b", "secret.", "secret.1", "a.b", "é"] {
            assert!(text.parse::<TokenName>().is_err(), "{text}");
        }
    }

    #[test]
    fn only_the_at_sign_form_is_a_candidate() {
        assert_eq!(candidate(b"@UserId@ x"), Some("UserId"));
        assert_eq!(candidate(b"@secret.K@"), Some("secret.K"));
        for text in ["@page {", "@@", "@a b@", "@a@b"[2..].as_ref(), "@secret.@"] {
            assert_eq!(candidate(text.as_bytes()), None, "{text}");
        }
    }
}
