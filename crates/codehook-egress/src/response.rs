//! The head of a response, as the guest receives it.

use http::header::{CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use http::{Response, StatusCode, Version};
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;

use crate::error::{EgressError, ProtocolFault};

/// The HTTP version of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

/// Status and headers of a response.
///
/// The body that follows is as sent, content coding included; chunks are taken apart. Headers on the connection and on
/// the framing that was taken apart are left out (`Connection`, `Keep-Alive`, `Proxy-Connection`, `TE`, `Trailer`,
/// `Transfer-Encoding`, `Upgrade`; and `Content-Length` when a transfer coding overrides it, RFC 9112, section 6.3).
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status code. Redirects are not followed.
    pub status: u16,
    /// The reason phrase as sent; the registered one when the server sent exactly that.
    pub reason: Vec<u8>,
    /// Header lines: name in lower case, and value; lines of one name stand together, otherwise in the order sent.
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    /// The version of the response.
    pub version: HttpVersion,
    /// The length of the body in bytes, when the framing gives it: 0 for HEAD, 204 and 304 whatever `Content-Length`
    /// claims.
    pub body_length: Option<u64>,
}

impl std::fmt::Debug for ResponseHead {
    /// Shows no header: cookies and tokens are in them.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseHead")
            .field("status", &self.status)
            .field("headers", &self.headers.len())
            .field("version", &self.version)
            .field("body_length", &self.body_length)
            .finish_non_exhaustive()
    }
}

/// Headers about the connection and the framing, which the guest does not get.
const OMITTED_HEADERS: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl ResponseHead {
    /// Splits a response into head and body; refuses features that no request of this crate asks for.
    pub(crate) fn split(response: Response<Incoming>) -> Result<(Self, Incoming), EgressError> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(EgressError::Protocol(ProtocolFault::UnaskedUpgrade));
        }
        let (parts, body) = response.into_parts();
        let coded = parts.headers.contains_key(TRANSFER_ENCODING);
        // No request says that it takes any other coding (`TE` is never sent), and the guest could not decode such a
        // body.
        let mut codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
        if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
            return Err(EgressError::Protocol(ProtocolFault::TransferCoding));
        }
        let is_omitted = |name: &HeaderName| {
            OMITTED_HEADERS.contains(&name.as_str()) || (coded && name == CONTENT_LENGTH)
        };
        let headers = parts
            .headers
            .iter()
            .filter(|(name, _)| !is_omitted(name))
            .map(|(name, value)| (name.as_str().as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect();
        let reason = match parts.extensions.get::<ReasonPhrase>() {
            Some(reason) => reason.as_bytes().to_vec(),
            None => parts.status.canonical_reason().unwrap_or_default().into(),
        };
        let version = match parts.version {
            Version::HTTP_10 => HttpVersion::Http10,
            _ => HttpVersion::Http11,
        };
        let status = parts.status.as_u16();
        let body_length = body.size_hint().exact();
        Ok((
            Self {
                status,
                reason,
                headers,
                version,
                body_length,
            },
            body,
        ))
    }
}
