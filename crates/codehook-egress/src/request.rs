//! The head of a request: checked, stripped of headers that a guest may not set, and made ready to send.
//!
//! The guest decides the method, the URL and the end-to-end headers. Where the message begins and ends, and what
//! happens to the connection, is decided here; header lines on those matters are dropped.

use std::time::Duration;

use http::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING,
};
use http::{Method, Request};

use crate::body::{BodyFraming, GuestBody};
use crate::error::{EgressError, RequestFault, SizeLimit};
use crate::limits::EgressLimits;
use crate::net::target::Target;

/// A request as a guest asks for it, without its body.
///
/// Header lines are sent in the order given (lines of one name together), with names in the usual capitals
/// (`Content-Type`). `Host`, if given, must mean the URL's host and port. These are dropped, since they are about the
/// connection (RFC 9110, sections 7.6.1 and 10.1.1) or the framing, which [`BodyFraming`] decides: `Connection` and
/// every header it names, `Keep-Alive`, `Proxy-*`, `TE`, `Trailer`, `Transfer-Encoding`, `Upgrade`, `HTTP2-Settings`,
/// `Content-Length`, `Expect`. A guest that sends `Expect: 100-continue` is not made to wait: its body is sent at once.
#[derive(Clone)]
pub struct RequestHead {
    /// A method token; `CONNECT` is refused.
    pub method: Vec<u8>,
    /// An absolute `http` or `https` URL without user name and password. A fragment is ignored.
    pub url: String,
    /// Header lines: name and value.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// How the body is framed.
    pub body: BodyFraming,
    /// The timeout of the guest's socket: how long any single wait may take, within the session's own limits.
    pub timeout: Option<Duration>,
}

impl std::fmt::Debug for RequestHead {
    /// Shows neither the URL nor header values: both may hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RequestHead")
            .field("headers", &self.headers.len())
            .field("body", &self.body)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// Headers that are never sent as the guest wrote them.
const DROPPED_HEADERS: &[&str] = &[
    "connection",
    "content-length",
    "expect",
    "http2-settings",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Longest method, in bytes; the longest registered one has 16.
const MAX_METHOD: usize = 32;

pub(crate) fn parse_method(method: &[u8]) -> Result<Method, RequestFault> {
    let method = Method::from_bytes(method).map_err(|_| RequestFault::Method)?;
    if method == Method::CONNECT || method.as_str().len() > MAX_METHOD {
        return Err(RequestFault::Method);
    }
    Ok(method)
}

/// Builds the request that is sent; `body` decides its framing.
pub(crate) fn prepare(
    head: &RequestHead,
    target: &Target,
    limits: &EgressLimits,
    body: GuestBody,
) -> Result<Request<GuestBody>, EgressError> {
    check_size(head, limits)?;
    let method = parse_method(&head.method)?;
    let mut headers = HeaderMap::with_capacity(head.headers.len() + 3);
    let host = HeaderValue::from_str(&target.authority()).map_err(|_| RequestFault::Url)?;
    headers.insert(HOST, host);
    copy_headers(&head.headers, target, &mut headers)?;
    match head.body {
        BodyFraming::None => {}
        BodyFraming::Sized(length) => {
            headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
        }
        BodyFraming::Chunked => {
            headers.insert(TRANSFER_ENCODING, HeaderValue::from_static("chunked"));
        }
    }
    // Each exchange has a connection of its own, so the server need not keep it open.
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = target.path_and_query.clone().into();
    *request.headers_mut() = headers;
    Ok(request)
}

fn check_size(head: &RequestHead, limits: &EgressLimits) -> Result<(), EgressError> {
    let lines: usize = head
        .headers
        .iter()
        .map(|(name, value)| name.len() + value.len() + 4)
        .sum();
    let too_large = |what, limit| Err(EgressError::RequestTooLarge { what, limit });
    if head.method.len() + head.url.len() + lines > limits.max_request_head_bytes {
        return too_large(SizeLimit::HeadBytes, limits.max_request_head_bytes as u64);
    }
    if head.headers.len() > limits.max_request_headers {
        return too_large(SizeLimit::HeaderLines, limits.max_request_headers as u64);
    }
    match head.body {
        BodyFraming::Sized(length) if length > limits.max_request_body_bytes => {
            too_large(SizeLimit::BodyBytes, limits.max_request_body_bytes)
        }
        _ => Ok(()),
    }
}

fn copy_headers(
    lines: &[(Vec<u8>, Vec<u8>)],
    target: &Target,
    headers: &mut HeaderMap,
) -> Result<(), RequestFault> {
    let mut hosts = 0;
    let nominated = nominated_by_connection(lines);
    for (name, value) in lines {
        let name = HeaderName::from_bytes(name).map_err(|_| RequestFault::HeaderName)?;
        // A dropped header is checked all the same: a line break in it is an attack whichever line holds it.
        let value = HeaderValue::from_bytes(value).map_err(|_| RequestFault::HeaderValue)?;
        if name == HOST {
            hosts += 1;
            if hosts > 1 || !target.is_named_by(value.as_bytes()) {
                return Err(RequestFault::HostMismatch);
            }
        } else if !is_dropped(name.as_str())
            && !nominated.iter().any(|other| name == *other.as_str())
        {
            headers.append(name, value);
        }
    }
    Ok(())
}

fn is_dropped(name: &str) -> bool {
    DROPPED_HEADERS.contains(&name) || name.starts_with("proxy-")
}

/// Lists the headers that a `Connection` header declares to be about the connection only (RFC 9110, section 7.6.1).
fn nominated_by_connection(lines: &[(Vec<u8>, Vec<u8>)]) -> Vec<String> {
    lines
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case(b"connection"))
        .filter_map(|(_, value)| std::str::from_utf8(value).ok())
        .flat_map(|value| value.split(','))
        .map(|option| option.trim().to_ascii_lowercase())
        .collect()
}
