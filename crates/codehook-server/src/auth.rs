//! Who calls: API keys as bearer tokens (RFC 6750).

use std::time::{Duration, Instant};

use codehook_api_types::Scope;
use codehook_store::{ApiKey, KeyHolder, Millis, Store};
use http::HeaderMap;
use http::header::AUTHORIZATION;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::problem::Problem;

/// How long a key that was looked up is valid without another look. A deleted key is forgotten at once.
const KEY_CACHE_TTL: Duration = Duration::from_secs(10);
/// Keys in the cache.
const KEY_CACHE_CAPACITY: usize = 10_000;

/// Keys that were looked up, by the hash of their text.
pub(crate) struct Keys {
    /// Sends when a key was deleted.
    deleted: watch::Sender<()>,
    cache: Cache<[u8; 32], (ApiKey, Instant)>,
}

impl Default for Keys {
    fn default() -> Self {
        Self {
            deleted: watch::Sender::default(),
            cache: Cache::new(KEY_CACHE_CAPACITY),
        }
    }
}

impl Keys {
    /// Whoever sent these headers.
    pub(crate) async fn caller(
        &self,
        store: &Store,
        headers: &HeaderMap,
    ) -> Result<ApiKey, Problem> {
        let text = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .map(|(_, text)| text.trim())
            .ok_or_else(|| {
                Problem::unauthorized("send an API key: `Authorization: Bearer chk_…`")
            })?;
        let hash: [u8; 32] = Sha256::digest(text.as_bytes()).into();
        if let Some(key) = self.cached(&hash) {
            return Ok(key);
        }
        let key = store.find_key(text).await?;
        let key = key.ok_or_else(|| {
            Problem::unauthorized("this API key is unknown, was deleted, or has expired")
        })?;
        self.cache.insert(hash, (key.clone(), Instant::now()));
        Ok(key)
    }

    fn cached(&self, hash: &[u8; 32]) -> Option<ApiKey> {
        let (key, since) = self.cache.get(hash)?;
        let expired = key.expires_at.is_some_and(|at| at <= Millis::now());
        (since.elapsed() < KEY_CACHE_TTL && !expired).then_some(key)
    }

    /// Returns once `key` is none any more, for what goes on for longer than a request.
    pub(crate) async fn revoked(&self, store: &Store, key: &ApiKey) {
        let mut deleted = self.deleted.subscribe();
        let expiry = async {
            match key.expires_at {
                Some(at) => tokio::time::sleep(at.since(Millis::now())).await,
                None => std::future::pending().await,
            }
        };
        let deletion = async {
            while deleted.changed().await.is_ok() {
                let keys = store.keys(key.holder.clone()).await;
                if !keys.is_ok_and(|keys| keys.iter().any(|there| there.id == key.id)) {
                    return;
                }
            }
        };
        tokio::select! {
            () = expiry => {}
            () = deletion => {}
        }
    }

    /// Forgets everything that was looked up, since a key was deleted.
    pub(crate) fn forget(&self) {
        self.deleted.send_replace(());
        self.cache.clear();
    }
}

/// Whether the holder of `key` may do this for `tenant`. Of another tenant nothing is said, not even that it is there.
pub(crate) fn allow(key: &ApiKey, tenant: &str, scope: Scope) -> Result<(), Problem> {
    match &key.holder {
        KeyHolder::Operator => Ok(()),
        KeyHolder::Tenant(own) if own != tenant => Err(Problem::not_found("tenant")),
        KeyHolder::Tenant(_) if key.scopes.contains(&scope) => Ok(()),
        KeyHolder::Tenant(_) => Err(Problem::forbidden(format!(
            "this API key lacks the scope `{scope}`"
        ))),
    }
}

/// Whether the holder is the operator.
pub(crate) fn operator(key: &ApiKey) -> Result<(), Problem> {
    match key.holder {
        KeyHolder::Operator => Ok(()),
        KeyHolder::Tenant(_) => Err(Problem::forbidden("only the operator's key may do that")),
    }
}
