//! JSON as senders write it, with exact numbers.
//!
//! Owns three leniences and one strictness over plain JSON: a UTF-8 byte order mark is skipped; raw line breaks and
//! other control characters inside a string are accepted (mapping templates of the product write them); each number
//! keeps its own spelling. A key that occurs twice in one object is refused: it is what an unescaped value in the
//! sender's template looks like when it smuggles a field in, and either reading of it could be the forged one. Nesting
//! is limited by the parser (128 levels).

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::position::{LineIndex, Position, without_bom};

/// A parsed text, with the spelling of every number that [`Value`] would write differently.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) root: Value,
    spellings: HashMap<String, String>,
}

impl Document {
    pub(crate) fn from_root(root: Value) -> Self {
        Self {
            root,
            spellings: HashMap::new(),
        }
    }

    /// Returns the text of the scalar `value` at `pointer`; `None` for null, arrays and objects.
    pub(crate) fn scalar_text(&self, pointer: &str, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Number(number) => Some(
                self.spellings
                    .get(pointer)
                    .cloned()
                    .unwrap_or_else(|| number.to_string()),
            ),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }
}

/// Reasons why a text is not usable JSON.
#[derive(Debug)]
pub(crate) enum JsonFault {
    Syntax { at: Position, message: String },
    DuplicateKey { at: Position, key: String },
}

/// Parses `source`.
pub(crate) fn parse(source: &[u8]) -> Result<Document, JsonFault> {
    let text = without_bom(source);
    let escaped = EscapedText::new(text);
    let mut builder = Builder {
        numbers: escaped.numbers.iter(),
        text: &escaped.bytes,
        pointer: String::new(),
        spellings: HashMap::new(),
        budget: MAX_SPELLING_BYTES,
        duplicate: None,
    };
    let mut parser = serde_json::Deserializer::from_slice(&escaped.bytes);
    let parsed = Node(&mut builder)
        .deserialize(&mut parser)
        .and_then(|root| parser.end().map(|()| root));
    match parsed {
        Ok(root) => Ok(Document {
            root,
            spellings: builder.spellings,
        }),
        Err(error) => {
            let at = escaped.position_in(text, &error);
            Err(match builder.duplicate {
                Some(key) => JsonFault::DuplicateKey { at, key },
                None => JsonFault::Syntax {
                    at,
                    message: message_without_position(&error),
                },
            })
        }
    }
}

/// `serde_json` ends its messages with the position in the escaped text, which is not the sender's.
fn message_without_position(error: &serde_json::Error) -> String {
    let message = error.to_string();
    match message.rfind(" at line ") {
        Some(end) => message[..end].to_owned(),
        None => message,
    }
}

/// The text with control characters inside strings escaped, and the offsets that map positions back.
struct EscapedText {
    bytes: Vec<u8>,
    /// Offset in `bytes` just past each escape that was put in, and how many bytes it added.
    insertions: Vec<(usize, usize)>,
    /// Every number outside strings, in order.
    numbers: Vec<Range<usize>>,
}

impl EscapedText {
    fn new(text: &[u8]) -> Self {
        let mut escaped = Self {
            bytes: Vec::with_capacity(text.len()),
            insertions: Vec::new(),
            numbers: Vec::new(),
        };
        let mut at = 0;
        while at < text.len() {
            at += match text[at] {
                b'"' => escaped.string(&text[at..]),
                b'-' | b'0'..=b'9' => escaped.number(&text[at..]),
                byte => {
                    escaped.bytes.push(byte);
                    1
                }
            };
        }
        escaped
    }

    /// Copies the string that `rest` starts with and returns its length.
    fn string(&mut self, rest: &[u8]) -> usize {
        self.bytes.push(b'"');
        let mut at = 1;
        while let Some(&byte) = rest.get(at) {
            at += 1;
            match byte {
                0..0x20 => self.control(byte),
                _ => self.bytes.push(byte),
            }
            match (byte, rest.get(at)) {
                (b'"', _) => break,
                (b'\\', Some(&next)) => {
                    self.bytes.push(next);
                    at += 1;
                }
                _ => {}
            }
        }
        at
    }

    fn control(&mut self, byte: u8) {
        let before = self.bytes.len();
        self.bytes.extend(format!("\\u{byte:04x}").bytes());
        self.insertions
            .push((self.bytes.len(), self.bytes.len() - before - 1));
    }

    fn number(&mut self, rest: &[u8]) -> usize {
        let len = rest
            .iter()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E'))
            .count();
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&rest[..len]);
        self.numbers.push(start..start + len);
        len
    }

    fn position_in(&self, text: &[u8], error: &serde_json::Error) -> Position {
        let line_start = match error.line() {
            0 | 1 => 0,
            line => self
                .bytes
                .iter()
                .enumerate()
                .filter(|(_, byte)| **byte == b'\n')
                .nth(line - 2)
                .map_or(self.bytes.len(), |(at, _)| at + 1),
        };
        let offset = line_start + error.column().saturating_sub(1);
        let added: usize = self
            .insertions
            .iter()
            .take_while(|(end, _)| *end <= offset)
            .map(|(_, added)| added)
            .sum();
        LineIndex::new(text).position(text, offset - added)
    }
}

