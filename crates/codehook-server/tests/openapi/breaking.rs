//! Finds what a new OpenAPI description takes from the clients of an old one.
//!
//! Both descriptions are read as facts. A promise is what a client may rely on: an operation, a field of a response, a
//! value that a request may have. A demand is what a client must cope with: a field that a request needs, a type that
//! a response may have. A promise that is lost breaks clients, and so does a new demand about something that they
//! know.

use std::collections::BTreeMap;

use serde_json::Value;

/// A change that breaks clients.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The name by which the changelog must call it: an operation, a field, a value.
    pub(crate) subject: String,
    /// What has changed.
    pub(crate) text: String,
}

/// Returns the changes from `old` to `new` that break clients.
pub(crate) fn changes(old: &Value, new: &Value) -> Vec<Change> {
    let (old, new) = (Facts::read(old), Facts::read(new));
    let known = |promises: &BTreeMap<String, Fact>, parent: &Option<String>| {
        parent
            .as_ref()
            .is_none_or(|parent| promises.contains_key(parent))
    };
    // Of something that is lost as a whole, its parts are not named one by one.
    let lost = old
        .promises
        .iter()
        .filter(|(text, fact)| {
            !new.promises.contains_key(*text) && known(&new.promises, &fact.parent)
        })
        .map(|(text, fact)| fact.change(format!("{text} is not there any more")));
    let demanded = new
        .demands
        .iter()
        .filter(|(text, fact)| {
            !old.demands.contains_key(*text) && known(&old.promises, &fact.parent)
        })
        .map(|(text, fact)| fact.change(format!("{text} is new")));
    lost.chain(demanded).collect()
}

/// A promise or a demand.
struct Fact {
    subject: String,
    /// The promise of which this is a part.
    parent: Option<String>,
}

impl Fact {
    fn change(&self, text: String) -> Change {
        Change {
            subject: self.subject.clone(),
            text,
        }
    }
}

/// What a description says, by sentences.
struct Facts<'a> {
    document: &'a Value,
    promises: BTreeMap<String, Fact>,
    demands: BTreeMap<String, Fact>,
}

/// Who sends a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sender {
    Client,
    Service,
}

/// A place in a document.
#[derive(Clone)]
struct Place {
    sender: Sender,
    /// The promise that the place exists.
    text: String,
    /// The name of the field, or of the document.
    subject: String,
}

/// Members of `value`, none where it is no object.
fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

/// Items of `value`, none where it is no array.
fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

impl<'a> Facts<'a> {
    fn read(document: &'a Value) -> Self {
        let mut facts = Self {
            document,
            promises: BTreeMap::new(),
            demands: BTreeMap::new(),
        };
        for (path, methods) in members(&document["paths"]) {
            for (method, operation) in members(methods) {
                facts.operation(&format!("{} {path}", method.to_uppercase()), operation);
            }
        }
        facts
    }

    fn promise(&mut self, text: String, subject: &str, parent: Option<&str>) {
        let (subject, parent) = (subject.to_owned(), parent.map(str::to_owned));
        self.promises.insert(text, Fact { subject, parent });
    }

    fn demand(&mut self, text: String, subject: &str, parent: &str) {
        let (subject, parent) = (subject.to_owned(), Some(parent.to_owned()));
        self.demands.insert(text, Fact { subject, parent });
    }

    fn operation(&mut self, name: &str, operation: &'a Value) {
        self.promise(name.to_owned(), name, None);
        for parameter in items(&operation["parameters"]) {
            let subject = parameter["name"].as_str().unwrap_or_default();
            let text = format!("{name}: the parameter `{subject}`");
            self.promise(text.clone(), subject, Some(name));
            if parameter["required"] == true {
                self.demand(format!("{text}, which is required,"), subject, name);
            }
            let place = Place {
                sender: Sender::Client,
                text,
                subject: subject.to_owned(),
            };
            self.schema(&place, &parameter["schema"], &mut Vec::new());
        }
        let body = &operation["requestBody"];
        if body["required"] == true {
            self.demand(format!("{name}: a required body"), name, name);
        }
        self.contents(Sender::Client, &format!("{name}: the request"), name, body);
        for (status, response) in members(&operation["responses"]) {
            let text = format!("{name}: the response {status}");
            self.promise(text.clone(), status, Some(name));
            for (header, _) in members(&response["headers"]) {
                self.promise(
                    format!("{text}: the header `{header}`"),
                    header,
                    Some(&text),
                );
            }
            self.contents(Sender::Service, &text, &text, response);
        }
    }

