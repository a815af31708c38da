//! The head of a response, as the guest gets it.

use http::header::{CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use http::{Response, StatusCode, Version};
use hyper::body::{Body, Incoming};
use hyper::ext::ReasonPhrase;

use crate::error::{EgressError, ProtocolFault};

/// The HTTP version that a server answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HttpVersion {
    /// HTTP/1.0
    Http10,
    /// HTTP/1.1
    Http11,
}

/// Status and headers of a response.
///
/// The body that follows is as sent, content coding included; chunks are taken apart. Headers on the connection and on the
/// framing that was taken apart are left out (`Connection`, `Keep-Alive`, `Proxy-Connection`, `TE`, `Trailer`,
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
    /// How many bytes of body follow, when the framing says so: nothing for HEAD, 204 and 304 whatever `Content-Length` claims.
    pub body_length: Option<u64>,
}

impl std::fmt::Debug for ResponseHead {
    /// Shows no header: cookies and tokens stand there.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ResponseHead")
            .field("status", &self.status)
            .field("headers", &self.headers.len())
            .field("version", &self.version)
            .field("body_length", &self.body_length)
            .finish_non_exhaustive()
    }
}

const LEFT_OUT: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

impl ResponseHead {
    /// Takes a response apart; refuses what no request of this crate can have asked for.
    pub(crate) fn take(response: Response<Incoming>) -> Result<(Self, Incoming), EgressError> {
        if response.status() == StatusCode::SWITCHING_PROTOCOLS {
            return Err(EgressError::Protocol(ProtocolFault::UnaskedUpgrade));
        }
        let (parts, body) = response.into_parts();
        let coded = parts.headers.contains_key(TRANSFER_ENCODING);
        // No request says that it takes any other coding (`TE` is never sent), and a body in one would reach the guest as noise.
        let mut codings = parts.headers.get_all(TRANSFER_ENCODING).iter();
        if codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked")) {
            return Err(EgressError::Protocol(ProtocolFault::TransferCoding));
        }
        let left_out = |name: &HeaderName| {
            LEFT_OUT.contains(&name.as_str()) || (coded && name == CONTENT_LENGTH)
        };
        let headers = parts
            .headers
            .iter()
            .filter(|(name, _)| !left_out(name))
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
