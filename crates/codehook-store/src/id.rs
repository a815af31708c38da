//! Identifiers: ULIDs, whose order as text is the order in which they were made.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use ulid::{Generator, Ulid};

use crate::error::StoreError;
use crate::time::Millis;

/// The identifier of an event, a run, a hook, a source or a key. 26 characters as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id(Ulid);

impl Id {
    /// Makes an identifier that is greater than all that this method has made in this process.
    #[must_use]
    pub fn new() -> Self {
        static GENERATOR: IdGenerator = IdGenerator::new();
        GENERATOR.next(Millis::now())
    }

    /// Makes an identifier of 128 random bits from the system's generator, for an address that is a secret.
    ///
    /// # Errors
    ///
    /// When the system's generator fails.
    pub fn random() -> Result<Self, StoreError> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(StoreError::Random)?;
        Ok(Self(Ulid::from_bytes(bytes)))
    }

    /// Returns the smallest identifier of that time: none that is made then or later is smaller.
    pub(crate) fn first_at(at: Millis) -> Self {
        Self(Ulid::from_parts(u64::try_from(at.0).unwrap_or(0), 0))
    }

    /// Returns its 128 bits.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_bytes()
    }
}

/// Makes identifiers in ascending order, even where the clock goes back.
pub(crate) struct IdGenerator(Mutex<Generator>);

impl IdGenerator {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Generator::new()))
    }

    /// Makes an identifier for the time `now`.
    pub(crate) fn next(&self, now: Millis) -> Id {
        let mut generator = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The random part overflows once in 2^80: a fresh one is no worse.
        Id(generator
            .generate_from_datetime(now.into())
            .unwrap_or_else(|_| Ulid::generate()))
    }
}

impl Default for Id {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Id {
    type Err = ulid::DecodeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ulid::from_string(text).map(Self)
    }
}

impl rusqlite::ToSql for Id {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        Ok(self.0.to_string().into())
    }
}

impl rusqlite::types::FromSql for Id {
    fn column_result(value: rusqlite::types::ValueRef<'_>) -> rusqlite::types::FromSqlResult<Self> {
        let text = value.as_str()?;
        text.parse().map_err(rusqlite::types::FromSqlError::other)
    }
}
