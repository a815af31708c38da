//! The values of one event's tokens, ready to be rendered.
//!
//! A token that the event gives no usable value for is kept here with the reason, and only becomes an error when a
//! template uses it. Secrets are held apart, and nothing here prints a value.

use std::collections::BTreeMap;
use std::fmt;

use crate::token::TokenName;

/// Reasons why a token has no value. Displays as the end of a sentence, with the user's next step.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueProblem {
    /// The event has no such field, and the mapping has no default.
    #[error("the event has no {path}; send that field, or give the token a default in the mapping")]
    Missing {
        /// The field's name or the path that was looked up.
        path: String,
    },
    /// The field is there, and null.
    #[error(
        "the event has null at {path}; send a value, or give the token a default in the mapping"
    )]
    Null {
        /// The field's name or the path.
        path: String,
    },
    /// A path that matches several nodes.
    #[error("{path} matches {count} values of the event; write a path that matches one")]
    Several {
        /// The path.
        path: String,
        /// How many it matches.
        count: usize,
    },
    /// An array or an object where one text is needed.
    #[error("the event has {found} at {path}; map the token to one of the values inside it")]
    NotScalar {
        /// The field's name or the path.
        path: String,
        /// The kind of value, with its article.
        found: &'static str,
    },
    /// Several top-level fields that differ from the token's name, and from each other, in case only.
    #[error("the event has several fields that could be meant ({}); map the token to one of them", fields.join(", "))]
    Ambiguous {
        /// Their names.
        fields: Vec<String>,
    },
    /// No host name was configured.
    #[error("no host name was configured; configure one, or map the token in the mapping")]
    NoHostname,
    /// No secret of that name was given.
    #[error(
        "no secret of that name was given; add it to the hook's secrets, or take the token out"
    )]
    NoSecret,
    /// The values were made without this token, for instance from another mapping than the template's.
    #[error(
        "it was given none; resolve the event with the mapping that the template was parsed with"
    )]
    NotGiven,
}

/// Token values by name, secrets among them.
///
/// [`crate::Mapping::resolve`] makes them from an event; [`TokenValues::insert`] adds secrets, or builds them by hand.
#[derive(Clone, Default)]
pub struct TokenValues {
    values: BTreeMap<TokenName, Result<String, ValueProblem>>,
    secrets: BTreeMap<TokenName, String>,
}

impl TokenValues {
    /// Makes an empty set of values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets one value, a secret where the name is a secret's. An earlier one of that name is replaced.
    pub fn insert(&mut self, name: TokenName, value: impl Into<String>) {
        if name.is_secret() {
            self.secrets.insert(name, value.into());
        } else {
            self.values.insert(name, Ok(value.into()));
        }
    }

    pub(crate) fn insert_result(&mut self, name: TokenName, value: Result<String, ValueProblem>) {
        self.values.insert(name, value);
    }

    /// Returns the value of `name`.
    ///
    /// # Errors
    /// The reason why there is none.
    pub fn get(&self, name: &TokenName) -> Result<&str, ValueProblem> {
        if name.is_secret() {
            let secret = self.secrets.get(name).ok_or(ValueProblem::NoSecret)?;
            return Ok(secret);
        }
        match self.values.get(name) {
            Some(Ok(value)) => Ok(value),
            Some(Err(problem)) => Err(problem.clone()),
            None => Err(ValueProblem::NotGiven),
        }
    }

    /// Iterates over the names that have an entry, with a value or with a reason for having none, secrets included.
    pub fn names(&self) -> impl Iterator<Item = &TokenName> {
        self.values.keys().chain(self.secrets.keys())
    }
}

/// Shows names only: values are personal data or secrets, and neither belongs in a log.
impl fmt::Debug for TokenValues {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenValues")?;
        f.debug_set()
            .entries(self.names().map(ToString::to_string))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_no_value() {
        let mut values = TokenValues::new();
        values.insert("secret.KEY".parse().unwrap(), "hunter2");
        values.insert("UserId".parse().unwrap(), "alice");
        let shown = format!("{values:?} {values:#?}");
        assert!(shown.contains("secret.KEY") && shown.contains("UserId"));
        assert!(!shown.contains("hunter2") && !shown.contains("alice"));
    }

    #[test]
    fn what_is_absent_says_why() {
        let values = TokenValues::new();
        let problem = |name: &str| values.get(&name.parse().unwrap()).unwrap_err();
        assert_eq!(problem("secret.KEY"), ValueProblem::NoSecret);
        assert_eq!(problem("UserId"), ValueProblem::NotGiven);
    }
}
