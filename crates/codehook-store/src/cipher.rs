//! Encryption of secrets at rest: XChaCha20-Poly1305 (AEAD; draft-irtf-cfrg-xchacha) with a random nonce each, bound to
//! their tenant and name, so that a sealed value that is moved to another row does not open.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use zeroize::Zeroizing;

use crate::error::StoreError;

const NONCE_BYTES: usize = 24;
const KEY_BYTES: usize = 32;

/// The key that seals secrets, 32 bytes. `Debug` does not show it.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

/// The error for a text that is not a master key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a master key is 64 hexadecimal digits: make one with `openssl rand -hex 32`")]
pub struct MasterKeyError;

impl MasterKey {
    /// Makes a key from the system's random numbers.
    ///
    /// # Errors
    ///
    /// When the system gives none.
    pub fn generate() -> Result<Self, getrandom::Error> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        getrandom::fill(key.as_mut())?;
        Ok(Self(key))
    }

    /// Parses 64 hexadecimal digits; white space around them is ignored.
    ///
    /// # Errors
    ///
    /// When the text is anything else.
    pub fn parse(text: &str) -> Result<Self, MasterKeyError> {
        let mut key = Zeroizing::new([0; KEY_BYTES]);
        hex::decode_to_slice(text.trim(), key.as_mut()).map_err(|_| MasterKeyError)?;
        Ok(Self(key))
    }

    /// Returns the key as [`MasterKey::parse`] reads it.
    #[must_use]
    pub fn to_hex(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(self.0.as_ref()))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey")
    }
}

pub(crate) struct Cipher {
    cipher: XChaCha20Poly1305,
}

impl Cipher {
    pub(crate) fn new(master: &MasterKey) -> Self {
        Self {
            cipher: XChaCha20Poly1305::new(master.0.as_ref().into()),
        }
    }

    /// Encrypts `value` with the associated data `bound`; returns nonce and ciphertext.
    pub(crate) fn seal(&self, bound: &str, value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let mut nonce = [0; NONCE_BYTES];
        getrandom::fill(&mut nonce)?;
        let payload = Payload {
            msg: value,
            aad: bound.as_bytes(),
        };
        let sealed = self.cipher.encrypt(XNonce::from_slice(&nonce), payload);
        let mut whole = nonce.to_vec();
        whole.extend(sealed.map_err(|_| StoreError::NotSealed)?);
        Ok(whole)
    }

    /// Decrypts a value that was sealed with this key and the associated data `bound`.
    pub(crate) fn open(&self, bound: &str, sealed: &[u8]) -> Result<Zeroizing<String>, StoreError> {
        let (nonce, sealed) = sealed
            .split_at_checked(NONCE_BYTES)
            .ok_or(StoreError::Sealed)?;
        let payload = Payload {
            msg: sealed,
            aad: bound.as_bytes(),
        };
        let value = self
            .cipher
            .decrypt(XNonce::from_slice(nonce), payload)
            .map_err(|_| StoreError::Sealed)?;
        String::from_utf8(value)
            .map(Zeroizing::new)
            .map_err(|_| StoreError::Sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_value_opens_with_its_key_and_its_associated_data_alone() {
        let key = MasterKey::generate().unwrap();
        let cipher = Cipher::new(&key);
        let sealed = cipher.seal("acme/TOKEN", b"s3cret").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"s3cret"));
        assert_eq!(*cipher.open("acme/TOKEN", &sealed).unwrap(), "s3cret");
        assert!(cipher.open("other/TOKEN", &sealed).is_err());
        let other = Cipher::new(&MasterKey::generate().unwrap());
        assert!(other.open("acme/TOKEN", &sealed).is_err());
        let again = Cipher::new(&MasterKey::parse(&key.to_hex()).unwrap());
        assert_eq!(*again.open("acme/TOKEN", &sealed).unwrap(), "s3cret");
        let (long, odd) = (format!("{}00", *key.to_hex()), "g".repeat(64));
        for text in ["", "abc", &key.to_hex()[1..], &long, &odd] {
            assert!(MasterKey::parse(text).is_err(), "{text}");
        }
        assert!(cipher.open("acme/TOKEN", &sealed[..10]).is_err());
    }
}
