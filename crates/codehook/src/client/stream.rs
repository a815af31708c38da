//! Server-sent events as they come (WHATWG HTML, section 9.2.6).

use std::io::{BufRead, BufReader};

use ureq::Body;

use super::Failure;

/// One event.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    pub(super) name: String,
    /// The data, JSON.
    pub(super) data: String,
}

/// Reads events until the stream ends.
pub(super) struct Events<R>(R);

/// The events of an answer.
pub(super) fn events(body: Body) -> Events<impl BufRead> {
    Events(BufReader::new(body.into_reader()))
}

impl<R: BufRead> Events<R> {
    /// The next one; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Event>, Failure> {
        let (mut name, mut data) = (String::new(), String::new());
        loop {
            let mut line = String::new();
            let read = self
                .0
                .read_line(&mut line)
                .map_err(|error| Failure::Unable(format!("the stream broke off: {error}")))?;
            if read == 0 {
                return Ok(None);
            }
            let line = line.trim_end_matches(['\r', '\n']);
            if line.is_empty() && !data.is_empty() {
                return Ok(Some(Event { name, data }));
            }
            // A line that begins with a colon is a comment, which keeps the connection alive.
            match line.split_once(':') {
                Some(("event", value)) => value.trim_start().clone_into(&mut name),
                Some(("data", value)) => data.push_str(value.trim_start()),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_read_one_by_one_and_comments_are_none() {
        let text = ": alive\n\nevent: output\ndata: {\"text\": \"a: b\\n\"}\n\nevent: end\r\ndata: {}\r\n\r\n";
        let mut events = Events(text.as_bytes());
        let first = events.next().unwrap().unwrap();
        assert_eq!(
            (first.name.as_str(), first.data.as_str()),
            ("output", r#"{"text": "a: b\n"}"#)
        );
        assert_eq!(events.next().unwrap().unwrap().name, "end");
        assert_eq!(events.next().unwrap(), None);
    }
}
