//! The hosts of `http` and `https` URLs in a template's string literals: what an author will have to allow.

use std::sync::LazyLock;

use codehook_template::{Mapping, Position, Template};
use regex::bytes::Regex;
use serde::Serialize;

use crate::check::source::{Source, Text, TextKind};

static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bhttps?://").expect("the pattern is a constant that the tests compile")
});

/// What is known of a host before the script runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum HostKind {
    /// Written out.
    Fixed,
    /// A token of the event, or a secret, is in it.
    Token,
    /// The script puts it together: `'https://%s/' % host`.
    Computed,
}

/// One use of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Host {
    /// Host, with its port if one is written, as it stands in the template.
    pub(crate) host: String,
    pub(crate) kind: HostKind,
    #[serde(flatten)]
    pub(crate) position: Position,
}

/// All of them, in order.
pub(crate) fn hosts(template: &Template, mapping: &Mapping) -> Vec<Host> {
    let source = Source::new(template);
    source
        .of_kind(TextKind::Literal)
        .flat_map(|literal| {
            SCHEME
                .find_iter(literal.bytes)
                .map(|scheme| host_after(literal, scheme.start(), scheme.end(), mapping))
        })
        .collect()
}

fn host_after(literal: &Text<'_>, url: usize, after_scheme: usize, mapping: &Mapping) -> Host {
    let rest = &literal.bytes[after_scheme..];
    let mut kind = HostKind::Fixed;
    let (mut start, mut at) = (0, 0);
    while at < rest.len() {
        match rest[at] {
            b'@' => match token_len(&rest[at..], mapping) {
                Some(length) => {
                    kind = HostKind::Token;
                    at += length;
                    continue;
                }
                // What stands before it is a user name.
                None => (start, kind) = (at + 1, HostKind::Fixed),
            },
            b'%' | b'{' | b'}' if kind == HostKind::Fixed => kind = HostKind::Computed,
            byte if ends_authority(byte) => break,
            _ => {}
        }
        at += 1;
    }
    let host = String::from_utf8_lossy(&rest[start..at]);
    // A URL in a sentence ends before the sentence's own sign.
    let host = host.trim_end_matches(['.', ',', ';', ':', '!']);
    Host {
        kind: if host.is_empty() {
            HostKind::Computed
        } else {
            kind
        },
        host: host.to_ascii_lowercase_outside_tokens(kind),
        position: literal.position(url),
    }
}

/// The length of the token that `text` starts with.
fn token_len(text: &[u8], mapping: &Mapping) -> Option<usize> {
    let end = text[1..].iter().position(|byte| *byte == b'@')? + 1;
    let name = std::str::from_utf8(&text[1..end]).ok()?;
    mapping.token(name).map(|_| end + 1)
}

fn ends_authority(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte.is_ascii_control() || b"/?#\\'\"<>()`,|&".contains(&byte)
}

/// Hosts compare without regard to case; the names of tokens do not.
trait AsHost {
    fn to_ascii_lowercase_outside_tokens(&self, kind: HostKind) -> String;
}

impl AsHost for str {
    fn to_ascii_lowercase_outside_tokens(&self, kind: HostKind) -> String {
        match kind {
            HostKind::Fixed => self.to_ascii_lowercase(),
            HostKind::Token | HostKind::Computed => self.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::template;

    fn found(text: &str) -> Vec<(String, HostKind, String)> {
        hosts(&template(text), &Mapping::default())
            .into_iter()
            .map(|host| (host.host, host.kind, host.position.to_string()))
            .collect()
    }

    fn host(text: &str) -> (String, HostKind) {
        let (host, kind, _) = found(text).remove(0);
        (host, kind)
    }

    #[test]
    fn hosts_of_urls_in_literals_and_where_they_stand() {
        let text = "a = 'https://API.test:8443/x'\nb = \"\"\"see\nhttp://b.test?q=1, and https://c.test.\"\"\"\n";
        let expected = [
            ("api.test:8443", "1:6"),
            ("b.test", "3:1"),
            ("c.test", "3:24"),
        ];
        let expected = expected.map(|(host, at)| (host.to_owned(), HostKind::Fixed, at.to_owned()));
        assert_eq!(found(text), expected);
    }

    #[test]
    fn a_host_that_is_a_token_is_shown_as_such() {
        let text = "x = 'https://@Hostname@/eventdetails/@EventId@'\n";
        assert_eq!(host(text), ("@Hostname@".to_owned(), HostKind::Token));
        let text = "x = 'https://@secret.TENANT@.okta.com/api'\n";
        assert_eq!(
            host(text),
            ("@secret.TENANT@.okta.com".to_owned(), HostKind::Token)
        );
    }

    #[test]
    fn a_user_name_is_no_host() {
        assert_eq!(
            host("x = 'https://ann:pw@a.test/'\n"),
            ("a.test".to_owned(), HostKind::Fixed)
        );
    }

    #[test]
    fn a_host_that_the_script_puts_together_is_computed() {
        assert_eq!(host("x = 'https://%s/api' % h\n").1, HostKind::Computed);
        assert_eq!(
            host("x = 'https://{0}/api'.format(h)\n").1,
            HostKind::Computed
        );
        assert_eq!(
            host("x = 'https://' + h\n"),
            (String::new(), HostKind::Computed)
        );
    }

    #[test]
    fn comments_and_code_hold_no_hosts() {
        assert!(found("# https://a.test/\nx = 1\n").is_empty());
    }
}