struct Builder<'a> {
    numbers: std::slice::Iter<'a, Range<usize>>,
    text: &'a [u8],
    pointer: String,
    spellings: HashMap<String, String>,
    /// Bytes of places and spellings that may still be kept.
    budget: usize,
    duplicate: Option<String>,
}

impl Builder<'_> {
    /// Takes the next spelling: numbers arrive in the order of the text.
    fn number(&mut self, number: Value) -> Value {
        let spelling = self
            .numbers
            .next()
            .and_then(|range| std::str::from_utf8(&self.text[range.clone()]).ok());
        let usual = number.to_string();
        let cost = self.pointer.len() + usual.len();
        if let Some(spelling) = spelling.filter(|spelling| *spelling != usual)
            && self.budget >= cost
        {
            self.budget -= cost;
            self.spellings
                .insert(self.pointer.clone(), spelling.to_owned());
        }
        number
    }

    /// Steps into `segment` and returns the length to truncate the pointer to afterwards.
    fn enter(&mut self, segment: &str) -> usize {
        let outer = self.pointer.len();
        self.pointer.push('/');
        self.pointer.push_str(&pointer_segment(segment));
        outer
    }
}

/// The most bytes of places and spellings of numbers that are kept for a document, which may have long keys above very
/// many numbers. Numbers beyond it have the usual spelling.
const MAX_SPELLING_BYTES: usize = 8 * 1024 * 1024;

/// `key` as a segment of an RFC 6901 JSON pointer.
pub(crate) fn pointer_segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

struct Node<'b, 'a>(&'b mut Builder<'a>);

impl<'de> DeserializeSeed<'de> for Node<'_, '_> {
    type Value = Value;

    fn deserialize<D: de::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(self.0.number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(self.0.number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(self.0.number(number.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        loop {
            let outer = self.0.enter(&array.len().to_string());
            let item = items.next_element_seed(Node(&mut *self.0))?;
            self.0.pointer.truncate(outer);
            match item {
                Some(item) => array.push(item),
                None => return Ok(Value::Array(array)),
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = serde_json::Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                self.0.duplicate = Some(key);
                return Err(de::Error::custom("duplicate key"));
            }
            let outer = self.0.enter(&key);
            let value = entries.next_value_seed(Node(&mut *self.0))?;
            self.0.pointer.truncate(outer);
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault_position(text: &str) -> Position {
        match parse(text.as_bytes()).unwrap_err() {
            JsonFault::Syntax { at, .. } | JsonFault::DuplicateKey { at, .. } => at,
        }
    }

    #[test]
    fn control_characters_are_taken_inside_strings_only() {
        let document = parse(b"{\"a\": \"x\ny\r\n\tz\0\\n\"}").unwrap();
        assert_eq!(document.root["a"], "x\ny\r\n\tz\0\n");
        assert!(parse(b"{\"a\": 1\x01}").is_err());
        assert!(parse(b"{\"a\": \"\\\n\"}").is_err());
    }

    #[test]
    fn numbers_keep_their_spelling() {
        let text = br#"{"a": [1, 1.50, "2.0", 1e3], "b/c": 12345678901234567890123, "d": -0}"#;
        let document = parse(text).unwrap();
        let spelled =
            |pointer: &str| document.scalar_text(pointer, document.root.pointer(pointer).unwrap());
        let expected = [
            ("/a/0", "1"),
            ("/a/1", "1.50"),
            ("/a/2", "2.0"),
            ("/a/3", "1e3"),
            ("/b~1c", "12345678901234567890123"),
            ("/d", "-0"),
        ];
        for (pointer, text) in expected {
            assert_eq!(spelled(pointer).as_deref(), Some(text), "{pointer}");
        }
    }

    #[test]
    fn a_repeated_key_is_refused_at_any_depth() {
        let fault = parse(br#"{"a": [{"b": 1, "b": 2}]}"#).unwrap_err();
        assert!(matches!(fault, JsonFault::DuplicateKey { key, .. } if key == "b"));
    }

    #[test]
    fn positions_are_the_senders() {
        assert_eq!(fault_position("{\n  \"a\": x}").to_string(), "2:8");
        assert_eq!(fault_position("{\"a\": \"1\n2\n3\", x}").to_string(), "3:5");
    }

    #[test]
    fn long_keys_above_many_numbers_cost_a_bounded_amount_of_memory() {
        let numbers = vec!["1e0"; 20_000].join(",");
        let source = format!("{{\"{}\": [{numbers}]}}", "k".repeat(100_000));
        let Ok(document) = parse(source.as_bytes()) else {
            panic!("it is JSON");
        };
        let kept: usize = document.spellings.keys().map(String::len).sum();
        assert!((1..=MAX_SPELLING_BYTES).contains(&kept), "{kept}");
    }

    #[test]
    fn deep_nesting_is_an_error() {
        let bomb = format!("{{\"a\": {}", "[".repeat(100_000));
        assert!(matches!(
            parse(bomb.as_bytes()),
            Err(JsonFault::Syntax { .. })
        ));
    }
}
