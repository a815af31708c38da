//! Requests to an index over HTTP, through the engine's own client: with verified TLS and limits.

use std::time::Duration;

use base64::Engine as _;
use codehook_egress::{
    BodyFraming, Egress, EgressError, EgressLimits, Policy, PrivateNetworks, RequestHead, Session,
};
use url::{Host, Url};

use super::{Candidate, shown, simple_html, simple_json};
use crate::archive::MAX_ARCHIVE_BYTES;
use crate::name::PackageName;

const MAX_REDIRECTS: usize = 5;
/// The accepted formats, best first (PEP 691).
const ACCEPT: &str = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1";
const READ_BYTES: usize = 1 << 20;

/// Errors of an index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// Not a URL of an index.
    #[error("`{0}` is not the URL of an index: write https://HOST/PATH/")]
    Url(String),
    /// A URL without an authenticated server.
    #[error(
        "{0} is not HTTPS, so its response could be replaced on the way: use HTTPS, or require the file's hash with \
         `--hash sha256:...`"
    )]
    Plain(String),
    /// The request failed.
    #[error("{url}: {error}")]
    Request {
        /// The requested URL.
        url: String,
        /// The error.
        error: EgressError,
    },
    /// The index responded with an error.
    #[error(
        "{url} responded with status {status}: check the URL of the index, and its credentials if it needs any"
    )]
    Status {
        /// The requested URL.
        url: String,
        /// The status of the response.
        status: u16,
    },
    /// Too many redirects.
    #[error("{0} redirects more than {MAX_REDIRECTS} times, or to an invalid URL")]
    Redirects(String),
    /// A response that is not a page of an index.
    #[error(
        "{url} is not a page of an index ({reason}): the URL should be that of its simple interface, such as \
         https://HOST/simple/"
    )]
    Page {
        /// The requested URL.
        url: String,
        /// The reason.
        reason: String,
    },
}

/// The connections that are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    /// HTTPS, or a server on this machine.
    Trusted,
    /// Anything: the file's hash is known already.
    Any,
}

/// An index's simple interface.
pub struct Index {
    url: Url,
    egress: Egress,
    authorization: Option<String>,
    pub(crate) transport: Transport,
}

struct IndexResponse {
    url: Url,
    content_type: String,
    body: Vec<u8>,
}

impl Index {
    /// Returns the index at `url`, which may hold a user name and a password.
    ///
    /// # Errors
    ///
    /// When it is not a URL of `http` or `https`.
    pub fn new(url: &str, egress: &Egress) -> Result<Self, IndexError> {
        let refused = || IndexError::Url(url.to_owned());
        let mut parsed = Url::parse(url).map_err(|_| refused())?;
        if !matches!(parsed.scheme(), "http" | "https") || parsed.host().is_none() {
            return Err(refused());
        }
        let authorization = authorization(&parsed);
        let _ = parsed.set_username("");
        let _ = parsed.set_password(None);
        if !parsed.path().ends_with('/') {
            parsed.set_path(&format!("{}/", parsed.path()));
        }
        Ok(Self {
            url: parsed,
            egress: egress.clone(),
            authorization,
            transport: Transport::Trusted,
        })
    }

    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    pub(super) async fn candidates(
        &mut self,
        package: &PackageName,
    ) -> Result<Vec<Candidate>, IndexError> {
        let page = self
            .url
            .join(&format!("{}/", package.normal()))
            .map_err(|_| IndexError::Url(self.url.to_string()))?;
        let response = match self.get(page, ACCEPT).await {
            Err(IndexError::Status { status: 404, .. }) => return Ok(Vec::new()),
            response => response?,
        };
        let url = shown(&response.url);
        let failed = |reason| IndexError::Page { url, reason };
        match response.content_type.as_str() {
            "application/vnd.pypi.simple.v1+json" | "application/json" => {
                simple_json::candidates(&response.body, &response.url, package).map_err(failed)
            }
            "application/vnd.pypi.simple.v1+html" | "text/html" => Ok(simple_html::candidates(
                &response.body,
                &response.url,
                package,
            )),
            other => Err(failed(format!("it is of type `{other}`"))),
        }
    }

