//! Resolves an event to token values.
//!
//! Without a mapping file each token is the top-level field of its name. A mapping file is JSON and says, token by
//! token, where else in the event the value is (an RFC 9535 JSONPath), what it is by default, or both; it may add
//! tokens of its own:
//!
//! ```json
//! {"tokens": {
//!     "UserEmail": "$.user.email",
//!     "Severity": {"path": "$.level", "default": "Warning"},
//!     "Site": {"default": "Bergen"}
//! }}
//! ```
//!
//! Owns which names are tokens. Refuses to choose: a path that matches several values, or an array or object, gives
//! the token no value, and a template that uses it is not rendered.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_json_path::JsonPath;

use crate::event::{Event, kind_of};
use crate::json::{self, Document, JsonFault, pointer_segment};
use crate::limits::{MAX_SEARCHES, MAX_TOKENS};
use crate::path_cost;
use crate::position::Position;
use crate::token::{EventToken, TokenName, TokenNameError};
use crate::values::{TokenValues, ValueProblem};

/// Reasons why a mapping file is not usable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Not JSON.
    #[error("{at}: the mapping is not valid JSON: {message}; correct it there (line:column)")]
    Json {
        /// Where reading stopped.
        at: Position,
        /// The parser's reason.
        message: String,
    },
    /// A token or a setting that is written twice.
    #[error("{at}: the mapping holds the key {key:?} twice; keep one")]
    DuplicateKey {
        /// The position of the second one.
        at: Position,
        /// The key.
        key: String,
    },
    /// Not of the form that the module's documentation shows.
    #[error("the mapping must be {{\"tokens\": {{\"Name\": \"$.path\", ...}}}}, but {found}")]
    Shape {
        /// The value found instead.
        found: String,
    },
    /// A name that is not a token's.
    #[error("in the mapping: {0}")]
    Name(#[from] TokenNameError),
    /// Secrets are given to a hook, never taken from an event.
    #[error(
        "the mapping maps {name}, but a secret cannot come from an event; take it out of the mapping"
    )]
    Secret {
        /// The token's name.
        name: TokenName,
    },
    /// A rule that is neither a path nor an object with `path`, `default` or both.
    #[error(
        "in the mapping, {name} must be a JSONPath string or {{\"path\": \"$...\", \"default\": \"...\"}} \
         with at least one of the two, but {found}"
    )]
    Rule {
        /// The token's name.
        name: TokenName,
        /// The value found instead.
        found: String,
    },
    /// A path whose evaluation could take long or much memory for some event.
    #[error(
        "in the mapping, the path of {name} {problem}; a token has one value: write the way to it, such as $.user.email"
    )]
    PathTooComplex {
        /// The token's name.
        name: TokenName,
        /// The bound that the path exceeds.
        problem: &'static str,
    },
    /// More tokens than [`MAX_TOKENS`], or more paths that search than [`MAX_SEARCHES`].
    #[error(
        "the mapping has more than {MAX_TOKENS} tokens, or more than {MAX_SEARCHES} paths with `..`, `*`, a filter or \
         a slice; name the values that hooks use"
    )]
    TooManyTokens,
    /// Not an RFC 9535 JSONPath.
    #[error("in the mapping, {name}: {path:?} is not a JSONPath at character {column}: {message}")]
    Path {
        /// The token's name.
        name: TokenName,
        /// The path as written.
        path: String,
        /// 1-based column in the path.
        column: usize,
        /// The parser's reason.
        message: String,
    },
}

/// The names that are tokens, and where their values are in an event. [`Mapping::default`] has the twelve documented
/// tokens, each from the field of its name.
#[derive(Debug, Clone, Default)]
pub struct Mapping {
    rules: BTreeMap<TokenName, Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    path: Option<(String, JsonPath)>,
    default: Option<String>,
}

