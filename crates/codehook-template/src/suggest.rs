//! Suggestions for misspelt tokens: `@UserEmail@` for `@Useremail@`.

use strsim::levenshtein;

use crate::mapping::Mapping;

/// The largest Levenshtein distance of a name from its suggestion.
const MAX_EDITS: usize = 2;

/// The names with which a misspelt one is compared.
pub(crate) struct SpellChecker {
    /// Each token's name, simplified and as it is.
    known: Vec<(String, String)>,
}

impl SpellChecker {
    pub(crate) fn new(mapping: &Mapping) -> Self {
        let names = mapping.names().map(|token| token.to_string());
        let known = names.map(|name| (simplified(&name), name)).collect();
        Self { known }
    }

    /// Returns the token that `name`, which is not one, probably stands for.
    pub(crate) fn suggestion(&self, name: &str) -> Option<String> {
        if let Some((first, rest)) = name.split_once('.') {
            let near = levenshtein(&simplified(first), "secret") <= MAX_EDITS;
            return near.then(|| format!("secret.{rest}"));
        }
        let plain = simplified(name);
        self.known
            .iter()
            .filter(|(known, _)| known.len().abs_diff(plain.len()) <= MAX_EDITS)
            .map(|(known, token)| (levenshtein(&plain, known), token))
            .filter(|(distance, token)| *distance <= MAX_EDITS.min(token.len() / 3))
            .min()
            .map(|(_, token)| token.clone())
    }
}

/// Removes what authors vary most: case and underscores.
fn simplified(name: &str) -> String {
    name.replace('_', "").to_ascii_lowercase()
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
        let spell_checker = SpellChecker::new(&Mapping::default());
        for (name, expected) in cases {
            assert_eq!(
                spell_checker.suggestion(name).as_deref(),
                expected,
                "{name}"
            );
        }
    }
}
