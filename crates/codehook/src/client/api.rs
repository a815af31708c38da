//! Requests to the service, and what its answers mean for whoever typed the command.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use codehook_api_types::{CurrentApiKey, ProblemDetails};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde::Serialize;
use serde::de::DeserializeOwned;
use ureq::http::{Request, Response};
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::{Agent, Body};

use super::{Failure, Target, segment};
use crate::exit::Exit;
use crate::input;

/// How long an answer may take to begin. Saving a hook compiles it, which takes its time on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most bytes of an answer.
const MAX_ANSWER_BYTES: u64 = 64 * 1024 * 1024;

/// The service, for one tenant.
pub(super) struct Api {
    agent: Agent,
    pub(super) target: Target,
    key: String,
}

/// A request besides its path.
#[derive(Default)]
pub(super) struct Call {
    body: Option<serde_json::Result<String>>,
    headers: Vec<(&'static str, String)>,
}

impl Call {
    /// With a JSON body.
    pub(super) fn with(body: &impl Serialize) -> Self {
        Self {
            body: Some(serde_json::to_string(body)),
            headers: Vec::new(),
        }
    }

    /// Adds a header.
    pub(super) fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// Adds the condition that the resource still has this revision.
    pub(super) fn if_match(self, revision: u32) -> Self {
        self.header("if-match", format!("\"{revision}\""))
    }
}

impl Api {
    /// Trusts the system's certificates and those in `ca_cert`.
    pub(super) fn new(target: Target, key: String, ca_cert: &[PathBuf]) -> Result<Self, Failure> {
        must_be_private(&target.server)?;
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_connect(Some(PATIENCE))
            .timeout_recv_response(Some(PATIENCE))
            .user_agent(concat!("codehook/", env!("CARGO_PKG_VERSION")));
        if target.server.starts_with("https:") {
            config = config.tls_config(
                TlsConfig::builder()
                    .unversioned_rustls_crypto_provider(Arc::new(
                        rustls::crypto::ring::default_provider(),
                    ))
                    .root_certs(RootCerts::Specific(Arc::new(certificates(ca_cert)?)))
                    .build(),
            );
        }
        Ok(Self {
            agent: config.build().into(),
            target,
            key,
        })
    }

    /// Gets the resource at `path` below the tenant.
    pub(super) fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Failure> {
        self.call("GET", path, Call::default())
    }

    /// Sends a request to `path` below the tenant, and returns the response's JSON.
    pub(super) fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        path: &str,
        call: Call,
    ) -> Result<T, Failure> {
        let text = self.text(method, path, call)?;
        self.parse(serde_json::from_str(&text))
    }

    /// Sends a request to `path` below the tenant, and returns the response's text.
    pub(super) fn text(&self, method: &str, path: &str, call: Call) -> Result<String, Failure> {
        let url = self.url(path);
        self.read(self.send(method, &url, call)?)
    }

    /// Gets the API key in use, as the service knows it.
    pub(super) fn current_key(&self) -> Result<CurrentApiKey, Failure> {
        let url = format!("{}/v1/key", self.target.server);
        let text = self.read(self.send("GET", &url, Call::default())?)?;
        self.parse(serde_json::from_str(&text))
    }

    /// A stream of server-sent events.
    pub(super) fn stream(&self, path: &str) -> Result<Body, Failure> {
        let url = self.url(path);
        let response = self.send("GET", &url, Call::default())?;
        if response.status().is_success() {
            return Ok(response.into_body());
        }
        Err(match self.read(response) {
            Err(failure) => failure,
            Ok(_) => self.unexpected("no stream"),
        })
    }

    fn url(&self, path: &str) -> String {
        let tenant = segment(&self.target.tenant);
        format!("{}/v1/tenants/{tenant}{path}", self.target.server)
    }

