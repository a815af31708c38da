//! Sources: how a delivery shows that it is honest, and what event is in it.
//!
//! Every secret is compared in constant time. Nothing of a delivery is parsed before it is known to be honest.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use codehook_api_types::SourceAuth;
use codehook_store::{Id, Source};
use codehook_template::Mapping;
use hmac::{Hmac, Mac};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::delivery;
use crate::hook_definition;
use crate::problem::Problem;

const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const HUB_SIGNATURE: &str = "x-hub-signature";

/// A source as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SourceDefinition {
    /// How deliveries are told from forgeries.
    pub(crate) auth: SourceAuth,
    /// Where the tokens' values stand in this source's events, for hooks without a mapping of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) mapping: Option<Value>,
}

/// A source that can take deliveries.
pub(crate) struct WebhookSource {
    pub(crate) id: Id,
    pub(crate) tenant: String,
    pub(crate) mapping: Option<Mapping>,
    auth: SourceAuth,
    secret: Zeroizing<String>,
}

impl WebhookSource {
    /// From what is stored.
    pub(crate) fn new(source: &Source) -> Result<Self, Problem> {
        let definition: SourceDefinition = serde_json::from_str(&source.definition)
            .map_err(|error| Problem::invalid(error.to_string()))?;
        let secret = source.secret.clone().unwrap_or_default();
        definition.check(&secret)?;
        Ok(Self {
            id: source.id,
            tenant: source.tenant.clone(),
            mapping: definition
                .mapping
                .as_ref()
                .map(hook_definition::mapping)
                .transpose()?,
            auth: definition.auth,
            secret,
        })
    }

    /// Returns the headers that may say what is in a delivery and which event it is: those that the authentication
    /// covers. A signed body that was overheard could be sent again with other headers, and would start runs again.
    pub(crate) fn trusted_headers(&self, headers: &HeaderMap, body: &[u8]) -> HeaderMap {
        let kept: &[HeaderName] = match self.auth {
            SourceAuth::Basic | SourceAuth::UrlOnly => return headers.clone(),
            SourceAuth::HubHmac | SourceAuth::HubLegacy => &[],
            // Signed with its time and the body (Standard Webhooks 1.0).
            SourceAuth::StandardWebhooks => &[WEBHOOK_ID],
        };
        let mut trusted: HeaderMap = kept
            .iter()
            .filter_map(|name| Some((name.clone(), headers.get(name)?.clone())))
            .collect();
        let content = HeaderValue::from_static(delivery::content_type(body));
        trusted.insert(CONTENT_TYPE, content);
        trusted
    }

    /// Whether this delivery is from who it says.
    pub(crate) fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Problem> {
        let secret = self.secret.as_bytes();
        let honest = match self.auth {
            SourceAuth::UrlOnly => true,
            SourceAuth::HubHmac => {
                hub_signature(headers).is_some_and(|signature| {
                    // A key of any length will do for HMAC.
                    Hmac::<Sha256>::new_from_slice(secret)
                        .is_ok_and(|mac| mac.chain_update(body).verify_slice(&signature).is_ok())
                })
            }
            SourceAuth::HubLegacy => hub_signature(headers).is_some_and(|signature| {
                let digest = Sha256::new_with_prefix(secret)
                    .chain_update(body)
                    .finalize();
                digest.as_slice().ct_eq(&signature).into()
            }),
            SourceAuth::Basic => basic(headers).is_some_and(|given| given.ct_eq(secret).into()),
            SourceAuth::StandardWebhooks => standardwebhooks::Webhook::new(&self.secret)
                .is_ok_and(|webhook| webhook.verify(body, headers).is_ok()),
        };
        if honest {
            return Ok(());
        }
        Err(Problem::unauthorized(match self.auth {
            SourceAuth::HubHmac => {
                "the body is not signed \
                 with this source's secret: send `x-hub-signature: sha256=` with its HMAC-SHA256 in \
                 hexadecimal"
            }
            SourceAuth::HubLegacy => {
                "the body is not signed \
                 with this source's secret: send `x-hub-signature: sha256=` with SHA256(secret and body) \
                 in hexadecimal"
            }
            SourceAuth::Basic => "user and password are not this source's",
            SourceAuth::StandardWebhooks => {
                "the signature is not this source's, or more than five minutes old: see Standard Webhooks 1.0"
            }
            SourceAuth::UrlOnly => "",
        }))
    }
}

impl SourceDefinition {
    /// Whether it can work with this secret.
    pub(crate) fn check(&self, secret: &str) -> Result<(), Problem> {
        let problem = match self.auth {
            SourceAuth::UrlOnly => None,
            _ if secret.is_empty() => Some("this way to authenticate needs a `secret`"),
            SourceAuth::Basic if !secret.contains(':') => {
                Some("the secret of `basic` is `user:password`")
            }
            SourceAuth::StandardWebhooks if standardwebhooks::Webhook::new(secret).is_err() => {
                Some("the secret of `standard_webhooks` is base64, `whsec_` before it or not")
            }
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(Problem::invalid(problem));
        }
        self.mapping
            .as_ref()
            .map(hook_definition::mapping)
            .transpose()?;
        Ok(())
    }
}

