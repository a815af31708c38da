//! A module's results side by side.

use crate::cases::{Case, Cases, Outcome};
use crate::exceptions::Exceptions;

/// What one module gave natively and in the sandbox.
pub(crate) struct Compared {
    pub(crate) module: String,
    pub(crate) native: Cases,
    pub(crate) inside: Cases,
    /// Cases that pass natively and not in the sandbox, or the other way round where they are listed.
    pub(crate) differences: Vec<Difference>,
    /// Cases that pass natively and need no thread, process or socket.
    pub(crate) qualifying: usize,
    /// Of these, those that pass in the sandbox.
    pub(crate) passing: usize,
    /// Cases that pass natively and in the sandbox, whatever they need.
    pub(crate) passing_in_all: usize,
}

/// A case with another outcome than the list or the native interpreter says.
pub(crate) struct Difference {
    pub(crate) name: String,
    pub(crate) kind: Kind,
    pub(crate) needs: Vec<String>,
    pub(crate) text: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Listed, with this reason.
    Listed(String),
    /// Fails in the sandbox and is not listed: an error.
    Unlisted,
    /// Listed and passes: an error.
    Stale,
}

/// A case's name in the list. Most ids say the module; the others are told apart by it.
pub(crate) fn listed_name(module: &str, id: &str) -> String {
    let of_module = id
        .split_once("test.")
        .is_some_and(|(_, rest)| rest.starts_with(module));
    if id == module || of_module {
        id.to_owned()
    } else {
        format!("{module}: {id}")
    }
}

impl Compared {
    pub(crate) fn new(
        module: String,
        native: Cases,
        inside: Cases,
        exceptions: &Exceptions,
    ) -> Self {
        let mut compared = Self {
            module,
            native,
            inside,
            differences: Vec::new(),
            qualifying: 0,
            passing: 0,
            passing_in_all: 0,
        };
        for (id, case) in &compared.native.by_name {
            if case.outcome != Outcome::Pass {
                continue;
            }
            let name = listed_name(&compared.module, id);
            let result = compared.inside.by_name.get(id);
            let passes = result.is_some_and(|case| case.outcome == Outcome::Pass);
            let qualifies = case.needs.is_empty();
            compared.qualifying += usize::from(qualifies);
            compared.passing += usize::from(qualifies && passes);
            compared.passing_in_all += usize::from(passes);
            let kind = match exceptions.by_name.get(&name) {
                Some(listed) if passes && !listed.sometimes => Kind::Stale,
                Some(listed) if !passes => Kind::Listed(listed.reason.clone()),
                None if !passes => Kind::Unlisted,
                _ => continue,
            };
            compared.differences.push(Difference {
                name,
                kind,
                needs: case.needs.clone(),
                text: describe(result),
            });
        }
        compared
    }

    pub(crate) fn count(&self, wanted: impl Fn(&Kind) -> bool) -> usize {
        self.differences
            .iter()
            .filter(|difference| wanted(&difference.kind))
            .count()
    }
}

fn describe(result: Option<&Case>) -> String {
    match result {
        None => "does not take place".to_owned(),
        Some(case) => match case.outcome {
            Outcome::Pass => "passes".to_owned(),
            Outcome::Skip => format!("skipped: {}", case.text),
            Outcome::Fail => case.text.clone(),
            Outcome::Cut => format!("the interpreter stopped: {}", case.text),
        },
    }
}
