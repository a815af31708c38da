//! Events and mappings: what senders and administrators write.

use std::borrow::Cow;
use std::collections::BTreeMap;

use codehook_template::{Event, EventError, Mapping};
use serde_json::Value;

use crate::parts;

/// An event's body: a form where the first byte is `&`, JSON otherwise.
///
/// # Panics
/// When what is plain JSON or a form for other libraries is another event here.
pub fn event(data: &[u8]) {
    match data.strip_prefix(b"&") {
        Some(form) => form_event(form),
        None => json_event(data),
    }
}

fn json_event(body: &[u8]) {
    let plain: Option<Value> = serde_json::from_slice(body).ok();
    match (Event::from_json(body), plain) {
        (Ok(event), Some(plain)) => {
            assert_eq!(*event.as_json(), plain);
            resolve(&Mapping::default(), &event);
        }
        // One of the leniences: serde_json refuses what is taken here.
        (Ok(event), None) => resolve(&Mapping::default(), &event),
        (Err(EventError::Json { at, message }), Some(plain)) => {
            panic!("{at}: {message}, but it is JSON: {plain}");
        }
        (Err(EventError::NotAnObject { .. }), Some(plain)) => assert!(!plain.is_object()),
        (Err(error), _) => assert!(!error.to_string().is_empty()),
    }
}

fn form_event(body: &[u8]) {
    let Ok(event) = Event::from_form(body) else {
        return;
    };
    let mut fields: BTreeMap<Cow<'_, str>, Vec<Cow<'_, str>>> = BTreeMap::new();
    for (name, value) in form_urlencoded::parse(body) {
        fields.entry(name).or_default().push(value);
    }
    let expected: serde_json::Map<String, Value> = fields
        .into_iter()
        .map(|(name, values)| match &values[..] {
            [value] => (name.into_owned(), Value::from(&**value)),
            _ => (
                name.into_owned(),
                values.iter().map(|value| &**value).collect(),
            ),
        })
        .collect();
    assert_eq!(*event.as_json(), Value::Object(expected));
    resolve(&Mapping::default(), &event);
}

/// A mapping and an event, both JSON.
///
/// # Panics
/// When a token of a mapping that was taken has neither a value nor a reason why not.
pub fn mapping(data: &[u8]) {
    let [mapping, event] = parts(data);
    match (Mapping::from_json(mapping), Event::from_json(event)) {
        (Ok(mapping), Ok(event)) => resolve(&mapping, &event),
        (Err(error), _) => assert!(!error.to_string().is_empty()),
        (_, Err(error)) => assert!(!error.to_string().is_empty()),
    }
}

/// Every token has a value or says why not; one whose field is a text has the text.
fn resolve(mapping: &Mapping, event: &Event) {
    let values = mapping.resolve(event, Some("pba.example.com"));
    for name in mapping.names() {
        match values.get(&name) {
            Ok(value) => assert!(value.len() <= 16 * 1024 * 1024),
            Err(problem) => assert!(!problem.to_string().is_empty()),
        }
        assert_eq!(mapping.token(&name.to_string()), Some(name));
    }
    let user = event.as_json().get("UserName").and_then(Value::as_str);
    if let Some(text) = user
        && mapping_is_default(mapping)
    {
        let name = "UserName".parse().expect("one of the twelve");
        assert_eq!(values.get(&name).ok(), Some(text));
    }
}

fn mapping_is_default(mapping: &Mapping) -> bool {
    format!("{mapping:?}") == format!("{:?}", Mapping::default())
}
