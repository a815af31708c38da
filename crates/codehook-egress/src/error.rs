//! Everything that can go wrong with one request, as a guest and a run report may see it.
//!
//! Messages name the host as the guest wrote it (normalised), never an address that a look-up gave, never a query, a header value
//! or a user name. No variant carries a foreign error, so that none can leak one through `Debug` either.

use std::time::Duration;

use codehook_api_types::EgressErrorKind;

use crate::net::host::Scheme;

/// Why a request, or a step of one, did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EgressError {
    /// No allow rule covers the URL.
    #[error(
        "{scheme}://{host}:{port} is not on this hook's list of allowed hosts: add `{host}` to the list if the hook needs it (with `:{port}` unless that is the scheme's own port)"
    )]
    DeniedByPolicy {
        /// The URL's scheme.
        scheme: Scheme,
        /// The URL's host.
        host: String,
        /// The URL's port, the scheme's own when it names none.
        port: u16,
    },
    /// The host has addresses, and none of them may be reached.
    #[error(
        "{host} is at a private or reserved address, which hooks may not reach: if that is meant, open private networks for this hook (the address of a cloud metadata service must be named in its allow list besides)"
    )]
    ForbiddenAddress {
        /// The URL's host.
        host: String,
    },
    /// The resolver knows no address for the host.
    #[error(
        "no address was found for {host}: check its spelling, and the name servers of this machine"
    )]
    NameNotFound {
        /// The URL's host.
        host: String,
    },
    /// Nothing listens on the port.
    #[error(
        "{host} refused the connection to port {port}: check the port, and that the service is up"
    )]
    ConnectionRefused {
        /// The URL's host.
        host: String,
        /// The port.
        port: u16,
    },
    /// No route, or another failure to connect.
    #[error("{host} cannot be reached on port {port}: check this machine's network and firewall")]
    Unreachable {
        /// The URL's host.
        host: String,
        /// The port.
        port: u16,
    },
    /// Look-up, connection and TLS handshake together took too long.
    #[error(
        "{host} could not be connected to on port {port} within {} s: check that it is up and not behind a firewall",
        limit.as_secs_f64()
    )]
    ConnectTimedOut {
        /// The URL's host.
        host: String,
        /// The port.
        port: u16,
        /// [`EgressLimits::connect_timeout`](crate::EgressLimits::connect_timeout).
        limit: Duration,
    },
    /// The server's identity or the TLS handshake failed.
    #[error("{host}: {fault}")]
    Tls {
        /// The URL's host.
        host: String,
        /// What is wrong.
        fault: TlsFault,
    },
    /// The certificates to trust could not be loaded.
    #[error(
        "this machine has no usable list of trusted certificates: install its CA certificates package, or give the certificates to trust"
    )]
    TrustStore,
    /// The timeout that the guest itself set passed. The exchange can still be waited for with another
    /// [`finish`](crate::Session::finish) or [`read`](crate::Session::read).
    #[error("timed out: the server took longer than the timeout that the script set")]
    TimedOut,
    /// The exchange as a whole took too long.
    #[error(
        "the request took longer than the {} s one request may take: ask for less, or raise the limit",
        limit.as_secs_f64()
    )]
    TimeLimit {
        /// [`EgressLimits::request_timeout`](crate::EgressLimits::request_timeout).
        limit: Duration,
    },
    /// The run has used up its requests.
    #[error(
        "this run has made {limit} requests, as many as it may: make fewer, or raise the limit"
    )]
    TooManyRequests {
        /// [`EgressLimits::max_requests`](crate::EgressLimits::max_requests).
        limit: usize,
    },
    /// Too many exchanges are open at once.
    #[error("{limit} requests are under way, as many as may be at once: read or close one first")]
    TooManyOpenExchanges {
        /// [`EgressLimits::max_open_exchanges`](crate::EgressLimits::max_open_exchanges).
        limit: usize,
    },
    /// The request is larger than allowed.
    #[error("the {what} is larger than the {limit} allowed: send less, or raise the limit")]
    RequestTooLarge {
        /// Which part.
        what: SizeLimit,
        /// The limit, in bytes or, for header lines, in lines.
        limit: u64,
    },
    /// The response is larger than allowed.
    #[error("the {what} is larger than the {limit} allowed: ask for less, or raise the limit")]
    ResponseTooLarge {
        /// Which part.
        what: SizeLimit,
        /// The limit, in bytes.
        limit: u64,
    },
    /// The run has used up its bytes on the network.
    #[error(
        "this run has moved {limit} bytes over the network, as many as it may: move less, or raise the limit"
    )]
    TooManyBytes {
        /// [`EgressLimits::max_total_bytes`](crate::EgressLimits::max_total_bytes).
        limit: u64,
    },
    /// The guest asked for something that is not a valid request.
    #[error("invalid request: {0}")]
    InvalidRequest(RequestFault),
    /// The server does not speak HTTP/1.1 correctly.
    #[error("the server's answer is not valid HTTP: {0}")]
    Protocol(ProtocolFault),
    /// The connection ended before the response did.
    #[error(
        "the server closed the connection before its response was complete: try again, and see the server's log if it stays so"
    )]
    ConnectionClosed,
    /// No such exchange in this session, or it was closed.
    #[error("no such request is open in this run: it was closed, or never opened")]
    UnknownExchange,
}