    pub(super) async fn fetch(&mut self, url: &Url) -> Result<Vec<u8>, IndexError> {
        Ok(self.get(url.clone(), "*/*").await?.body)
    }

    async fn get(&mut self, url: Url, accept: &str) -> Result<IndexResponse, IndexError> {
        let asked = shown(&url);
        let mut url = url;
        for _ in 0..=MAX_REDIRECTS {
            let (status, headers, body) = self.once(&url, accept).await?;
            let header = |name: &str| {
                let value = headers
                    .iter()
                    .find(|(header, _)| header.eq_ignore_ascii_case(name.as_bytes()));
                value.map(|(_, value)| String::from_utf8_lossy(value).into_owned())
            };
            match status {
                200 => {
                    let content_type = header("content-type").unwrap_or_default();
                    let kind = content_type.split(';').next().unwrap_or_default();
                    return Ok(IndexResponse {
                        url,
                        content_type: kind.trim().to_ascii_lowercase(),
                        body,
                    });
                }
                301 | 302 | 303 | 307 | 308 => {
                    let to = header("location").and_then(|to| url.join(&to).ok());
                    url = to.ok_or_else(|| IndexError::Redirects(asked.clone()))?;
                }
                status => return Err(IndexError::Status { url: asked, status }),
            }
        }
        Err(IndexError::Redirects(asked))
    }

    async fn once(
        &mut self,
        url: &Url,
        accept: &str,
    ) -> Result<(u16, Vec<(Vec<u8>, Vec<u8>)>, Vec<u8>), IndexError> {
        if url.scheme() != "https" && self.transport == Transport::Trusted && !is_loopback(url) {
            return Err(IndexError::Plain(shown(url)));
        }
        let failed = |error| IndexError::Request {
            url: shown(url),
            error,
        };
        let mut headers = vec![
            (b"Accept".to_vec(), accept.as_bytes().to_vec()),
            (b"User-Agent".to_vec(), b"codehook".to_vec()),
        ];
        // Files are often on another host, which must not get the credentials of this one.
        if let Some(authorization) = &self.authorization
            && url.origin() == self.url.origin()
        {
            headers.push((b"Authorization".to_vec(), authorization.as_bytes().to_vec()));
        }
        let mut session = self.session(url)?;
        let head = RequestHead {
            method: b"GET".to_vec(),
            url: url.to_string(),
            headers,
            body: BodyFraming::None,
            timeout: None,
        };
        let id = session.open(head).await.map_err(failed)?;
        let head = session.finish(id).await.map_err(failed)?;
        let (status, headers) = (head.status, head.headers.clone());
        let mut body = Vec::new();
        loop {
            let chunk = session.read(id, READ_BYTES).await.map_err(failed)?;
            if chunk.is_empty() {
                break;
            }
            body.extend_from_slice(&chunk);
        }
        session.close(id);
        Ok((status, headers, body))
    }

    /// Makes a session for one request, to this host alone.
    fn session(&self, url: &Url) -> Result<Session, IndexError> {
        let port = url.port_or_known_default().unwrap_or_default();
        let rule = format!(
            "{}://{}:{port}",
            url.scheme(),
            url.host_str().unwrap_or_default()
        );
        let rule = rule.parse().map_err(|_| IndexError::Url(shown(url)))?;
        Ok(self.egress.session(Policy {
            allow: vec![rule],
            // The operator decides where packages come from, and no hook has a part in it.
            private_networks: PrivateNetworks::Opened,
            limits: EgressLimits {
                max_response_body_bytes: MAX_ARCHIVE_BYTES,
                request_timeout: Duration::from_secs(300),
                ..EgressLimits::default()
            },
            ..Policy::default()
        }))
    }
}

fn authorization(url: &Url) -> Option<String> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decoded = |text| percent_encoding::percent_decode_str(text).decode_utf8_lossy();
    let (user, password) = (
        decoded(url.username()),
        decoded(url.password().unwrap_or_default()),
    );
    let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    Some(format!("Basic {encoded}"))
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}
