//! `--resolve`: addresses that an operator gives for a name, with the syntax and the meaning of curl's option.
//!
//! It replaces only the lookup: the addresses given here pass the same address rules as those from DNS.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use crate::net::host::{Host, parse_port, split_port};

/// `[+]HOST:PORT:ADDRESS[,ADDRESS]...`: for requests to `HOST` on `PORT`, use these addresses and ask no resolver.
///
/// `HOST` may be `*` for every host that has no override of its own; an IPv6 address may stand in brackets or bare. Of
/// two overrides for the same host and port the later one counts. A leading `+` (curl: let the entry expire) is
/// accepted and ignored, since a session does not outlive it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResolveOverride {
    /// `None` is `*`.
    host: Option<Host>,
    port: u16,
    addresses: Vec<IpAddr>,
}

/// Reasons why a text is not a [`ResolveOverride`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResolveOverrideError {
    /// The text does not have the three parts.
    #[error("`{0}` is not a resolve override: write HOST:PORT:ADDRESS[,ADDRESS]")]
    Shape(String),
    /// `-HOST:PORT`, which removes an entry from curl's cache.
    #[error("`{0}` removes an entry, and there is no cache to remove it from: leave it out")]
    Removal(String),
    /// The host is not valid.
    #[error("`{0}` does not start with a host: write a name, an address or `*`")]
    Host(String),
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` has no port from 1 to 65535 after its host")]
    Port(String),
    /// An address is not an IP address.
    #[error(
        "`{text}` holds `{address}`, which is not an IP address: give the address itself, not a name"
    )]
    Address {
        /// The whole override as given.
        text: String,
        /// The part that is not an address.
        address: String,
    },
}

impl ResolveOverride {
    /// Returns the addresses that `overrides` give for `host` and `port`; an entry for the host itself beats `*`.
    pub(crate) fn find<'a>(overrides: &'a [Self], host: &Host, port: u16) -> Option<&'a [IpAddr]> {
        let last = |wanted: Option<&Host>| {
            overrides
                .iter()
                .rev()
                .find(|entry| entry.port == port && entry.host.as_ref() == wanted)
        };
        last(Some(host))
            .or_else(|| last(None))
            .map(|entry| entry.addresses.as_slice())
    }
}

impl FromStr for ResolveOverride {
    type Err = ResolveOverrideError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.starts_with('-') {
            return Err(ResolveOverrideError::Removal(text.to_owned()));
        }
        let shape = || ResolveOverrideError::Shape(text.to_owned());
        let entry = text.strip_prefix('+').unwrap_or(text);
        let (host, rest) = split_port(entry).ok_or_else(shape)?;
        let (port, addresses) = rest
            .and_then(|rest| rest.split_once(':'))
            .ok_or_else(shape)?;
        let host = match host {
            "*" => None,
            host => {
                Some(Host::parse(host).ok_or_else(|| ResolveOverrideError::Host(text.to_owned()))?)
            }
        };
        let port = parse_port(port).ok_or_else(|| ResolveOverrideError::Port(text.to_owned()))?;
        let addresses = addresses
            .split(',')
            .map(|address| {
                parse_address(address).ok_or_else(|| ResolveOverrideError::Address {
                    text: text.to_owned(),
                    address: address.to_owned(),
                })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            host,
            port,
            addresses,
        })
    }
}

fn parse_address(text: &str) -> Option<IpAddr> {
    match text.strip_prefix('[') {
        Some(inner) => inner
            .strip_suffix(']')?
            .parse::<Ipv6Addr>()
            .ok()
            .map(IpAddr::V6),
        None => text.parse().ok(),
    }
}

impl fmt::Display for ResolveOverride {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Some(host) => host.fmt(f)?,
            None => f.write_str("*")?,
        }
        write!(f, ":{}:", self.port)?;
        for (index, address) in self.addresses.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match address {
                IpAddr::V4(address) => address.fmt(f)?,
                IpAddr::V6(address) => write!(f, "[{address}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
