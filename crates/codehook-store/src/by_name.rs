//! Enums that the database keeps as text, by the names that they have in the API.

use std::error::Error;
use std::str::FromStr;

use rusqlite::Result;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSql, ToSqlOutput, ValueRef};

/// A value that is stored by its name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ByName<T>(pub(crate) T);

impl<T: Copy + Into<&'static str>> ToSql for ByName<T> {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        let name: &'static str = self.0.into();
        Ok(name.into())
    }
}

impl<T: FromStr<Err: Error + Send + Sync + 'static>> FromSql for ByName<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let name = value.as_str()?;
        name.parse().map(Self).map_err(FromSqlError::other)
    }
}