    /// The documents of a request or a response, by media type; they are a part of `parent`.
    fn contents(&mut self, sender: Sender, text: &str, parent: &str, message: &'a Value) {
        for (media_type, content) in members(&message["content"]) {
            let place = Place {
                sender,
                text: format!("{text} as {media_type}"),
                subject: media_type.to_owned(),
            };
            self.promise(place.text.clone(), media_type, Some(parent));
            self.schema(&place, &content["schema"], &mut Vec::new());
        }
    }

    /// What a schema says of a place; `references` are those that led here, so that a schema within itself is read
    /// once.
    fn schema(&mut self, place: &Place, schema: &'a Value, references: &mut Vec<&'a str>) {
        if let Some(reference) = schema["$ref"].as_str() {
            if references.contains(&reference) {
                return;
            }
            let pointer = reference.trim_start_matches('#');
            let target = self.document.pointer(pointer);
            let target = target.unwrap_or_else(|| panic!("{reference} is not there"));
            references.push(reference);
            self.schema(place, target, references);
            references.pop();
        }
        for combined in ["allOf", "anyOf", "oneOf"] {
            for part in items(&schema[combined]) {
                self.schema(place, part, references);
            }
        }
        self.types(place, &schema["type"]);
        for value in items(&schema["enum"]) {
            let value = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
            let text = format!("{}: the value `{value}`", place.text);
            self.promise(text, &value, Some(&place.text));
        }
        for (field, schema) in members(&schema["properties"]) {
            let inner = place.inner(&format!(".{field}"), field);
            self.promise(inner.text.clone(), field, Some(&place.text));
            self.schema(&inner, schema, references);
        }
        for field in items(&schema["required"]).filter_map(Value::as_str) {
            let inner = place.inner(&format!(".{field}"), field).text;
            match place.sender {
                Sender::Client => {
                    self.demand(format!("{inner}, which is required,"), field, &place.text)
                }
                Sender::Service => {
                    self.promise(format!("{inner} in every response"), field, Some(&inner));
                }
            }
        }
        for (within, suffix) in [("items", "[]"), ("additionalProperties", ".*")] {
            if schema[within].is_object() {
                let inner = place.inner(suffix, &place.subject);
                self.promise(inner.text.clone(), &inner.subject, Some(&place.text));
                self.schema(&inner, &schema[within], references);
            }
        }
    }

    fn types(&mut self, place: &Place, types: &Value) {
        let one = types.as_str();
        for kind in items(types).filter_map(Value::as_str).chain(one) {
            let text = format!("{}: the type {kind}", place.text);
            match place.sender {
                Sender::Client => self.promise(text, &place.subject, Some(&place.text)),
                Sender::Service => self.demand(text, &place.subject, &place.text),
            }
        }
    }
}

