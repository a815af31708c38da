//! A parsed URL: the endpoint to connect to, the request target, and the form that may be logged.
//!
//! Parsing is WHATWG's (the `url` crate), so that every spelling of an address ends up as the address itself before any
//! rule looks at it. Refuses what the parser would quietly repair (control characters, white space) and what must not
//! be part of a request.

use http::uri::PathAndQuery;
use url::Url;

use crate::error::RequestFault;
use crate::net::host::{Host, Scheme, parse_port, split_port};

/// Longest path that is logged in full, in bytes.
const MAX_VISIBLE_PATH: usize = 1024;

#[derive(Debug, Clone)]
pub(crate) struct Target {
    pub(crate) scheme: Scheme,
    pub(crate) host: Host,
    pub(crate) port: u16,
    /// The request target in origin form (RFC 9112, section 3.2.1).
    pub(crate) path_and_query: PathAndQuery,
    /// The URL without query values, for the transcript.
    pub(crate) visible: String,
}

impl Target {
    pub(crate) fn parse(text: &str) -> Result<Self, RequestFault> {
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(RequestFault::UrlCharacter);
        }
        let url = Url::parse(text).map_err(|_| RequestFault::Url)?;
        let scheme = Scheme::parse(url.scheme()).ok_or(RequestFault::Scheme)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RequestFault::UserInfo);
        }
        let host = Host::of_url(&url).ok_or(RequestFault::Url)?;
        let port = url.port().unwrap_or(scheme.default_port());
        if port == 0 {
            return Err(RequestFault::Url);
        }
        let path_and_query = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let path_and_query = path_and_query.try_into().map_err(|_| RequestFault::Url)?;
        let mut target = Self {
            scheme,
            host,
            port,
            path_and_query,
            visible: String::new(),
        };
        target.visible = target.describe();
        Ok(target)
    }

    /// Returns `host`, or `host:port` when the port is not the scheme's own: the value of the `Host` header (RFC 9112,
    /// section 3.2).
    pub(crate) fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Checks whether a `Host` header written by a guest names this target.
    pub(crate) fn is_named_by(&self, header: &[u8]) -> bool {
        let Some((host, port)) = std::str::from_utf8(header).ok().and_then(split_port) else {
            return false;
        };
        let port = match port {
            Some(port) => parse_port(port),
            None => Some(self.scheme.default_port()),
        };
        Host::parse(host).as_ref() == Some(&self.host) && port == Some(self.port)
    }

    fn describe(&self) -> String {
        let path = self.path_and_query.path();
        let shown = path.get(..MAX_VISIBLE_PATH).unwrap_or(path);
        let cut = if shown.len() < path.len() { "…" } else { "" };
        let query = if self.path_and_query.query().is_some() {
            "?…"
        } else {
            ""
        };
        format!("{}://{}{shown}{cut}{query}", self.scheme, self.authority())
    }
}

#[cfg(test)]
mod tests;
