//! Events: a JSON object or a form.
//!
//! Owns parsing the bytes, leniently but exactly; the meaning of the fields is the mapping's. Refuses what could be
//! parsed in two ways: a repeated JSON key, text that is not UTF-8, a top level that is no object. Does no I/O, and
//! checks no signature: hand it bytes that were already verified.

use std::collections::BTreeMap;

use percent_encoding::percent_decode;
use serde_json::Value;

use crate::json::{self, Document, JsonFault, pointer_segment};
use crate::limits::MAX_EVENT_BYTES;
use crate::position::Position;

/// Reasons why an event was refused. No message quotes a field's value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// Over [`MAX_EVENT_BYTES`].
    #[error("the event has {bytes} bytes, over the limit of {MAX_EVENT_BYTES}; send fewer fields")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// No byte, or white space only.
    #[error("the event is empty; send a JSON object, or a form with at least one field")]
    Empty,
    /// Not JSON, or nested over 128 levels deep.
    #[error("{at}: the event is not valid JSON: {message}; correct it there (line:column)")]
    Json {
        /// Where parsing stopped.
        at: Position,
        /// The parser's reason.
        message: String,
    },
    /// One object holds the same key twice, as an unescaped value in the sender's template can produce.
    #[error(
        "{at}: the event holds the key {key:?} twice in one object, and either could be forged; \
         make the sender escape its values, or write the key once"
    )]
    DuplicateKey {
        /// The position of the second one.
        at: Position,
        /// The key.
        key: String,
    },
    /// Valid JSON, but an array or a scalar.
    #[error("the event is {found} and must be a JSON object: {{\"EventId\": ..., ...}}")]
    NotAnObject {
        /// The kind of value, with its article.
        found: &'static str,
    },
    /// A form's name or value is not UTF-8 once decoded.
    #[error(
        "{at}: the form holds text that is not UTF-8; encode it as UTF-8 before percent-encoding"
    )]
    FormNotUtf8 {
        /// Where the field starts.
        at: Position,
    },
}

/// One event: an object whose fields a [`crate::Mapping`] turns into token values.
#[derive(Debug, Clone)]
pub struct Event {
    document: Document,
}

impl Event {
    /// Parses a JSON object.
    ///
    /// Accepts besides plain JSON: a UTF-8 byte order mark, and raw control characters (line breaks above all) inside
    /// strings. Numbers keep the text they were written in.
    ///
    /// # Errors
    /// Every [`EventError`] but the form's. Positions are line and column in `body`, columns in characters.
    pub fn from_json(body: &[u8]) -> Result<Self, EventError> {
        check_size(body)?;
        if json_is_blank(body) {
            return Err(EventError::Empty);
        }
        let document = json::parse(body).map_err(|fault| match fault {
            JsonFault::Syntax { at, message } => EventError::Json { at, message },
            JsonFault::DuplicateKey { at, key } => EventError::DuplicateKey { at, key },
        })?;
        if !document.root.is_object() {
            return Err(EventError::NotAnObject {
                found: kind_of(&document.root),
            });
        }
        Ok(Self { document })
    }

    /// Parses `application/x-www-form-urlencoded`, as UTF-8.
    ///
    /// A name that occurs several times becomes an array of its values: forms write lists so, and a token that would
    /// need one of them reports that there are several.
    ///
    /// # Errors
    /// [`EventError::TooLarge`], [`EventError::Empty`], [`EventError::FormNotUtf8`].
    pub fn from_form(body: &[u8]) -> Result<Self, EventError> {
        check_size(body)?;
        let mut fields: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let mut start = 0;
        for field in body.split(|byte| *byte == b'&') {
            if !field.is_empty() {
                let (name, value) = form_field(field).ok_or(EventError::FormNotUtf8 {
                    at: Position {
                        line: 1,
                        column: start + 1,
                    },
                })?;
                fields.entry(name).or_default().push(Value::String(value));
            }
            start += field.len() + 1;
        }
        if fields.is_empty() {
            return Err(EventError::Empty);
        }
        let root = fields
            .into_iter()
            .map(|(name, mut values)| match values.len() {
                1 => (name, values.remove(0)),
                _ => (name, Value::Array(values)),
            })
            .collect();
        Ok(Self {
            document: Document::from_root(Value::Object(root)),
        })
    }

    /// Returns the whole event. Numbers that a [`Value`] cannot hold exactly are rounded here, though not in token
    /// values.
    #[must_use]
    pub fn as_json(&self) -> &Value {
        &self.document.root
    }