impl Mapping {
    /// Parses a mapping file. A token that it does not mention keeps its default.
    ///
    /// # Errors
    /// Every [`MappingError`].
    pub fn from_json(source: &[u8]) -> Result<Self, MappingError> {
        let document = json::parse(source).map_err(|fault| match fault {
            JsonFault::Syntax { at, message } => MappingError::Json { at, message },
            JsonFault::DuplicateKey { at, key } => MappingError::DuplicateKey { at, key },
        })?;
        let tokens = tokens_object(&document)?;
        if tokens.len() > MAX_TOKENS {
            return Err(MappingError::TooManyTokens);
        }
        let rules: BTreeMap<TokenName, Rule> = tokens
            .iter()
            .map(|(name, rule)| {
                let pointer = format!("/tokens/{}", pointer_segment(name));
                let name: TokenName = name.parse()?;
                if name.is_secret() {
                    return Err(MappingError::Secret { name });
                }
                let rule = Rule::read(&name, rule, &document, &pointer)?;
                Ok((name, rule))
            })
            .collect::<Result<_, MappingError>>()?;
        let searches = rules.values().filter(|rule| {
            let path = rule.path.as_ref();
            path.is_some_and(|(path, _)| path_cost::is_search(path))
        });
        if searches.count() > MAX_SEARCHES {
            return Err(MappingError::TooManyTokens);
        }
        Ok(Self { rules })
    }

    /// Returns the token whose name is `text`, as written between at signs: one of the twelve, one of this mapping's
    /// own, or any well-formed secret. `None` where it is not a token and must stay in the template as it is.
    #[must_use]
    pub fn token(&self, text: &str) -> Option<TokenName> {
        let name: TokenName = text.parse().ok()?;
        match name {
            TokenName::Custom(_) => self.rules.contains_key(&name).then_some(name),
            TokenName::Event(_) | TokenName::Secret(_) => Some(name),
        }
    }

    /// Iterates over every token but secrets: the twelve, then this mapping's own by name.
    pub fn names(&self) -> impl Iterator<Item = TokenName> {
        let own = self
            .rules
            .keys()
            .filter(|name| matches!(name, TokenName::Custom(_)));
        EventToken::ALL
            .into_iter()
            .map(TokenName::from)
            .chain(own.cloned())
    }

    /// Resolves the values of all tokens for `event`.
    ///
    /// `hostname` is the configured name of the instance that the event came from; a field of the event never
    /// replaces it, a rule of the mapping does. A token without a value is kept with its reason, and is an error only
    /// in a template that uses it. Secrets are added with [`TokenValues::insert`].
    #[must_use]
    pub fn resolve(&self, event: &Event, hostname: Option<&str>) -> TokenValues {
        let mut values = TokenValues::new();
        for name in self.names() {
            let value = match (self.rules.get(&name), &name) {
                (Some(rule), _) => rule.value(event),
                (None, TokenName::Event(EventToken::Hostname)) => hostname
                    .map(ToOwned::to_owned)
                    .ok_or(ValueProblem::NoHostname),
                (None, _) => field_value(event, &name.to_string()),
            };
            values.insert_result(name, value);
        }
        values
    }
}

fn tokens_object(document: &Document) -> Result<&serde_json::Map<String, Value>, MappingError> {
    let shape = |found: String| MappingError::Shape { found };
    let root = document
        .root
        .as_object()
        .ok_or_else(|| shape(format!("it is {}", kind_of(&document.root))))?;
    if let Some(stray) = root.keys().find(|key| *key != "tokens") {
        return Err(shape(format!("it has the key {stray:?}")));
    }
    let tokens = root
        .get("tokens")
        .ok_or_else(|| shape("it has no \"tokens\"".to_owned()))?;
    tokens
        .as_object()
        .ok_or_else(|| shape(format!("\"tokens\" is {}", kind_of(tokens))))
}

impl Rule {
    fn read(
        name: &TokenName,
        rule: &Value,
        document: &Document,
        pointer: &str,
    ) -> Result<Self, MappingError> {
        let refuse = |found: String| MappingError::Rule {
            name: name.clone(),
            found,
        };
        if let Value::String(path) = rule {
            return Ok(Self {
                path: Some(parse_path(name, path)?),
                default: None,
            });
        }
        let settings = rule
            .as_object()
            .ok_or_else(|| refuse(format!("it is {}", kind_of(rule))))?;
        let mut read = Self {
            path: None,
            default: None,
        };
        for (key, value) in settings {
            match (key.as_str(), value) {
                ("path", Value::String(path)) => read.path = Some(parse_path(name, path)?),
                ("default", value) => {
                    let text = document.scalar_text(&format!("{pointer}/default"), value);
                    read.default = Some(
                        text.ok_or_else(|| refuse(format!("its default is {}", kind_of(value))))?,
                    );
                }
                ("path", value) => return Err(refuse(format!("its path is {}", kind_of(value)))),
                (stray, _) => return Err(refuse(format!("it has the key {stray:?}"))),
            }
        }
        if read.path.is_none() && read.default.is_none() {
            return Err(refuse("it has neither".to_owned()));
        }
        Ok(read)
    }