    fn send(&self, method: &str, url: &str, call: Call) -> Result<Response<Body>, Failure> {
        let mut request = Request::builder()
            .method(method)
            .uri(url)
            .header("authorization", format!("Bearer {}", self.key));
        for (name, value) in call.headers {
            request = request.header(name, value);
        }
        let refused = |_| Failure::Refused(format!("{url} is no URL that can be asked for"));
        let sent = match call.body {
            Some(body) => {
                let body = body.map_err(|error| {
                    Failure::Refused(format!("the request cannot be written as JSON: {error}"))
                })?;
                let request = request.header("content-type", "application/json");
                self.agent.run(request.body(body).map_err(refused)?)
            }
            None => self.agent.run(request.body(()).map_err(refused)?),
        };
        // ureq's errors name no header, so the key is in none.
        sent.map_err(|error| {
            Failure::Unable(format!(
                "{} cannot be reached: {error}; check --server, and that the service runs",
                self.target.server
            ))
        })
    }

    fn read(&self, mut response: Response<Body>) -> Result<String, Failure> {
        let status = response.status();
        let text = response
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER_BYTES)
            .read_to_string()
            .map_err(|error| Failure::Unable(format!("the answer broke off: {error}")))?;
        if status.is_success() {
            return Ok(text);
        }
        let exit = match status.is_server_error() {
            true => Exit::Unable,
            false => Exit::Rejected,
        };
        // What stands between here and the service answers in forms of its own.
        let Ok(problem) = serde_json::from_str::<ProblemDetails>(&text) else {
            let message = format!("the service answers {status}: it says no more");
            return Err(match exit {
                Exit::Unable => Failure::Unable(message),
                _ => Failure::Refused(message),
            });
        };
        let position = match (problem.line, problem.column) {
            (Some(line), Some(column)) => format!(" (line {line}, column {column})"),
            (Some(line), None) => format!(" (line {line})"),
            _ => String::new(),
        };
        Err(Failure::Problem {
            kind: problem.kind,
            message: format!("the service answers {status}: {}{position}", problem.detail),
            exit,
        })
    }

    /// Explains JSON of another shape than that of this version's API.
    pub(super) fn parse<T>(&self, parsed: serde_json::Result<T>) -> Result<T, Failure> {
        parsed.map_err(|error| self.unexpected(error))
    }

    fn unexpected(&self, why: impl std::fmt::Display) -> Failure {
        Failure::Unable(format!(
            "{} does not answer as a codehook service of this version ({}) does ({why}): check --server, and the \
             service's version",
            self.target.server,
            env!("CARGO_PKG_VERSION"),
        ))
    }
}

/// A key goes over TLS, or does not leave the machine.
fn must_be_private(server: &str) -> Result<(), Failure> {
    let uri: ureq::http::Uri = server
        .parse()
        .map_err(|_| Failure::Refused(format!("--server {server} is no URL")))?;
    let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
    let loopback = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => Ok(()),
        Some("http") if loopback => Ok(()),
        Some("http") => Err(Failure::Refused(format!(
            "{server} is not encrypted, and the API key would be readable on its way: use https"
        ))),
        _ => Err(Failure::Refused(format!(
            "--server {server} is no URL of a service: write https://hooks.example.com"
        ))),
    }
}

fn certificates(files: &[PathBuf]) -> Result<Vec<Certificate<'static>>, Failure> {
    let mut all: Vec<_> = rustls_native_certs::load_native_certs()
        .certs
        .iter()
        .map(|certificate| Certificate::from_der(certificate).to_owned())
        .collect();
    for file in input::certificates(files)? {
        for certificate in CertificateDer::pem_slice_iter(&file.pem) {
            let certificate = certificate
                .map_err(|error| Failure::Refused(format!("{}: {error}", file.origin)))?;
            all.push(Certificate::from_der(&certificate).to_owned());
        }
    }
    if all.is_empty() {
        return Err(Failure::Unable(
            "this machine has no trusted certificates: install ca-certificates, or give --ca-cert"
                .to_owned(),
        ));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sent_encrypted_or_to_this_machine_alone() {
        for server in [
            "https://a.example",
            "http://127.0.0.1:8080",
            "http://[::1]:1",
            "http://localhost",
        ] {
            assert!(must_be_private(server).is_ok(), "{server}");
        }
        for server in [
            "http://a.example",
            "http://127.0.0.1.a.example",
            "ftp://a",
            "a.example",
            "",
        ] {
            assert!(must_be_private(server).is_err(), "{server}");
        }
    }
}