    pub(crate) fn document(&self) -> &Document {
        &self.document
    }

    pub(crate) fn field(&self, name: &str) -> Option<(String, &Value)> {
        let value = self.document.root.get(name)?;
        Some((format!("/{}", pointer_segment(name)), value))
    }

    pub(crate) fn field_names(&self) -> impl Iterator<Item = &str> {
        self.document
            .root
            .as_object()
            .into_iter()
            .flat_map(|object| object.keys().map(String::as_str))
    }
}

/// Returns the kind of `value`, with its article, for messages.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

fn check_size(body: &[u8]) -> Result<(), EventError> {
    if body.len() > MAX_EVENT_BYTES {
        return Err(EventError::TooLarge { bytes: body.len() });
    }
    Ok(())
}

fn json_is_blank(body: &[u8]) -> bool {
    crate::position::without_bom(body)
        .iter()
        .all(u8::is_ascii_whitespace)
}

/// Decodes the name and value of one form field; `None` where they are not UTF-8. The `form_urlencoded` crate would put
/// U+FFFD in place of bytes that it cannot decode, and the script would then see a value that was never sent.
fn form_field(field: &[u8]) -> Option<(String, String)> {
    let mut halves = field.splitn(2, |byte| *byte == b'=');
    let name = form_decode(halves.next().unwrap_or_default())?;
    let value = form_decode(halves.next().unwrap_or_default())?;
    Some((name, value))
}

fn form_decode(text: &[u8]) -> Option<String> {
    let spaced: Vec<u8> = text
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    String::from_utf8(percent_decode(&spaced).collect()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let event = Event::from_json(b"\xef\xbb\xbf{\"UserId\": 7}").unwrap();
        assert_eq!(event.as_json()["UserId"], 7);
    }

    #[test]
    fn only_an_object_is_an_event() {
        for (body, found) in [
            ("[1]", "an array"),
            ("\"x\"", "a string"),
            ("1", "a number"),
        ] {
            assert_eq!(
                Event::from_json(body.as_bytes()).unwrap_err(),
                EventError::NotAnObject { found }
            );
        }
        assert_eq!(Event::from_json(b" \n").unwrap_err(), EventError::Empty);
    }

    #[test]
    fn errors_carry_line_and_column() {
        let error = Event::from_json(b"{\n  \"a\": 1,\n  oops}").unwrap_err();
        assert!(error.to_string().starts_with("3:3: "), "{error}");
        let error = Event::from_json(b"{\"a\": \"\xff\"}").unwrap_err();
        assert!(matches!(error, EventError::Json { .. }), "{error}");
    }

    #[test]
    fn an_event_over_the_limit_is_refused() {
        let body = vec![b' '; MAX_EVENT_BYTES + 1];
        let too_large = EventError::TooLarge { bytes: body.len() };
        assert_eq!(Event::from_json(&body).unwrap_err(), too_large);
        assert_eq!(Event::from_form(&body).unwrap_err(), too_large);
    }

    #[test]
    fn forms_decode_and_collect_repeated_names() {
        let event = Event::from_form(b"UserName=J%C3%BCrgen+X&a=1&a=2&b=100%&&c").unwrap();
        let expected =
            serde_json::json!({"UserName": "Jürgen X", "a": ["1", "2"], "b": "100%", "c": ""});
        assert_eq!(event.as_json(), &expected);
    }

    #[test]
    fn a_form_that_is_not_utf8_is_refused_where_it_stands() {
        let error = Event::from_form(b"a=1&b=%FF").unwrap_err();
        assert!(error.to_string().starts_with("1:5: "), "{error}");
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_readers_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Event::from_json(&body);
            let _ = Event::from_form(&body);
        }

        #[test]
        fn nothing_that_looks_like_json_makes_the_reader_panic(body in "[\\[\\]{}\",:0-9eE.+\\-\n\\\\ a-u]{0,60}") {
            let _ = Event::from_json(body.as_bytes());
        }

        #[test]
        fn forms_decode_as_the_standard_says(pairs in proptest::collection::vec((".{1,8}", ".{0,8}"), 1..6)) {
            let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&pairs).finish();
            let event = Event::from_form(body.as_bytes()).unwrap();
            for (name, _) in &pairs {
                let same_name = pairs.iter().filter(|(other, _)| other == name);
                let all: Vec<_> = same_name.map(|(_, value)| value.clone()).collect();
                let expected = if all.len() == 1 { serde_json::json!(all[0]) } else { serde_json::json!(all) };
                prop_assert_eq!(&event.as_json()[name], &expected);
            }
        }
    }
}
