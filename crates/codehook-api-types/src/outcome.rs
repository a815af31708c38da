//! How a script, and how an attempt of a run, ended.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::names::{UnknownName, named_enum, unknown};

named_enum! {
    /// How a script ended.
    pub enum Outcome {
        /// The script ended with exit code 0.
        Succeeded,
        /// The script raised, or ended with another exit code.
        Failed,
        /// The wall-clock limit passed; the script was stopped where it was.
        TimedOut,
        /// The script used up the fuel it was given; it was stopped where it was.
        OutOfFuel,
        /// The script needed more memory than it may have, and did not recover from the `MemoryError`.
        OutOfMemory,
        /// The interpreter itself trapped, as a native one would crash. The host is unharmed.
        Crashed,
    }
}

/// How an attempt of a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttemptOutcome {
    /// The script ran and ended.
    Ended(Outcome),
    /// There was no script to run: the input was refused.
    Rejected,
    /// The run was cancelled while the script ran.
    Cancelled,
    /// The service ended while the script ran.
    Interrupted,
}

impl AttemptOutcome {
    /// The outcomes of an attempt whose script did not end.
    const OTHERS: [Self; 3] = [Self::Rejected, Self::Cancelled, Self::Interrupted];

    /// Returns the name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ended(outcome) => outcome.as_str(),
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    /// Returns all outcomes.
    pub fn all() -> impl Iterator<Item = Self> {
        let ended = Outcome::ALL.iter().copied().map(Self::Ended);
        ended.chain(Self::OTHERS)
    }
}

impl From<Outcome> for AttemptOutcome {
    fn from(outcome: Outcome) -> Self {
        Self::Ended(outcome)
    }
}

impl From<AttemptOutcome> for &'static str {
    fn from(outcome: AttemptOutcome) -> Self {
        outcome.as_str()
    }
}

impl fmt::Display for AttemptOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AttemptOutcome {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, UnknownName> {
        Self::all()
            .find(|outcome| outcome.as_str() == text)
            .ok_or_else(|| unknown(text))
    }
}

impl Serialize for AttemptOutcome {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for AttemptOutcome {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "openapi")]
mod schema {
    use std::borrow::Cow;

    use utoipa::openapi::RefOr;
    use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
    use utoipa::{PartialSchema, ToSchema};

    use super::AttemptOutcome;

    impl PartialSchema for AttemptOutcome {
        fn schema() -> RefOr<Schema> {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some(
                    "How an attempt ended: as its script did, or `rejected` (there was no script to run), `cancelled`, \
                     or `interrupted` (the service itself ended).",
                ))
                .enum_values(Some(Self::all().map(Self::as_str)))
                .into()
        }
    }

    impl ToSchema for AttemptOutcome {
        fn name() -> Cow<'static, str> {
            Cow::Borrowed("AttemptOutcome")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempts_outcome_has_one_name_each() {
        let names: Vec<_> = AttemptOutcome::all().map(AttemptOutcome::as_str).collect();
        assert_eq!(
            names,
            [
                "succeeded",
                "failed",
                "timed_out",
                "out_of_fuel",
                "out_of_memory",
                "crashed",
                "rejected",
                "cancelled",
                "interrupted",
            ]
        );
        for outcome in AttemptOutcome::all() {
            assert_eq!(outcome.to_string().parse(), Ok(outcome));
            let json = serde_json::to_value(outcome).unwrap();
            assert_eq!(json, outcome.as_str());
            assert_eq!(
                serde_json::from_value::<AttemptOutcome>(json).unwrap(),
                outcome
            );
        }
        assert!(serde_json::from_value::<AttemptOutcome>("Failed".into()).is_err());
    }
}