impl Place {
    fn inner(&self, suffix: &str, subject: &str) -> Self {
        // The first step separates the path from the message.
        let separator = if self.text.contains(" at ") {
            ""
        } else {
            " at "
        };
        Self {
            sender: self.sender,
            text: format!("{}{separator}{suffix}", self.text),
            subject: subject.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A description with one operation that takes and gives a `Thing`.
    fn description(request: Value, response: Value) -> Value {
        json!({
            "paths": {"/things": {"post": {
                "parameters": [{"name": "limit", "in": "query", "schema": {"type": "integer"}}],
                "requestBody": {"content": {"application/json": {"schema": request}}},
                "responses": {"200": {"content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Thing"}},
                }}},
            }}},
            "components": {"schemas": {"Thing": response}},
        })
    }

    fn thing() -> Value {
        json!({
            "type": "object", "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "state": {"type": "string", "enum": ["on", "off"]},
                "parts": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}},
            },
        })
    }

    fn request() -> Value {
        json!({
            "type": "object", "required": ["name"],
            "properties": {"name": {"type": "string"}, "size": {"type": "integer"}},
        })
    }

    fn subjects(old: &Value, new: &Value) -> Vec<String> {
        let changes = changes(old, new).into_iter();
        changes.map(|change| change.subject).collect()
    }

    /// Changes the description by `edit`, and returns the subjects of what breaks.
    fn after(edit: impl FnOnce(&mut Value)) -> Vec<String> {
        let old = description(request(), thing());
        let mut new = old.clone();
        edit(&mut new);
        subjects(&old, &new)
    }

    fn remove(value: &mut Value, pointer: &str, name: &str) {
        let object = value.pointer_mut(pointer).expect("an object");
        let removed = object.as_object_mut().expect("an object").remove(name);
        removed.expect("a member");
    }

    const OPERATION: &str = "/paths/~1things/post";
    const THING: &str = "/components/schemas/Thing";
    const REQUEST: &str = "/paths/~1things/post/requestBody/content/application~1json/schema";

    #[test]
    fn the_same_description_breaks_nothing() {
        assert!(after(|_| {}).is_empty());
    }

    #[test]
    fn a_path_or_a_method_that_is_gone_is_named_once() {
        assert_eq!(
            after(|new| remove(new, "/paths", "/things")),
            ["POST /things"]
        );
        assert_eq!(
            after(|new| {
                let path = &mut new["paths"]["/things"];
                path["put"] = path["post"].take();
                remove(new, "/paths/~1things", "post");
            }),
            ["POST /things"]
        );
    }

    #[test]
    fn a_field_a_value_or_a_promise_of_a_response_that_is_gone_breaks() {
        let properties = format!("{THING}/properties");
        assert_eq!(after(|new| remove(new, &properties, "parts")), ["parts"]);
        assert_eq!(after(|new| remove(new, THING, "required")), ["name"]);
        let state = format!("{THING}/properties/state");
        let off = |new: &mut Value| new.pointer_mut(&state).expect("it")["enum"] = json!(["on"]);
        assert_eq!(after(off), ["off"]);
        let responses = format!("{OPERATION}/responses");
        assert_eq!(after(|new| remove(new, &responses, "200")), ["200"]);
    }

    #[test]
    fn a_response_that_may_be_of_another_type_breaks() {
        let name = format!("{THING}/properties/name");
        for other in [json!("integer"), json!(["string", "null"])] {
            let change =
                |new: &mut Value| new.pointer_mut(&name).expect("it")["type"] = other.clone();
            assert_eq!(after(change), ["name"], "{other}");
        }
    }

    #[test]
    fn a_request_that_needs_more_or_takes_less_breaks() {
        let required = |new: &mut Value| {
            new.pointer_mut(REQUEST).expect("it")["required"] = json!(["name", "size"]);
        };
        assert_eq!(after(required), ["size"]);
        let new_field = |new: &mut Value| {
            let request = new.pointer_mut(REQUEST).expect("it");
            request["properties"]["color"] = json!({"type": "string"});
            request["required"] = json!(["name", "color"]);
        };
        assert_eq!(after(new_field), ["color"]);
        let properties = format!("{REQUEST}/properties");
        assert_eq!(after(|new| remove(new, &properties, "size")), ["size"]);
        let text = |new: &mut Value| {
            new.pointer_mut(&properties).expect("it")["size"]["type"] = json!("string");
        };
        assert_eq!(after(text), ["size"]);
        let body = |new: &mut Value| {
            let path = format!("{OPERATION}/requestBody");
            new.pointer_mut(&path).expect("it")["required"] = json!(true);
        };
        assert_eq!(after(body), ["POST /things"]);
    }

    #[test]
    fn a_parameter_that_is_gone_or_newly_required_breaks() {
        assert_eq!(after(|new| remove(new, OPERATION, "parameters")), ["limit"]);
        let required = |new: &mut Value| {
            let path = format!("{OPERATION}/parameters/0");
            new.pointer_mut(&path).expect("it")["required"] = json!(true);
        };
        assert_eq!(after(required), ["limit"]);
    }

    #[test]
    fn what_is_added_breaks_nothing() {
        let added = after(|new| {
            new["paths"]["/more"] = new["paths"]["/things"].clone();
            let request = new.pointer_mut(REQUEST).expect("it");
            // Whoever sends the new object knows what it needs.
            request["properties"]["owner"] = json!({
                "type": "object", "required": ["id"], "properties": {"id": {"type": "string"}},
            });
            let thing = new.pointer_mut(THING).expect("it");
            thing["properties"]["more"] = json!({"type": "integer"});
            thing["properties"]["state"]["enum"] = json!(["on", "off", "broken"]);
        });
        assert!(added.is_empty(), "{added:?}");
    }

    #[test]
    fn a_schema_that_moves_to_another_place_of_the_description_stays_the_same() {
        let old = description(request(), thing());
        let mut new = description(request(), thing());
        new["components"]["schemas"]["Name"] = json!({"type": "string"});
        let name = format!("{THING}/properties/name");
        *new.pointer_mut(&name).expect("it") =
            json!({"allOf": [{"$ref": "#/components/schemas/Name"}]});
        assert!(subjects(&old, &new).is_empty());
    }
}
