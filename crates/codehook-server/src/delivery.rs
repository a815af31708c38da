//! What is in a delivery: one event or several, each with what tells it from others, whatever of the known shapes it
//! has.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use codehook_template::{Event, MAX_EVENT_BYTES};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::problem::Problem;

/// The most bytes in a delivery; a batch has several events.
pub(crate) const MAX_DELIVERY_BYTES: usize = 4 * MAX_EVENT_BYTES;
/// The most events in a batch.
const MAX_BATCH: usize = 1000;

/// One event of a delivery.
#[derive(Debug)]
pub(crate) struct Delivery {
    pub(crate) event: Event,
    /// The event as it is kept: JSON.
    pub(crate) body: String,
    /// What tells this delivery from others of the same source.
    pub(crate) key: Option<String>,
}

/// The events in a delivery with this body.
///
/// CloudEvents 1.0 in all three modes of its HTTP binding; a form; and any other body as the JSON of one event.
pub(crate) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Vec<Delivery>, Problem> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let content = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let content = content
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    let content = content.trim().to_ascii_lowercase();
    match content.as_str() {
        "application/cloudevents-batch+json" => batch(body),
        "application/cloudevents+json" => Ok(vec![structured(&json(body)?)?]),
        // Clients that were told of no type say this of whatever they send.
        "application/x-www-form-urlencoded" if !looks_like_json(body) => Ok(vec![form(body)?]),
        _ if header("ce-specversion").is_some() => {
            let key = header("ce-source").zip(header("ce-id"));
            let key = key.map(|(source, id)| cloud_key(source, id));
            let key =
                key.ok_or_else(|| Problem::malformed("a CloudEvent has `ce-id` and `ce-source`"))?;
            let mut delivered = plain(body)?;
            delivered.key = Some(key);
            Ok(vec![delivered])
        }
        _ => {
            let mut delivered = plain(body)?;
            if let Some(id) = header("webhook-id").filter(|id| !id.is_empty()) {
                delivered.key = Some(format!("webhook:{id}"));
            }
            Ok(vec![delivered])
        }
    }
}

/// Returns the type of a body by its content alone, for deliveries whose headers anybody could change.
pub(crate) fn content_type(body: &[u8]) -> &'static str {
    let is_cloud_event = |cloud: &Value| {
        cloud
            .get("specversion")
            .is_some_and(|version| version == "1.0")
            && cloud.get("id").is_some_and(Value::is_string)
            && cloud.get("source").is_some_and(Value::is_string)
    };
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Array(_)) => "application/cloudevents-batch+json",
        Ok(cloud) if is_cloud_event(&cloud) => "application/cloudevents+json",
        _ if looks_like_json(body) => "application/json",
        _ => "application/x-www-form-urlencoded",
    }
}

