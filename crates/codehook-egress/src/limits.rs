//! Limits on what one run may do on the network. Every default is a constant here.

use std::time::Duration;

/// Limits on count, size and time for one session.
///
/// Sizes are bytes of HTTP bodies or heads, except [`max_total_bytes`](Self::max_total_bytes), which counts what really
/// crosses the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressLimits {
    /// Requests that may be asked for, refused ones included.
    pub max_requests: usize,
    /// Exchanges that may have a connection at the same time.
    pub max_open_exchanges: usize,
    /// Method, URL and headers of one request, in bytes.
    pub max_request_head_bytes: usize,
    /// Header lines of one request.
    pub max_request_headers: usize,
    /// Body of one request, in bytes.
    pub max_request_body_bytes: u64,
    /// Status line and headers of one response, in bytes.
    pub max_response_head_bytes: usize,
    /// Header lines of one response.
    pub max_response_headers: usize,
    /// Body of one response as sent (not decompressed), in bytes.
    pub max_response_body_bytes: u64,
    /// Bytes on the wire over the whole session, both directions, TLS and HTTP framing included.
    pub max_total_bytes: u64,
    /// Time for the name look-up, the TCP connection and the TLS handshake of one request together.
    pub connect_timeout: Duration,
    /// Time for one whole exchange, from asking for it to the last byte of its response, however many steps that takes.
    pub request_timeout: Duration,
}

impl EgressLimits {
    /// Requests in one session.
    pub const DEFAULT_MAX_REQUESTS: usize = 50;
    /// Connections at the same time.
    pub const DEFAULT_MAX_OPEN_EXCHANGES: usize = 8;
    /// 64 KiB.
    pub const DEFAULT_MAX_REQUEST_HEAD_BYTES: usize = 64 * 1024;
    /// Header lines in a request.
    pub const DEFAULT_MAX_REQUEST_HEADERS: usize = 128;
    /// 10 MiB.
    pub const DEFAULT_MAX_REQUEST_BODY_BYTES: u64 = 10 * 1024 * 1024;
    /// 64 KiB.
    pub const DEFAULT_MAX_RESPONSE_HEAD_BYTES: usize = 64 * 1024;
    /// Header lines in a response.
    pub const DEFAULT_MAX_RESPONSE_HEADERS: usize = 128;
    /// 20 MiB.
    pub const DEFAULT_MAX_RESPONSE_BODY_BYTES: u64 = 20 * 1024 * 1024;
    /// 128 MiB.
    pub const DEFAULT_MAX_TOTAL_BYTES: u64 = 128 * 1024 * 1024;
    /// 10 seconds.
    pub const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
    /// 25 seconds: below the 30 seconds a run has, so that a script can still report a slow server.
    pub const DEFAULT_REQUEST_TIMEOUT: Duration = Duration::from_secs(25);
}

impl Default for EgressLimits {
    fn default() -> Self {
        Self {
            max_requests: Self::DEFAULT_MAX_REQUESTS,
            max_open_exchanges: Self::DEFAULT_MAX_OPEN_EXCHANGES,
            max_request_head_bytes: Self::DEFAULT_MAX_REQUEST_HEAD_BYTES,
            max_request_headers: Self::DEFAULT_MAX_REQUEST_HEADERS,
            max_request_body_bytes: Self::DEFAULT_MAX_REQUEST_BODY_BYTES,
            max_response_head_bytes: Self::DEFAULT_MAX_RESPONSE_HEAD_BYTES,
            max_response_headers: Self::DEFAULT_MAX_RESPONSE_HEADERS,
            max_response_body_bytes: Self::DEFAULT_MAX_RESPONSE_BODY_BYTES,
            max_total_bytes: Self::DEFAULT_MAX_TOTAL_BYTES,
            connect_timeout: Self::DEFAULT_CONNECT_TIMEOUT,
            request_timeout: Self::DEFAULT_REQUEST_TIMEOUT,
        }
    }
}