    fn value(&self, event: &Event) -> Result<String, ValueProblem> {
        let found = match &self.path {
            Some((text, path)) => path_value(event, text, path),
            None => Err(ValueProblem::NotGiven),
        };
        match (found, &self.default) {
            (
                Err(
                    ValueProblem::Missing { .. }
                    | ValueProblem::Null { .. }
                    | ValueProblem::NotGiven,
                ),
                Some(default),
            ) => Ok(default.clone()),
            (found, _) => found,
        }
    }
}

fn parse_path(name: &TokenName, path: &str) -> Result<(String, JsonPath), MappingError> {
    if let Some(problem) = path_cost::problem(path) {
        return Err(MappingError::PathTooComplex {
            name: name.clone(),
            problem,
        });
    }
    match JsonPath::parse(path) {
        Ok(parsed) => Ok((path.to_owned(), parsed)),
        Err(error) => Err(MappingError::Path {
            name: name.clone(),
            path: path.to_owned(),
            column: error.position(),
            message: error.message().to_owned(),
        }),
    }
}

fn path_value(event: &Event, text: &str, path: &JsonPath) -> Result<String, ValueProblem> {
    // Locations cost a hundred times what values do, and one alone is of use.
    let count = path.query(event.as_json()).len();
    if count > 1 {
        return Err(ValueProblem::Several {
            path: text.to_owned(),
            count,
        });
    }
    let nodes = path.query_located(event.as_json());
    let node = nodes.first().ok_or_else(|| ValueProblem::Missing {
        path: text.to_owned(),
    })?;
    let pointer = node.location().to_json_pointer();
    scalar(event, text, &pointer, node.node())
}

/// Returns the value of the top-level field called `name`; failing that `name` with a small first letter; failing that
/// the only one that differs from it in case.
fn field_value(event: &Event, name: &str) -> Result<String, ValueProblem> {
    let lower_camel = name[..1].to_ascii_lowercase() + &name[1..];
    for field in [name, &lower_camel] {
        if let Some((pointer, value)) = event.field(field) {
            return scalar(event, field, &pointer, value);
        }
    }
    let alike: Vec<&str> = event
        .field_names()
        .filter(|field| field.eq_ignore_ascii_case(name))
        .collect();
    match (
        alike.as_slice(),
        alike.first().and_then(|field| event.field(field)),
    ) {
        ([field], Some((pointer, value))) => scalar(event, field, &pointer, value),
        ([], _) => Err(ValueProblem::Missing {
            path: name.to_owned(),
        }),
        _ => Err(ValueProblem::Ambiguous {
            fields: alike.into_iter().map(ToOwned::to_owned).collect(),
        }),
    }
}

