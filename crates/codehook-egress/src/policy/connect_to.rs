//! `--connect-to`: connects to another endpoint than the URL's, with the syntax and the meaning of curl's option.
//!
//! It decides only where a connection goes: the allow list, the `Host` header and the name in the server's
//! certificate stay the URL's, and the address that is found passes the same address rules as any other.

use std::fmt;
use std::str::FromStr;

use crate::net::host::{Host, parse_port, split_port};

/// `HOST1:PORT1:HOST2:PORT2`: a request for `HOST1` on `PORT1` is sent over a connection to `HOST2` on `PORT2`.
///
/// An empty `HOST1` or `PORT1` stands for any; an empty `HOST2` or `PORT2` for the request's own. An IPv6 address
/// stands in brackets. Of several that cover a request the first counts. `HOST2` is looked up like any name, so a
/// [`ResolveOverride`](crate::ResolveOverride) for it holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ConnectTo {
    from: Side,
    to: Side,
}

/// A host and a port; `None` is an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Side {
    host: Option<Host>,
    port: Option<u16>,
}

/// Reasons why a text is not a [`ConnectTo`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConnectToError {
    /// The text does not have the four parts.
    #[error(
        "`{0}` is not a rule of `--connect-to`: write HOST1:PORT1:HOST2:PORT2 (an IPv6 address stands in brackets)"
    )]
    Shape(String),
    /// A host is not valid.
    #[error(
        "`{text}` holds `{host}`, which is not a host: write a name or an address, or leave it empty"
    )]
    Host {
        /// The whole text as given.
        text: String,
        /// The part that is not a host.
        host: String,
    },
    /// A port is not a number from 1 to 65535.
    #[error("`{text}` holds `{port}`, which is not a port: use 1 to 65535, or leave it empty")]
    Port {
        /// The whole text as given.
        text: String,
        /// The part that is not a port.
        port: String,
    },
}

impl ConnectTo {
    /// Returns the port that connections are sent to; `None` where it is the request's own.
    pub fn port(&self) -> Option<u16> {
        self.to.port
    }

    /// Returns the endpoint to connect to for a request to `host` and `port`: itself, unless one of `rules` covers it.
    pub(crate) fn endpoint(rules: &[Self], host: &Host, port: u16) -> (Host, u16) {
        let rule = rules.iter().find(|rule| rule.from.covers(host, port));
        let to = rule.map(|rule| &rule.to);
        (
            to.and_then(|to| to.host.clone())
                .unwrap_or_else(|| host.clone()),
            to.and_then(|to| to.port).unwrap_or(port),
        )
    }
}

impl Side {
    fn covers(&self, host: &Host, port: u16) -> bool {
        self.host.as_ref().is_none_or(|own| own == host) && self.port.is_none_or(|own| own == port)
    }

    fn parse(text: &str, host: &str, port: &str) -> Result<Self, ConnectToError> {
        let bad_host = || ConnectToError::Host {
            text: text.to_owned(),
            host: host.to_owned(),
        };
        let bad_port = || ConnectToError::Port {
            text: text.to_owned(),
            port: port.to_owned(),
        };
        let mut side = Self {
            host: None,
            port: None,
        };
        if !host.is_empty() {
            side.host = Some(Host::parse(host).ok_or_else(bad_host)?);
        }
        if !port.is_empty() {
            side.port = Some(parse_port(port).ok_or_else(bad_port)?);
        }
        Ok(side)
    }
}

impl FromStr for ConnectTo {
    type Err = ConnectToError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let shape = || ConnectToError::Shape(text.to_owned());
        let (host1, rest) = split_port(text).ok_or_else(shape)?;
        let (port1, rest) = rest
            .and_then(|rest| rest.split_once(':'))
            .ok_or_else(shape)?;
        let (host2, port2) = split_port(rest).ok_or_else(shape)?;
        let port2 = port2.ok_or_else(shape)?;
        Ok(Self {
            from: Side::parse(text, host1, port1)?,
            to: Side::parse(text, host2, port2)?,
        })
    }
}

impl fmt::Display for ConnectTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.from, self.to)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(host) = &self.host {
            host.fmt(f)?;
        }
        f.write_str(":")?;
        match self.port {
            Some(port) => port.fmt(f),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
