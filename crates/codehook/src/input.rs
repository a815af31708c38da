//! The files a person names: script template, event, mapping, certificates. Each is read whole, up to its limit.

use std::io::Read;
use std::path::Path;

use codehook_egress::CaCertificates;
use codehook_template::{
    Event, EventError, MAX_EVENT_BYTES, MAX_TEMPLATE_BYTES, Mapping, Template,
};

use crate::rejection::Rejection;

/// What `--event` takes for standard input.
pub(crate) const STANDARD_INPUT: &str = "-";
/// How messages name it.
const STANDARD_INPUT_NAME: &str = "standard input";
/// The largest mapping in bytes.
pub(crate) const MAX_MAPPING_BYTES: usize = 1024 * 1024;
/// The largest file of certificates in bytes; a platform's whole collection has a quarter of it.
const MAX_CERTIFICATES_BYTES: usize = 1024 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How messages name a file.
pub(crate) fn display_name(path: &Path) -> String {
    path.display().to_string()
}

/// The content of the file at `path`.
pub(crate) fn read_file(path: &Path, max_bytes: usize) -> Result<Vec<u8>, Rejection> {
    let name = display_name(path);
    let unreadable = |error| Rejection::file(&name, format!("cannot be read: {error}"));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    let content = read_some(file, max_bytes).map_err(unreadable)?;
    if content.len() > max_bytes {
        let problem =
            format!("has more than {max_bytes} bytes, the most it may have; is it the right file?");
        return Err(Rejection::file(&name, problem));
    }
    Ok(content)
}

/// Up to one byte more than `max_bytes`, so that too much can be told from just enough.
fn read_some(source: impl Read, max_bytes: usize) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    source
        .take(max_bytes as u64 + 1)
        .read_to_end(&mut content)?;
    Ok(content)
}

/// Standard input, up to one byte more than `max_bytes`.
pub(crate) fn read_standard_input(max_bytes: usize) -> Result<Vec<u8>, Rejection> {
    read_some(std::io::stdin().lock(), max_bytes)
        .map_err(|error| Rejection::file(STANDARD_INPUT_NAME, format!("cannot be read: {error}")))
}

/// The mapping in a file, or the default one.
pub(crate) fn mapping(path: Option<&Path>) -> Result<Mapping, Rejection> {
    let Some(path) = path else {
        return Ok(Mapping::default());
    };
    let content = read_file(path, MAX_MAPPING_BYTES)?;
    Mapping::from_json(&content).map_err(|error| Rejection::mapping(&display_name(path), &error))
}

/// The script template in a file.
pub(crate) fn template(path: &Path, mapping: &Mapping) -> Result<Template, Rejection> {
    let name = display_name(path);
    let content = read_file(path, MAX_TEMPLATE_BYTES)?;
    Template::parse_with(&content, &name, mapping)
        .map_err(|error| Rejection::template(&name, &error))
}

/// The name under which the interpreter knows the script: the file's own, as tracebacks should show it.
pub(crate) fn script_name(path: &Path) -> String {
    match path.file_name() {
        Some(name) => name.to_string_lossy().into_owned(),
        None => "hook.py".to_owned(),
    }
}

/// The event in a file or on standard input, JSON or form-encoded by its content.
pub(crate) fn event(path: Option<&Path>) -> Result<Event, Rejection> {
    let path = path.ok_or_else(|| {
        Rejection::usage(
            "no event is given: add `--event FILE` (a JSON object such as {\"UserName\": \"ann\"}, or form-encoded), or `--event -` \
             and pipe it in",
        )
    })?;
    let (name, content) = if path == Path::new(STANDARD_INPUT) {
        let content = read_standard_input(MAX_EVENT_BYTES)?;
        (STANDARD_INPUT_NAME.to_owned(), content)
    } else {
        (display_name(path), read_file(path, MAX_EVENT_BYTES)?)
    };
    parse_event(&content).map_err(|error| Rejection::event(&name, &error))
}

/// No form begins with a JSON bracket or quote, since a sender percent-encodes them; the other way round, an array is
/// a mistake that should be called by its name.
fn parse_event(content: &[u8]) -> Result<Event, EventError> {
    let text = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
    match text.trim_ascii_start().first() {
        Some(b'{' | b'[' | b'"') | None => Event::from_json(content),
        // A file ends with a line end, a form does not.
        Some(_) => Event::from_form(text.trim_ascii()),
    }
}

/// The certificates in each of `paths`.
pub(crate) fn certificates(paths: &[std::path::PathBuf]) -> Result<Vec<CaCertificates>, Rejection> {
    paths
        .iter()
        .map(|path| {
            Ok(CaCertificates {
                origin: display_name(path),
                pem: read_file(path, MAX_CERTIFICATES_BYTES)?,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_is_json_or_a_form_by_its_content() {
        let json = parse_event(b"\xef\xbb\xbf \n{\"UserName\": \"ann\"}\n").expect("an event");
        assert_eq!(json.as_json()["UserName"], "ann");
        let form = parse_event(b"UserName=ann+b&RiskScore=3\r\n").expect("an event");
        assert_eq!(form.as_json()["UserName"], "ann b");
        assert_eq!(form.as_json()["RiskScore"], "3");
        assert!(matches!(
            parse_event(b"[1]"),
            Err(EventError::NotAnObject { .. })
        ));
        assert!(matches!(parse_event(b" \n"), Err(EventError::Empty)));
    }

    #[test]
    fn without_an_event_the_message_says_what_to_give() {
        let rejection = event(None).expect_err("an error");
        assert!(rejection.message.contains("--event FILE"), "{rejection}");
        assert!(rejection.message.contains("--event -"), "{rejection}");
    }

    #[test]
    fn a_file_over_its_limit_is_refused() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        std::fs::write(&path, "12345").expect("a file");
        assert_eq!(read_file(&path, 5).expect("a file"), b"12345");
        assert!(
            read_file(&path, 4)
                .expect_err("an error")
                .message
                .contains("more than 4 bytes")
        );
    }
}