fn scalar(event: &Event, path: &str, pointer: &str, value: &Value) -> Result<String, ValueProblem> {
    let path = || path.to_owned();
    if value.is_null() {
        return Err(ValueProblem::Null { path: path() });
    }
    event
        .document()
        .scalar_text(pointer, value)
        .ok_or_else(|| ValueProblem::NotScalar {
            path: path(),
            found: kind_of(value),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(mapping: &str, event: &str) -> TokenValues {
        let event = Event::from_json(event.as_bytes()).unwrap();
        Mapping::from_json(mapping.as_bytes())
            .unwrap()
            .resolve(&event, Some("pba.example"))
    }

    fn get(values: &TokenValues, name: &str) -> Result<String, ValueProblem> {
        values.get(&name.parse().unwrap()).map(ToOwned::to_owned)
    }

    #[test]
    fn without_rules_tokens_are_top_level_fields() {
        let event = r#"{"EventId": 12, "userId": "u", "USERNAME": "n", "RiskScore": 7.50,
                        "Hostname": "forged", "Severity": null, "Threshold": [1]}"#;
        let values = values(r#"{"tokens": {}}"#, event);
        let expected = [
            ("EventId", "12"),
            ("UserId", "u"),
            ("UserName", "n"),
            ("RiskScore", "7.50"),
            ("Hostname", "pba.example"),
        ];
        for (name, value) in expected {
            assert_eq!(get(&values, name).as_deref(), Ok(value));
        }
        assert!(matches!(
            get(&values, "Severity"),
            Err(ValueProblem::Null { .. })
        ));
        assert!(matches!(
            get(&values, "Threshold"),
            Err(ValueProblem::NotScalar { .. })
        ));
        assert!(matches!(
            get(&values, "Interval"),
            Err(ValueProblem::Missing { .. })
        ));
    }

    #[test]
    fn an_exact_name_wins_and_two_alike_are_ambiguous() {
        let both = values(r#"{"tokens": {}}"#, r#"{"USERID": "a", "UserId": "b"}"#);
        assert_eq!(get(&both, "UserId").as_deref(), Ok("b"));
        let neither = values(r#"{"tokens": {}}"#, r#"{"USERID": "a", "userid": "b"}"#);
        assert!(matches!(
            get(&neither, "UserId"),
            Err(ValueProblem::Ambiguous { .. })
        ));
    }

    #[test]
    fn rules_take_values_from_anywhere() {
        let mapping = r#"{"tokens": {
            "UserEmail": "$.user['e/mail']", "Severity": {"path": "$.level", "default": "Warning"},
            "Hostname": {"default": "fixed.example"}, "Total": "$.items[-1].n", "Count": {"default": 1.0},
            "Hot": "$.items[?@.n > 2.5].n", "All": "$.items[*].n", "Flag": "$.ok"
        }}"#;
        let event = r#"{"user": {"e/mail": "a@b"}, "level": null, "items": [{"n": 1.10}, {"n": 3e0}], "ok": true}"#;
        let values = values(mapping, event);
        let expected = [
            ("UserEmail", "a@b"),
            ("Severity", "Warning"),
            ("Hostname", "fixed.example"),
            ("Total", "3e0"),
            ("Count", "1.0"),
            ("Hot", "3e0"),
            ("Flag", "true"),
        ];
        for (name, value) in expected {
            assert_eq!(get(&values, name).as_deref(), Ok(value), "{name}");
        }
        let several = ValueProblem::Several {
            path: "$.items[*].n".to_owned(),
            count: 2,
        };
        assert_eq!(get(&values, "All"), Err(several));
    }

    #[test]
    fn a_default_does_not_hide_an_unusable_value() {
        let values = values(
            r#"{"tokens": {"UserId": {"path": "$.a", "default": "x"}}}"#,
            r#"{"a": {"b": 1}}"#,
        );
        assert!(matches!(
            get(&values, "UserId"),
            Err(ValueProblem::NotScalar { .. })
        ));
    }

    #[test]
    fn only_mapped_names_the_twelve_and_secrets_are_tokens() {
        let mapping = Mapping::from_json(br#"{"tokens": {"Extra": "$.x"}}"#).unwrap();
        for name in ["Extra", "UserId", "secret.K"] {
            assert!(mapping.token(name).is_some(), "{name}");
        }
        for name in ["extra", "Other", "secret.", "x.y"] {
            assert!(mapping.token(name).is_none(), "{name}");
        }
        assert!(Mapping::default().token("Extra").is_none());
    }

    #[test]
    fn faults_are_named() {
        let cases = [
            ("[]", "it is an array"),
            ("{}", "no \"tokens\""),
            (r#"{"tokens": {}, "x": 1}"#, "the key \"x\""),
            (r#"{"tokens": {"1a": "$.x"}}"#, "cannot name a token"),
            (r#"{"tokens": {"secret.K": "$.x"}}"#, "secret"),
            (r#"{"tokens": {"A": 1}}"#, "it is a number"),
            (r#"{"tokens": {"A": {}}}"#, "neither"),
            (r#"{"tokens": {"A": {"path": 1}}}"#, "its path is a number"),
            (r#"{"tokens": {"A": {"defualt": "x"}}}"#, "defualt"),
            (r#"{"tokens": {"A": "user.email"}}"#, "not a JSONPath"),
            (r#"{"tokens": {"A": "$.x", "A": "$.y"}}"#, "twice"),
            ("{\n oops", "2:2"),
        ];
        for (source, part) in cases {
            let error = Mapping::from_json(source.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(part), "{source}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(source in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Mapping::from_json(&source);
        }

            #[test]
        fn no_path_makes_the_reader_panic(path in "\\$[.\\[\\]*?@'a-c0-9:,()&|!<>=-]{0,20}") {
            let source = serde_json::json!({"tokens": {"A": path}}).to_string();
            if let Ok(mapping) = Mapping::from_json(source.as_bytes()) {
                let event = Event::from_json(br#"{"a": {"b": [1, 2, {"c": "x"}]}}"#).unwrap();
                let _ = mapping.resolve(&event, None);
            }
        }
    }
}