/// No form begins so: a brace in a field's name is written as `%7B`.
fn looks_like_json(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{")
}

fn json(body: &[u8]) -> Result<Value, Problem> {
    serde_json::from_slice(body)
        .map_err(|error| Problem::malformed(format!("the body is no JSON: {error}")))
}

/// The JSON of one event, as the product writes it: with raw line breaks in strings, and with a byte order mark.
fn plain(body: &[u8]) -> Result<Delivery, Problem> {
    let event = Event::from_json(body).map_err(|error| Problem::malformed(error.to_string()))?;
    let text = String::from_utf8(body.to_vec())
        .map_err(|_| Problem::malformed("the body is not UTF-8"))?;
    let key = event_key(&event);
    Ok(Delivery {
        event,
        body: text,
        key,
    })
}

fn form(body: &[u8]) -> Result<Delivery, Problem> {
    let event = Event::from_form(body).map_err(|error| Problem::malformed(error.to_string()))?;
    let body = event.as_json().to_string();
    let key = event_key(&event);
    Ok(Delivery { event, body, key })
}

/// The product's own identifier of an event, else the whole event: a repeated delivery is the same to the last byte.
fn event_key(event: &Event) -> Option<String> {
    let id = match event.as_json().get("EventId") {
        Some(Value::String(id)) if !id.is_empty() => Some(format!("event:{id}")),
        Some(Value::Number(id)) => Some(format!("event:{id}")),
        _ => None,
    };
    id.filter(|id| id.len() <= 256)
}

/// A key for an event without an identifier.
pub(crate) fn whole(body: &str) -> String {
    let digest = Sha256::digest(body.as_bytes());
    format!("sha256:{digest:x}")
}

fn cloud_key(source: &str, id: &str) -> String {
    whole(&format!("cloudevent\0{source}\0{id}"))
}

fn batch(body: &[u8]) -> Result<Vec<Delivery>, Problem> {
    let Value::Array(events) = json(body)? else {
        return Err(Problem::malformed("a batch of CloudEvents is a JSON array"));
    };
    if events.len() > MAX_BATCH {
        return Err(Problem::invalid(format!(
            "a batch has at most {MAX_BATCH} events"
        )));
    }
    events.iter().map(structured).collect()
}

/// A CloudEvent in JSON format: its data is the event.
fn structured(cloud: &Value) -> Result<Delivery, Problem> {
    let text = |name: &str| cloud.get(name).and_then(Value::as_str);
    let (Some("1.0"), Some(id), Some(source)) = (text("specversion"), text("id"), text("source"))
    else {
        return Err(Problem::malformed(
            "a CloudEvent has `specversion` 1.0, `id` and `source`",
        ));
    };
    let data = match (cloud.get("data"), text("data_base64")) {
        (Some(data), _) => data.to_string().into_bytes(),
        (None, Some(data)) => BASE64
            .decode(data)
            .map_err(|_| Problem::malformed("`data_base64` is not base64"))?,
        (None, None) => return Err(Problem::malformed("this CloudEvent has no data")),
    };
    let mut delivered = plain(&data)?;
    delivered.key = Some(cloud_key(source, id));
    Ok(delivered)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn delivered(
        headers: &[(&'static str, &'static str)],
        body: &str,
    ) -> Vec<(Value, Option<String>)> {
        let headers = headers
            .iter()
            .map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_static(value),
                )
            })
            .collect();
        let delivered = read(&headers, body.as_bytes()).unwrap();
        let pair = |one: Delivery| {
            assert!(
                Event::from_json(one.body.as_bytes()).is_ok(),
                "what is kept can be read"
            );
            (one.event.as_json().clone(), one.key)
        };
        delivered.into_iter().map(pair).collect()
    }

    #[test]
    fn every_shape_of_one_event_is_the_same_event() {
        let plain = r#"{"EventId": "7", "UserName": "ann"}"#;
        let event: Value = serde_json::from_str(plain).unwrap();
        let cloud = format!(
            r#"{{"specversion": "1.0", "id": "1", "source": "/x", "type": "t", "data": {plain}}}"#
        );
        for (headers, body) in [
            (
                &[("content-type", "application/json")][..],
                plain.to_owned(),
            ),
            (&[][..], plain.to_owned()),
            (
                &[("content-type", "application/x-www-form-urlencoded")][..],
                plain.to_owned(),
            ),
            (
                &[("content-type", "application/x-www-form-urlencoded")][..],
                "EventId=7&UserName=ann".to_owned(),
            ),
            (
                &[(
                    "content-type",
                    "application/cloudevents+json; charset=utf-8",
                )][..],
                cloud.clone(),
            ),
            (
                &[("content-type", "application/cloudevents-batch+json")][..],
                format!("[{cloud}]"),
            ),
            (
                &[
                    ("ce-specversion", "1.0"),
                    ("ce-id", "1"),
                    ("ce-source", "/x"),
                ][..],
                plain.to_owned(),
            ),
        ] {
            let events = delivered(headers, &body);
            assert_eq!(events.len(), 1);
            assert_eq!(events[0].0, event, "{headers:?}");
            assert!(events[0].1.is_some(), "{headers:?}");
        }
    }

    #[test]
    fn line_breaks_in_strings_are_kept() {
        let events = delivered(&[], "{\"Text\": \"a\nb\"}");
        assert_eq!(events[0].0["Text"], "a\nb");
    }

    #[test]
    fn what_is_no_event_is_said_to_be_none() {
        let batch = ("content-type", "application/cloudevents-batch+json");
        let cloud = ("content-type", "application/cloudevents+json");
        for (header, body) in [
            (cloud, "{}"),
            (
                cloud,
                r#"{"specversion": "0.3", "id": "1", "source": "x", "data": {}}"#,
            ),
            (cloud, r#"{"specversion": "1.0", "id": "1", "source": "x"}"#),
            (
                cloud,
                r#"{"specversion": "1.0", "id": "1", "source": "x", "data_base64": "?"}"#,
            ),
            (batch, "{}"),
            (("ce-specversion", "1.0"), "{}"),
            (("content-type", "application/json"), "[]"),
            (("content-type", "application/json"), "nothing"),
        ] {
            let headers = HeaderMap::from_iter([(
                HeaderName::from_static(header.0),
                HeaderValue::from_static(header.1),
            )]);
            assert!(read(&headers, body.as_bytes()).is_err(), "{body}");
        }
    }
}
