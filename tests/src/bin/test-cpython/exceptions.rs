//! The cases that do not pass in the sandbox, each under its reason: `tests/cpython/exceptions.txt`.

use std::collections::BTreeMap;

/// A listed case.
#[derive(Debug, Clone)]
pub(crate) struct Exception {
    /// The heading it stands under.
    pub(crate) reason: String,
    /// It passes now and then, and is an error in neither case.
    pub(crate) sometimes: bool,
}

/// All of them, by the name that [`crate::compare`] gives a case.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    pub(crate) by_name: BTreeMap<String, Exception>,
}

/// Why the list cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error("line {0}: a case must stand under a reason, a line that begins with `=`")]
    NoReason(usize),
    #[error("line {0}: `{1}` is listed already")]
    Twice(usize, String),
}

impl Exceptions {
    /// Lines: `# remark`, `= reason`, a case's name, `? name` of a case that passes sometimes.
    pub(crate) fn parse(text: &str) -> Result<Self, ListError> {
        let mut list = Self::default();
        let mut reason = None;
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_end();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            if let Some(text) = line.strip_prefix("= ") {
                reason = Some(text.to_owned());
                continue;
            }
            let reason = reason.clone().ok_or(ListError::NoReason(number + 1))?;
            let (name, sometimes) = match line.strip_prefix("? ") {
                Some(name) => (name, true),
                None => (line, false),
            };
            let exception = Exception { reason, sometimes };
            if list.by_name.insert(name.to_owned(), exception).is_some() {
                return Err(ListError::Twice(number + 1, name.to_owned()));
            }
        }
        Ok(list)
    }
}
