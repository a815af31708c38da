//! What `run_module.py` says of a module's cases.

use std::collections::BTreeMap;

/// The byte that starts a line of results.
const MARK: u8 = 0x1e;

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    Pass,
    Fail,
    Skip,
    /// It began and did not end: the interpreter stopped with it.
    Cut,
}

/// One case of one module.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) outcome: Outcome,
    /// What it asked of the system that a sandbox has not: `thread`, `process`, `socket`.
    pub(crate) needs: Vec<String>,
    /// Why it did not pass.
    pub(crate) text: String,
}

/// The results of one module, by case; the module as a whole is a case of its own name.
#[derive(Debug, Default)]
pub(crate) struct Cases {
    pub(crate) by_name: BTreeMap<String, Case>,
    /// The case that was under way when the output ended.
    pub(crate) cut: Option<String>,
    /// Whether the module came to its end.
    pub(crate) ended: bool,
}

impl Cases {
    /// Reads the results out of whatever else a module printed.
    pub(crate) fn read(module: &str, output: &[u8]) -> Self {
        let mut cases = Self::default();
        for line in output.split(|byte| *byte == b'\n') {
            let Some(start) = line.iter().position(|byte| *byte == MARK) else {
                continue;
            };
            let text = String::from_utf8_lossy(&line[start + 1..]);
            let fields: Vec<String> = text.split('\t').map(unescape).collect();
            match fields.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["start", name] => cases.cut = Some(name.to_owned()),
                ["case", name, outcome, needs, text] => {
                    cases.cut = None;
                    cases.add(name, outcome, needs, text);
                }
                ["module", outcome, needs, text] => {
                    cases.ended = true;
                    cases.cut = None;
                    cases.add(module, outcome, needs, text);
                }
                _ => {}
            }
        }
        cases
    }

    /// How many have this outcome.
    pub(crate) fn count(&self, outcome: &Outcome) -> usize {
        self.by_name
            .values()
            .filter(|case| case.outcome == *outcome)
            .count()
    }

    fn add(&mut self, name: &str, outcome: &str, needs: &str, text: &str) {
        let outcome = match outcome {
            "pass" => Outcome::Pass,
            "skip" => Outcome::Skip,
            _ => Outcome::Fail,
        };
        let case = Case {
            outcome,
            needs: needs
                .split(',')
                .filter(|need| !need.is_empty())
                .map(str::to_owned)
                .collect(),
            text: text.to_owned(),
        };
        self.by_name.insert(name.to_owned(), case);
    }
}

/// The inverse of Python's `string_escape`, as far as text needs it; other escapes stay as they are.
fn unescape(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut characters = field.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            text.push(character);
            continue;
        }
        match characters.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some(other @ ('\\' | '\'')) => text.push(other),
            Some(other) => text.extend(['\\', other]),
            None => text.push('\\'),
        }
    }
    text
}
