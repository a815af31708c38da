//! Parts of requests and responses that several handlers read and write.

use codehook_store::{Id, Millis};

use crate::problem::Problem;

/// The number of items on a page unless the request says another.
const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 500;
/// The longest name of a tenant, a hook or a source, in characters.
const MAX_NAME: usize = 63;

/// Reads which part of a list a query asks for.
pub(crate) fn page(
    cursor: Option<&str>,
    limit: Option<usize>,
) -> Result<(Option<Id>, usize), Problem> {
    let limit = limit.unwrap_or(DEFAULT_PAGE);
    if !(1..=MAX_PAGE).contains(&limit) {
        return Err(Problem::malformed(format!("`limit` is 1 to {MAX_PAGE}")));
    }
    let cursor = cursor.map(|text| {
        text.parse()
            .map_err(|_| Problem::malformed("`cursor` is `next` of the page before"))
    });
    Ok((cursor.transpose()?, limit))
}

/// Parses an identifier in a path; a text that is none is that of nothing that exists.
pub(crate) fn id(text: &str, what: &str) -> Result<Id, Problem> {
    text.parse().map_err(|_| Problem::not_found(what))
}

/// Checks a name that is to stand in URLs.
pub(crate) fn name(text: &str) -> Result<(), Problem> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if text.is_empty()
        || text.len() > MAX_NAME
        || !text.chars().all(plain)
        || text.starts_with(['-', '_'])
    {
        return Err(Problem::invalid(format!(
            "a name has 1 to {MAX_NAME} lower-case letters, digits, `-` and `_`, and starts with a letter or a digit"
        )));
    }
    Ok(())
}

/// Formats a time as RFC 3339, in UTC.
pub(crate) fn time(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .unwrap_or_default()
        .to_string()
}
