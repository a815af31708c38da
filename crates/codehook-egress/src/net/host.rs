//! Hosts and schemes in the one form in which they are compared.
//!
//! Every host (of a URL, an allow rule, a resolve override, a `Host` header) passes through here, so that two spellings
//! of one host cannot be told apart: lower case, IDN as punycode, every IPv4 spelling as dotted decimal, no trailing
//! dot. Refuses what cannot be a host of an `http` URL.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Longest name that DNS can carry, in characters without the trailing dot (RFC 1035, section 2.3.4).
const MAX_NAME_LENGTH: usize = 253;

/// The two URL schemes a guest may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Plain HTTP.
    Http,
    /// HTTP over verified TLS.
    Https,
}

impl Scheme {
    /// Returns the port of a URL of this scheme that names none (RFC 9110, section 4.2).
    pub fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.eq_ignore_ascii_case("http") {
            Some(Self::Http)
        } else if text.eq_ignore_ascii_case("https") {
            Some(Self::Https)
        } else {
            None
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Http => "http",
            Self::Https => "https",
        })
    }
}

/// A host in normal form.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    Name(String),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Host {
    /// Parses a host as an operator or a header writes it; an IPv6 address stands in brackets.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // `url` decodes percent escapes inside a host and lets `*` stand in a name: neither is valid in a rule or a
        // header.
        if text.contains(['%', '*']) || text.contains(|c: char| c.is_whitespace() || c.is_control())
        {
            return None;
        }
        match url::Host::parse(text).ok()? {
            url::Host::Domain(name) => Self::name(&name),
            url::Host::Ipv4(address) => Some(Self::V4(address)),
            url::Host::Ipv6(address) => Some(Self::V6(address)),
        }
    }

    /// Returns the host of a parsed URL; `None` when it has none or one that DNS could not carry.
    pub(crate) fn of_url(url: &url::Url) -> Option<Self> {
        match url.host()? {
            url::Host::Domain(name) => Self::name(name),
            url::Host::Ipv4(address) => Some(Self::V4(address)),
            url::Host::Ipv6(address) => Some(Self::V6(address)),
        }
    }

    fn name(name: &str) -> Option<Self> {
        let name = name.strip_suffix('.').unwrap_or(name);
        let plausible = name.len() <= MAX_NAME_LENGTH
            && !name.contains('*')
            && name.split('.').all(|label| !label.is_empty());
        plausible.then(|| Self::Name(name.to_ascii_lowercase()))
    }

    pub(crate) fn ip(&self) -> Option<IpAddr> {
        match self {
            Self::Name(_) => None,
            Self::V4(address) => Some(IpAddr::V4(*address)),
            Self::V6(address) => Some(IpAddr::V6(*address)),
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::V4(address) => address.fmt(f),
            Self::V6(address) => write!(f, "[{address}]"),
        }
    }
}

/// Splits `host`, `host:port`, `[v6]` or `[v6]:port`; the port is still text. `None` for a bracket that never closes.
pub(crate) fn split_port(text: &str) -> Option<(&str, Option<&str>)> {
    if text.starts_with('[') {
        let end = text.find(']')? + 1;
        let (host, rest) = text.split_at(end);
        return match rest.strip_prefix(':') {
            Some(port) => Some((host, Some(port))),
            None if rest.is_empty() => Some((host, None)),
            None => None,
        };
    }
    Some(match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    })
}

/// Parses a port, 1 to 65535, digits only (`str::parse` alone would take a sign).
pub(crate) fn parse_port(text: &str) -> Option<u16> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|port| *port != 0)
}