impl EgressError {
    /// Returns the kind, for reports and filters.
    pub fn kind(&self) -> EgressErrorKind {
        match self {
            Self::DeniedByPolicy { .. } => EgressErrorKind::DeniedByPolicy,
            Self::ForbiddenAddress { .. } => EgressErrorKind::ForbiddenAddress,
            Self::NameNotFound { .. } => EgressErrorKind::NameNotFound,
            Self::ConnectionRefused { .. } => EgressErrorKind::ConnectionRefused,
            Self::Unreachable { .. } => EgressErrorKind::Unreachable,
            Self::ConnectTimedOut { .. } => EgressErrorKind::ConnectTimedOut,
            Self::Tls { fault, .. } => fault.kind(),
            Self::TrustStore => EgressErrorKind::TrustStore,
            Self::TimedOut => EgressErrorKind::TimedOut,
            Self::TimeLimit { .. } => EgressErrorKind::TimeLimit,
            Self::TooManyRequests { .. } => EgressErrorKind::TooManyRequests,
            Self::TooManyOpenExchanges { .. } => EgressErrorKind::TooManyOpenExchanges,
            Self::RequestTooLarge { .. } => EgressErrorKind::RequestTooLarge,
            Self::ResponseTooLarge { .. } => EgressErrorKind::ResponseTooLarge,
            Self::TooManyBytes { .. } => EgressErrorKind::TooManyBytes,
            Self::InvalidRequest(_) => EgressErrorKind::InvalidRequest,
            Self::Protocol(_) => EgressErrorKind::Protocol,
            Self::ConnectionClosed => EgressErrorKind::ConnectionClosed,
            Self::UnknownExchange => EgressErrorKind::UnknownExchange,
        }
    }
}

impl From<RequestFault> for EgressError {
    fn from(fault: RequestFault) -> Self {
        Self::InvalidRequest(fault)
    }
}

