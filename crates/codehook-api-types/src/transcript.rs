//! The HTTP requests of a run, as its report lists them.

use serde::{Deserialize, Serialize};

use crate::names::named_enum;

named_enum! {
    /// Why an HTTP request of a script failed.
    pub enum EgressErrorKind {
        /// No allow rule covers the URL.
        DeniedByPolicy,
        /// The host has only addresses that must not be reached.
        ForbiddenAddress,
        /// The resolver knows no address for the host.
        NameNotFound,
        /// Nothing listens on the port.
        ConnectionRefused,
        /// No route to the host, or another failure to connect.
        Unreachable,
        /// Look-up, connection and TLS handshake together took too long.
        ConnectTimedOut,
        /// The server's certificate has expired.
        TlsExpired,
        /// The server's certificate is not valid yet.
        TlsNotYetValid,
        /// The server's certificate is for another name.
        TlsWrongName,
        /// The server's certificate is not signed by a trusted authority.
        TlsUnknownIssuer,
        /// The server's certificate is broken, revoked or made for another use.
        TlsBadCertificate,
        /// No TLS version or cipher in common.
        TlsNothingInCommon,
        /// The server asks for a client certificate.
        TlsClientCertificateWanted,
        /// The server does not speak TLS on the port.
        TlsNotTls,
        /// Another failure of TLS.
        TlsFailed,
        /// The trusted certificates could not be loaded.
        TrustStore,
        /// The timeout that the script itself set passed.
        TimedOut,
        /// The request took longer than one request may take.
        TimeLimit,
        /// The run has made as many requests as it may.
        TooManyRequests,
        /// The run has as many requests open as may be at once.
        TooManyOpenExchanges,
        /// The request is larger than allowed.
        RequestTooLarge,
        /// The response is larger than allowed.
        ResponseTooLarge,
        /// The run has moved as many bytes over the network as it may.
        TooManyBytes,
        /// The request is not valid.
        InvalidRequest,
        /// The response is not valid HTTP/1.1.
        Protocol,
        /// The connection ended before the response did.
        ConnectionClosed,
        /// No such request is open.
        UnknownExchange,
        /// The script did not wait for the response.
        Abandoned,
    }
}

impl EgressErrorKind {
    /// Returns whether the same request may succeed later: the server could not be reached, or did not answer in time.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        match self {
            Self::NameNotFound
            | Self::ConnectionRefused
            | Self::Unreachable
            | Self::ConnectTimedOut
            | Self::TimedOut
            | Self::TimeLimit
            | Self::ConnectionClosed => true,
            Self::DeniedByPolicy
            | Self::ForbiddenAddress
            | Self::TlsExpired
            | Self::TlsNotYetValid
            | Self::TlsWrongName
            | Self::TlsUnknownIssuer
            | Self::TlsBadCertificate
            | Self::TlsNothingInCommon
            | Self::TlsClientCertificateWanted
            | Self::TlsNotTls
            | Self::TlsFailed
            | Self::TrustStore
            | Self::TooManyRequests
            | Self::TooManyOpenExchanges
            | Self::RequestTooLarge
            | Self::ResponseTooLarge
            | Self::TooManyBytes
            | Self::InvalidRequest
            | Self::Protocol
            | Self::UnknownExchange
            | Self::Abandoned => false,
        }
    }
}

/// An HTTP request of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TranscriptEntry {
    /// The method; `(invalid)` when it was none.
    pub method: String,
    /// Scheme, host, port unless it is the scheme's own, and path; `?…` stands for a query. `(invalid)` when it was no
    /// URL.
    ///
    /// A service that puts a secret into the path (some chat webhooks do) shows it here: whoever knows the secrets
    /// redacts them.
    pub url: String,
    /// The status, once the response's head has arrived.
    pub status: Option<u16>,
    /// Why the request failed.
    pub error: Option<EgressErrorKind>,
    /// Bytes of request body handed to the connection.
    pub request_bytes: u64,
    /// Bytes of response body received.
    pub response_bytes: u64,
    /// Milliseconds from the start of the run to the request.
    pub started_ms: u64,
    /// Milliseconds from there to the last thing that happened to the request.
    pub duration_ms: u64,
}

impl TranscriptEntry {
    /// Returns whether the request failed in a way that may pass: the server could not be reached, was busy or failed.
    #[must_use]
    pub fn failed_transiently(&self) -> bool {
        let busy = self
            .status
            .is_some_and(|status| status == 429 || status >= 500);
        busy || self.error.is_some_and(EgressErrorKind::is_transient)
    }

    /// Describes the result: the status, the kind of error, or both.
    #[must_use]
    pub fn result(&self) -> String {
        match (self.status, self.error) {
            (Some(status), Some(error)) => format!("{status}, then {error}"),
            (Some(status), None) => status.to_string(),
            (None, Some(error)) => error.to_string(),
            (None, None) => "no answer".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(status: Option<u16>, error: Option<EgressErrorKind>) -> TranscriptEntry {
        TranscriptEntry {
            method: "GET".to_owned(),
            url: "https://a.test/".to_owned(),
            status,
            error,
            request_bytes: 0,
            response_bytes: 0,
            started_ms: 0,
            duration_ms: 0,
        }
    }

    #[test]
    fn busy_servers_and_broken_connections_are_transient_and_refusals_are_not() {
        for (status, error, expected) in [
            (Some(200), None, false),
            (Some(404), None, false),
            (Some(429), None, true),
            (Some(503), None, true),
            (Some(200), Some(EgressErrorKind::ConnectionClosed), true),
            (None, Some(EgressErrorKind::NameNotFound), true),
            (None, Some(EgressErrorKind::DeniedByPolicy), false),
            (None, Some(EgressErrorKind::TlsExpired), false),
            (None, Some(EgressErrorKind::Abandoned), false),
            (None, None, false),
        ] {
            let entry = entry(status, error);
            assert_eq!(entry.failed_transiently(), expected, "{entry:?}");
        }
    }

    #[test]
    fn a_result_names_status_and_error() {
        assert_eq!(entry(Some(200), None).result(), "200");
        assert_eq!(
            entry(None, Some(EgressErrorKind::TlsExpired)).result(),
            "tls_expired"
        );
        let both = entry(Some(200), Some(EgressErrorKind::TimeLimit));
        assert_eq!(both.result(), "200, then time_limit");
        assert_eq!(entry(None, None).result(), "no answer");
    }
}
