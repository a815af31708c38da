//! One line of a hook's allow list.
//!
//! Owns the syntax and the meaning of a rule. Refuses anything that looks like more than a host (a path, a user name, a
//! query), because a rule that silently ignored them would allow more than its author meant.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::net::host::{Host, Scheme, parse_port, split_port};
use crate::net::target::Target;

/// A rule for hosts that a guest may reach: `[scheme://]host[:port]`.
///
/// | Rule | Allows |
/// |---|---|
/// | `api.example.com` | that host, `http` on port 80 and `https` on port 443 |
/// | `api.example.com:8443` | that host on that port, either scheme |
/// | `https://api.example.com` | that host, `https` on port 443 only |
/// | `https://api.example.com:8443` | that host, `https` on that port only |
/// | `*.example.com` | every sub-domain, at any depth, but not `example.com` itself |
/// | `[2001:db8::1]`, `192.0.2.1` | that address, when a URL is written with it |
/// | `*` | every host |
///
/// Hosts are compared without regard to case or a trailing dot, with IDN in its ASCII form. An allowed host may still
/// resolve to a forbidden address: see [`PrivateNetworks`](crate::PrivateNetworks).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AllowRule {
    scheme: Option<Scheme>,
    hosts: Hosts,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Hosts {
    Any,
    Exactly(Host),
    /// The suffix without `*.`
    Below(String),
}

/// Reasons why a text is not an [`AllowRule`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AllowRuleError {
    /// Nothing but white space was given.
    #[error("an allow rule is empty: write a host such as `api.example.com`")]
    Empty,
    /// The scheme is neither `http` nor `https`.
    #[error(
        "allow rule `{0}` has an unknown scheme: use `http://` or `https://`, or leave the scheme out"
    )]
    Scheme(String),
    /// A path, a query, a fragment or a user name was given too.
    #[error("allow rule `{0}` holds more than a host: write `[scheme://]host[:port]` alone")]
    MoreThanHost(String),
    /// The host is not valid.
    #[error(
        "allow rule `{0}` does not name a host: write `host`, `*.suffix`, `*`, or an IPv6 address in brackets"
    )]
    Host(String),
    /// The port is not a number from 1 to 65535.
    #[error(
        "allow rule `{0}` has no valid port after the colon: use 1 to 65535 (an IPv6 address stands in brackets)"
    )]
    Port(String),
}

impl AllowRule {
    /// Returns the ports that the rule opens.
    pub fn ports(&self) -> impl Iterator<Item = u16> + use<> {
        let (scheme, port) = (self.scheme, self.port);
        let defaults = [Scheme::Http, Scheme::Https]
            .into_iter()
            .filter(move |own| port.is_none() && scheme.is_none_or(|scheme| scheme == *own))
            .map(Scheme::default_port);
        port.into_iter().chain(defaults)
    }

    /// Checks whether the rule covers this scheme, host and port.
    pub(crate) fn permits(&self, target: &Target) -> bool {
        let host = match &self.hosts {
            Hosts::Any => true,
            Hosts::Exactly(host) => *host == target.host,
            Hosts::Below(suffix) => is_below(&target.host, suffix),
        };
        host && self.permits_endpoint(target)
    }

    /// Checks whether the rule spells out `address` itself and covers the target's scheme and port.
    pub(crate) fn names_address(&self, address: IpAddr, target: &Target) -> bool {
        matches!(&self.hosts, Hosts::Exactly(host) if host.ip() == Some(address))
            && self.permits_endpoint(target)
    }

    fn permits_endpoint(&self, target: &Target) -> bool {
        let scheme = self.scheme.is_none_or(|scheme| scheme == target.scheme);
        let port = self.port.unwrap_or(target.scheme.default_port());
        scheme && port == target.port
    }
}

fn is_below(host: &Host, suffix: &str) -> bool {
    let Host::Name(name) = host else {
        return false;
    };
    name.strip_suffix(suffix)
        .and_then(|rest| rest.strip_suffix('.'))
        .is_some_and(|label| !label.is_empty())
}

impl FromStr for AllowRule {
    type Err = AllowRuleError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if text.is_empty() {
            return Err(AllowRuleError::Empty);
        }
        if text.contains('@') {
            // The text before an @ may be a password: it must not appear in the message.
            return Err(AllowRuleError::MoreThanHost("…@…".to_owned()));
        }
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => {
                let scheme =
                    Scheme::parse(scheme).ok_or_else(|| AllowRuleError::Scheme(text.to_owned()))?;
                (Some(scheme), rest)
            }
            None => (None, text),
        };
        if rest.contains(['/', '\\', '?', '#']) {
            let visible = text.split(['?', '#']).next().unwrap_or_default();
            return Err(AllowRuleError::MoreThanHost(visible.to_owned()));
        }
        let (host, port) = split_port(rest).ok_or_else(|| AllowRuleError::Host(text.to_owned()))?;
        let port = match port {
            Some(port) => {
                Some(parse_port(port).ok_or_else(|| AllowRuleError::Port(text.to_owned()))?)
            }
            None => None,
        };
        let hosts = parse_hosts(host).ok_or_else(|| AllowRuleError::Host(text.to_owned()))?;
        Ok(Self {
            scheme,
            hosts,
            port,
        })
    }
}

fn parse_hosts(text: &str) -> Option<Hosts> {
    if text == "*" {
        return Some(Hosts::Any);
    }
    match text.strip_prefix("*.") {
        // A suffix that reads as an address (`*.1`) would never match anything: an error is better than a rule without
        // effect.
        Some(suffix) => match Host::parse(suffix)? {
            Host::Name(suffix) => Some(Hosts::Below(suffix)),
            Host::V4(_) | Host::V6(_) => None,
        },
        None => Host::parse(text).map(Hosts::Exactly),
    }
}

impl fmt::Display for AllowRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(scheme) = self.scheme {
            write!(f, "{scheme}://")?;
        }
        match &self.hosts {
            Hosts::Any => f.write_str("*")?,
            Hosts::Exactly(host) => host.fmt(f)?,
            Hosts::Below(suffix) => write!(f, "*.{suffix}")?,
        }
        match self.port {
            Some(port) => write!(f, ":{port}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