/// What is wrong with a server's TLS. All of it is checked by the host; a guest cannot turn any of it off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate's time is over.
    #[error("its TLS certificate has expired: its operator must renew it")]
    Expired,
    /// The certificate's time has not begun.
    #[error("its TLS certificate is not valid yet: check this machine's clock")]
    NotYetValid,
    /// The certificate is for other names.
    #[error("its TLS certificate is for another name: use the name the certificate was made for")]
    WrongName,
    /// Nobody trusted has signed the certificate.
    #[error(
        "its TLS certificate is not signed by a trusted authority: give the authority's certificate if it is a private one"
    )]
    UnknownIssuer,
    /// The certificate is broken, revoked or made for another use.
    #[error("its TLS certificate is not acceptable for a server: its operator must replace it")]
    BadCertificate,
    /// No TLS version or cipher in common.
    #[error(
        "it speaks no TLS version and cipher that is still secure: it must offer TLS 1.2 or 1.3"
    )]
    NothingInCommon,
    /// The server wants to know the client by a certificate.
    #[error(
        "it asks for a client certificate, and hooks have none: use another way to authenticate"
    )]
    ClientCertificateWanted,
    /// The answer is not TLS.
    #[error("it does not speak TLS on this port: check the port, or use http")]
    NotTls,
    /// Anything else.
    #[error("the TLS connection failed: see the server's log")]
    Failed,
}

impl TlsFault {
    /// Returns the kind, for reports and filters.
    pub fn kind(self) -> EgressErrorKind {
        match self {
            Self::Expired => EgressErrorKind::TlsExpired,
            Self::NotYetValid => EgressErrorKind::TlsNotYetValid,
            Self::WrongName => EgressErrorKind::TlsWrongName,
            Self::UnknownIssuer => EgressErrorKind::TlsUnknownIssuer,
            Self::BadCertificate => EgressErrorKind::TlsBadCertificate,
            Self::NothingInCommon => EgressErrorKind::TlsNothingInCommon,
            Self::ClientCertificateWanted => EgressErrorKind::TlsClientCertificateWanted,
            Self::NotTls => EgressErrorKind::TlsNotTls,
            Self::Failed => EgressErrorKind::TlsFailed,
        }
    }
}

/// Which part of a message is too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SizeLimit {
    /// Request line or status line, and headers.
    #[error("head of the message (bytes)")]
    HeadBytes,
    /// The number of header lines.
    #[error("number of header lines")]
    HeaderLines,
    /// The body.
    #[error("body (bytes)")]
    BodyBytes,
}

/// What is wrong with a request as the guest gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFault {
    /// The URL cannot be parsed, or has no valid host or port.
    #[error("the URL is not valid: write http://host/path or https://host/path")]
    Url,
    /// Control characters or white space in the URL.
    #[error("the URL holds white space or a control character: percent-encode it")]
    UrlCharacter,
    /// Another scheme than http and https.
    #[error("the URL's scheme is neither http nor https")]
    Scheme,
    /// User name or password in the URL.
    #[error("the URL holds a user name or a password: send an Authorization header instead")]
    UserInfo,
    /// The method is not a token (RFC 9110, section 9.1), or is CONNECT.
    #[error("the method is not one that can be sent: use GET, POST, PUT or another plain word")]
    Method,
    /// A header name is not a token (RFC 9110, section 5.1).
    #[error("a header's name holds a character that names cannot hold")]
    HeaderName,
    /// A header value holds CR, LF, NUL or another control character (RFC 9110, section 5.5).
    #[error("a header's value holds a line break or a control character")]
    HeaderValue,
    /// The `Host` header and the URL name different places, or there are two `Host` headers (RFC 9112, section 3.2).
    #[error("the Host header differs from the URL: leave it out")]
    HostMismatch,
    /// More body than `Content-Length` announced.
    #[error("the body is longer than its announced length")]
    BodyTooLong,
    /// Less body than `Content-Length` announced.
    #[error("the body is shorter than its announced length")]
    BodyTooShort,
    /// Body after its end, or a read before the response was waited for.
    #[error("a step was taken out of order: write the body, finish, then read")]
    OutOfOrder,
}

/// What is wrong with a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolFault {
    /// The bytes do not parse.
    #[error("its head or its framing cannot be parsed")]
    Malformed,
    /// A transfer coding other than chunked, which was never asked for.
    #[error("it uses a transfer coding that was not asked for")]
    TransferCoding,
    /// 101 to a request that did not ask to switch.
    #[error("it switches to a protocol that was not asked for")]
    UnaskedUpgrade,
}