fn hub_signature(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = headers.get(HUB_SIGNATURE)?.to_str().ok()?.trim();
    let digits = value.strip_prefix("sha256=")?;
    if digits.len() != 64 || !digits.is_ascii() {
        return None;
    }
    let byte = |at| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..64).step_by(2).map(byte).collect()
}

fn basic(headers: &HeaderMap) -> Option<Vec<u8>> {
    let value = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, credentials) = value.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("basic")
        .then(|| BASE64.decode(credentials.trim()).ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use codehook_store::Millis;

    fn source(auth: &str, secret: &str) -> Result<WebhookSource, Problem> {
        WebhookSource::new(&Source {
            id: Id::new(),
            tenant: "acme".to_owned(),
            name: "s".to_owned(),
            definition: format!(r#"{{"auth": "{auth}"}}"#),
            secret: Some(Zeroizing::new(secret.to_owned())),
            created_at: Millis(0),
        })
    }

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            (
                http::HeaderName::from_static(name),
                HeaderValue::from_str(value).unwrap(),
            )
        });
        pairs.collect()
    }

    #[test]
    fn an_hmac_is_taken_for_its_body_alone() {
        let source = source("hub_hmac", "key").unwrap();
        // echo -n 'The quick brown fox jumps over the lazy dog' | openssl dgst -sha256 -hmac key
        let signed = "sha256=f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8";
        let body = b"The quick brown fox jumps over the lazy dog";
        assert!(
            source
                .verify(&headers(&[(HUB_SIGNATURE, signed)]), body)
                .is_ok()
        );
        assert!(
            source
                .verify(&headers(&[(HUB_SIGNATURE, signed)]), b"another")
                .is_err()
        );
        assert!(
            source
                .verify(&headers(&[(HUB_SIGNATURE, &signed[7..])]), body)
                .is_err()
        );
        assert!(
            source
                .verify(&headers(&[(HUB_SIGNATURE, "sha256=zz")]), body)
                .is_err()
        );
        assert!(source.verify(&HeaderMap::new(), body).is_err());
    }

    #[test]
    fn the_documented_hash_is_taken_where_it_is_asked_for_alone() {
        let hex = hex::encode(Sha256::digest(b"keybody"));
        let given = headers(&[(HUB_SIGNATURE, &format!("sha256={hex}"))]);
        assert!(
            source("hub_legacy", "key")
                .unwrap()
                .verify(&given, b"body")
                .is_ok()
        );
        assert!(
            source("hub_hmac", "key")
                .unwrap()
                .verify(&given, b"body")
                .is_err()
        );
    }

    #[test]
    fn basic_credentials_are_compared_whole() {
        let source = source("basic", "ann:secret").unwrap();
        let given =
            |text: &str| headers(&[("authorization", &format!("Basic {}", BASE64.encode(text)))]);
        assert!(source.verify(&given("ann:secret"), b"").is_ok());
        assert!(source.verify(&given("ann:secre"), b"").is_err());
        assert!(source.verify(&given("ann"), b"").is_err());
    }

    #[test]
    fn a_standard_webhook_is_fresh_and_signed() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let source = source("standard_webhooks", secret).unwrap();
        let webhook = standardwebhooks::Webhook::new(secret).unwrap();
        let now = jiff::Timestamp::now().as_second();
        let delivery = |at: i64| {
            let signature = webhook.sign("msg_1", at, b"{}").unwrap();
            headers(&[
                ("webhook-id", "msg_1"),
                ("webhook-timestamp", &at.to_string()),
                ("webhook-signature", &signature),
            ])
        };
        assert!(source.verify(&delivery(now), b"{}").is_ok());
        assert!(source.verify(&delivery(now - 600), b"{}").is_err());
        assert!(source.verify(&delivery(now), b"{ }").is_err());
    }

    #[test]
    fn an_event_is_identified_by_what_is_signed_alone() {
        let given = |id: &str, content: &str| {
            headers(&[
                ("webhook-id", id),
                ("ce-id", id),
                ("ce-specversion", "1.0"),
                ("content-type", content),
            ])
        };
        let source = source("hub_hmac", "key").unwrap();
        let cloud =
            br#"{"specversion": "1.0", "id": "1", "source": "/s", "data": {"UserName": "ann"}}"#;
        for body in [&b"{\"UserName\": \"ann\"}"[..], b"UserName=ann", cloud] {
            let keys: Vec<Option<String>> = [
                given("1", "application/json"),
                given("2", "application/cloudevents+json"),
                given("3", "application/x-www-form-urlencoded"),
            ]
            .iter()
            .map(|headers| {
                let trusted = source.trusted_headers(headers, body);
                delivery::read(&trusted, body).unwrap().remove(0).key
            })
            .collect();
            assert_eq!(keys[0], keys[1]);
            assert_eq!(keys[0], keys[2]);
        }
    }

    #[test]
    fn a_source_without_what_it_needs_is_refused() {
        assert!(source("hub_hmac", "").is_err());
        assert!(source("basic", "no colon").is_err());
        assert!(source("standard_webhooks", "?").is_err());
        assert!(source("url_only", "").is_ok());
    }
}
