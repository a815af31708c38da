//! Names that look like tokens and are none: what a misspelt `@Useremail@` was meant to be.

use crate::mapping::Mapping;

/// Edits (insert, delete, replace a character) up to which one name is taken for another.
const NEAR_EDITS: usize = 2;

/// The names that a misspelt one is compared with.
pub(crate) struct Speller {
    /// Each token's name, simplified and as it is.
    known: Vec<(String, String)>,
}

impl Speller {
    pub(crate) fn new(mapping: &Mapping) -> Self {
        let names = mapping.names().map(|token| token.to_string());
        let known = names.map(|name| (simplified(&name), name)).collect();
        Self { known }
    }

    /// The token that `name`, which is none, was probably meant to be.
    pub(crate) fn near_miss(&self, name: &str) -> Option<String> {
        if let Some((first, rest)) = name.split_once('.') {
            let near = edits(&simplified(first), "secret") <= NEAR_EDITS;
            return near.then(|| format!("secret.{rest}"));
        }
        let plain = simplified(name);
        self.known
            .iter()
            .filter(|(known, _)| known.len().abs_diff(plain.len()) <= NEAR_EDITS)
            .map(|(known, token)| (edits(&plain, known), token))
            .filter(|(distance, token)| *distance <= NEAR_EDITS.min(token.len() / 3))
            .min()
            .map(|(_, token)| token.clone())
    }
}

/// Case and underscores are what people vary most.
fn simplified(name: &str) -> String {
    name.replace('_', "").to_ascii_lowercase()
}

/// The Levenshtein distance of two ASCII names.
fn edits(left: &str, right: &str) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.bytes().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognised_and_other_names_are_not() {
        let cases = [
            ("Useremail", Some("UserEmail")),
            ("user_name", Some("UserName")),
            ("UserIds", Some("UserId")),
            ("Severty", Some("Severity")),
            ("Secret.KEY", Some("secret.KEY")),
            ("EventID", Some("EventId")),
            ("page", None),
            ("Company", None),
            ("example.com", None),
        ];
        let speller = Speller::new(&Mapping::default());
        for (name, expected) in cases {
            assert_eq!(speller.near_miss(name).as_deref(), expected, "{name}");
        }
    }
}
