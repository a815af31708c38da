//! The shim for `cryptography`, and what is built on it: JSON Web Tokens, OAuth 1 with RSA, Google's service accounts. Tokens and
//! keys come from another implementation, and what is made here is verified by a third one.

use codehook_sandbox::Outcome;
use codehook_tests::{run, stderr, stdout};
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::Value;

use crate::signing::{PUBLIC_KEY, decoded, oauth1, with_key};
use crate::{Use, printed_with_server, prints};

pub(crate) const USES: &[Use] = &[("cryptography", keys_are_read_written_and_refused)];

/// Of no use but here, as the RSA key.
const EC_KEY: &str = include_str!("test_only_ec_key.pem");

/// Of the same keys, by PyJWT 2.15 and cryptography 50 on Python 3.
const TOKENS: &[(&str, &str)] = &[
    (
        "HS256",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJob29rIiwiZXhwIjo0MTAyNDQ0ODAwfQ.Wru5mCgNcTBCnXncIwqyqTypjOrZDRNEJReEHicJw1s",
    ),
    (
        "RS256",
        "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJob29rIiwiZXhwIjo0MTAyNDQ0ODAwfQ.gdVrFMewJ5hSnPaYnw2RuRlsnKfUiKlz0aQv9Y6beZXwOy8oGZ19c_VA-3IrEsURydfN-Kb9aEuM4fmBRCtwDvUeONX8iAzwcray_n5RyQ9fKQTyp0SCr7sJvyTni_c1W7FHaAmCjDihJ3uJe7N7HDpUmcv32ijD4rCZis2062_-89fh_YFAosZFfwdwYMug0MB9yGodjqK-LPlwgdlzQBza02FKodoEw2xEuJY6H7pVQkZ7JfeL1R0Nj2G4TuwFJ3bY7qVbMUOsypOU3UGFzGI_RWt9ADHqlHoYzelPjETGvkxoJX2h5fvi1IuXHq9bFlaPSxiDlCTrnwhH04GeYQ",
    ),
    (
        "PS256",
        "eyJhbGciOiJQUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJob29rIiwiZXhwIjo0MTAyNDQ0ODAwfQ.AHMsD3Bx16GFzlwtnqe8rwIIcrfsfhrb736mlsBDebm8bCpqS2Xni7K2mCt-zJeN4bkfXl1g8xgL-lPA6yBrQU2xBnR1-ehSZGuVR83Pc-JZA9O4LNruS1PVarXLirvVdi5W7lKPQYFOLiPJwLJZuoYPfRzWcfeEwv-6c97cvbikbgdpNjxjY7z20Zt_SKBZ6aRstj-EvF2uoQE-iAp0TyebdNyT24p9Z6HXfUD5lq8EQSOPjxkK5U0uH6zzaZrYsXd2vefJdc5cKtJoeIlGwL93rObfbA8CsvZH0aiNrIeEJv7b5DhnQzwUYQ9frqg8hTsRe9Y1TmlLMQHaSSqLFQ",
    ),
    (
        "ES256",
        "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJob29rIiwiZXhwIjo0MTAyNDQ0ODAwfQ.-_P1q8bQwxehG2mvzk7gtLeJ0skoAhUrVPu2S6JIc2MzRdxznn6jImXlouwZJkYzZ5qhuSS9_3MR1ATKq5uEIw",
    ),
];

/// The public half of the key on the curve, as a point.
const EC_POINT: &str =
    "BE2Vl+ceDFtQM5tDqudgyorWMR8EVdvondwMoObGI8fJA0OWdEUoyTnduXr69bLLeZXHBqUQZkI7qlfet8IVu3g=";

/// The source with both keys, their public halves and the tokens.
fn with_keys(source: &str) -> String {
    let tokens = TOKENS
        .iter()
        .map(|(name, token)| format!("'{name}': '{token}'"))
        .collect::<Vec<_>>()
        .join(", ");
    with_key(&format!(
        r#"
EC_KEY = '''{EC_KEY}'''
TOKENS = {{{tokens}}}
from cryptography.hazmat.primitives import serialization
def public(key):
    loaded = serialization.load_pem_private_key(key, None).public_key()
    return loaded.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
SECRET = 'a secret of thirty-two bytes long'
KEYS = {{'HS256': (SECRET, SECRET), 'ES256': (EC_KEY, public(EC_KEY))}}
KEYS['RS256'] = KEYS['PS256'] = KEY, public(KEY)
{source}"#
    ))
}

#[test]
fn tokens_of_another_implementation_are_verified_and_forged_ones_refused() {
    prints(
        &with_keys(
            r#"
import jwt
for name, token in sorted(TOKENS.items()):
    print name, jwt.decode(token, KEYS[name][1], algorithms=[name])['sub'],
    head, claims, made = token.split('.')
    for forged in '.'.join([head, claims, 'A' * len(made)]), '.'.join([head, claims[:-4] + 'AAAA', made]), token[:-8]:
        try:
            jwt.decode(forged, KEYS[name][1], algorithms=[name])
        except jwt.DecodeError as error:
            print type(error).__name__,
    print
try:
    jwt.decode(jwt.encode({}, None, algorithm='none'), KEYS['RS256'][1], algorithms=['RS256'])
except jwt.InvalidAlgorithmError:
    print 'unsigned: refused'
try:
    jwt.decode(TOKENS['HS256'], KEYS['RS256'][1], algorithms=['HS256'])
except jwt.exceptions.InvalidKeyError:
    print 'a public key as a secret: refused'
"#,
        ),
        "ES256 hook InvalidSignatureError InvalidSignatureError InvalidSignatureError\n\
         HS256 hook InvalidSignatureError InvalidSignatureError InvalidSignatureError\n\
         PS256 hook InvalidSignatureError InvalidSignatureError InvalidSignatureError\n\
         RS256 hook InvalidSignatureError InvalidSignatureError InvalidSignatureError\n\
         unsigned: refused\na public key as a secret: refused\n",
    );
}

#[test]
fn tokens_made_here_verify_outside() {
    let report = run(&with_keys(
        r#"
import jwt
for name in 'RS256', 'PS256', 'ES256':
    print jwt.encode({'sub': 'hook'}, KEYS[name][0], algorithm=name)
"#,
    ));
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    let point = decoded(EC_POINT);
    let expected: [(&dyn VerificationAlgorithm, &[u8]); 3] = [
        (&signature::RSA_PKCS1_2048_8192_SHA256, PUBLIC_KEY),
        (&signature::RSA_PSS_2048_8192_SHA256, PUBLIC_KEY),
        (&signature::ECDSA_P256_SHA256_FIXED, &point),
    ];
    let printed = stdout(&report);
    assert_eq!(printed.lines().count(), expected.len());
    for (token, (algorithm, key)) in printed.lines().zip(expected) {
        let (signed, made) = token.rsplit_once('.').expect("a signature");
        algorithm
            .verify(
                key.into(),
                signed.as_bytes().into(),
                decoded(made)[..].into(),
            )
            .unwrap_or_else(|_| panic!("{algorithm:?} does not verify {token}"));
    }
}

#[test]
fn a_jira_client_signs_its_requests_with_rsa() {
    let printed = printed_with_server(&with_key(
        r#"
from jira import JIRA
class Client(JIRA):
    # Asked for when a client is made; this server only echoes.
    def fields(self):
        return []
client = Client('{http}', oauth={'access_token': 'token', 'access_token_secret': 'token secret', 'consumer_key': 'hook', 'key_cert': KEY},
                get_server_info=False)
print client._session.get('{http}/echo?a=1%20x').content
"#,
    ));
    let echo: Value = serde_json::from_str(printed.trim_end()).expect("an echo");
    let (base, claimed) = oauth1(&echo, &["a=1%20x"]);
    assert!(base.contains("oauth_signature_method%3DRSA-SHA1"), "{base}");
    UnparsedPublicKey::new(
        &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        PUBLIC_KEY,
    )
    .verify(base.as_bytes(), &claimed)
    .unwrap_or_else(|_| panic!("not the signature of {base}"));
}

#[test]
fn google_auth_signs_with_it_and_reads_certificates() {
    prints(
        &with_keys(&format!(
            r#"
from google.auth import crypt, jwt
print crypt.RSASigner.__module__
token = jwt.encode(crypt.RSASigner.from_string(KEY, 'key-1'), {{'aud': 'hook', 'iat': 1577934245, 'exp': 4102444800}})
print jwt.decode(token, certs={{'key-1': KEYS['RS256'][1]}}, audience='hook')['aud']
made = crypt.ES256Signer.from_string(EC_KEY).sign('message')
verifier = crypt.ES256Verifier.from_string('''{CERTIFICATE}''')
print len(made), verifier.verify('message', made), verifier.verify('another', made)
"#
        )),
        "google.auth.crypt._cryptography_rsa\nhook\n64 True False\n",
    );
}

#[test]
fn keys_are_read_written_and_refused() {
    prints(
        &with_keys(&format!(
            r#"
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import *
def attempt(function, *arguments):
    try:
        return type(function(*arguments)).__name__
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        return '%s: %.46s' % (type(error).__name__, error)
ENCRYPTED = '''{ENCRYPTED_EC_KEY}'''
print load_pem_private_key(ENCRYPTED, b'pass phrase', default_backend()).private_numbers() == load_pem_private_key(EC_KEY, None).private_numbers()
for arguments in (ENCRYPTED, None), (ENCRYPTED, 'wrong'), (EC_KEY, 'superfluous'), (KEYS['RS256'][1], None), ('no key', None), (u'text', None):
    print attempt(load_pem_private_key, *arguments)
certificate = x509.load_pem_x509_certificate('''{CERTIFICATE}''', default_backend())
print attempt(load_pem_public_key, KEY), '/', attempt(load_pem_public_key, certificate.public_bytes(Encoding.PEM))[-30:]
print certificate.serial_number, certificate.not_valid_before, certificate.not_valid_after, certificate.fingerprint(hashes.SHA256()).encode('hex')[:16]
print certificate.public_key().public_numbers() == load_pem_public_key(KEYS['ES256'][1]).public_numbers()
key = load_pem_private_key(KEY, None)
assert key.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()) == KEY
again = load_pem_private_key(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption('p')), 'p')
print again.private_numbers() == key.private_numbers(), key.key_size, isinstance(key, rsa.RSAPrivateKey)
print load_ssh_public_key(key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)).public_numbers() == key.public_key().public_numbers()
print attempt(ec.generate_private_key, ec.SECP256K1())
"#
        )),
        "True\nTypeError: Password was not given but private key is encr\nValueError: Bad decrypt. Incorrect password?\n\
         TypeError: Password was given but private key is not encr\nValueError: Could not deserialize key data. The data may b\n\
         ValueError: Could not deserialize key data. The data may b\nTypeError: data must be bytes-like\n\
         ValueError: Could not deserialize key data. The data may b / alize key data. The data may b\n\
         4711 2020-01-02 03:04:05 2051-01-02 03:04:05 dd13bc66c3b04c26\nTrue\nTrue 2048 True\nTrue\n\
         UnsupportedAlgorithm: curve secp256k1 is not part of the interpreter\n",
    );
}

#[test]
fn ciphers_and_derivations_answer_as_the_original_does() {
    // Fernet's own test token; RFC 5869, A.1; SP 800-38A; GCM's test case 2.
    prints(
        r#"
from cryptography.exceptions import AlreadyFinalized, InvalidKey, InvalidSignature, InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes, hmac, padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
def refused(error, function, *arguments):
    try:
        function(*arguments)
    except error:
        return True
token = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=='
box = Fernet('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=')
print box.decrypt(token), box.decrypt(box.encrypt('again'), ttl=60), refused(InvalidToken, box.decrypt, token, 60), refused(InvalidToken, box.decrypt, token[:-4] + 'AAA=')
derive = HKDF(hashes.SHA256(), 42, ''.join(map(chr, range(13))), ''.join(map(chr, range(0xf0, 0xfa))))
print derive.derive('\x0b' * 22).encode('hex')[:32]
print PBKDF2HMAC(hashes.SHA1(), 20, 'salt', 4096).derive('password').encode('hex'), refused(InvalidKey, PBKDF2HMAC(hashes.SHA1(), 20, 'salt', 1).verify, 'a', 'b' * 20)
key, iv = '2b7e151628aed2a6abf7158809cf4f3c'.decode('hex'), ''.join(map(chr, range(16)))
text = '6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51'.decode('hex')
for mode in modes.CBC(iv), modes.CTR('f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff'.decode('hex')), modes.ECB():
    cipher = Cipher(algorithms.AES(key), mode, backend=None)
    encryptor, decryptor = cipher.encryptor(), cipher.decryptor()
    made = encryptor.update(text[:5]) + encryptor.update(text[5:]) + encryptor.finalize()
    print made.encode('hex')[32:], decryptor.update(made) + decryptor.finalize() == text, refused(AlreadyFinalized, encryptor.update, 'x')
partial = Cipher(algorithms.TripleDES('k' * 24), modes.CBC('i' * 8)).encryptor()
partial.update('abc')
print refused(ValueError, partial.finalize), refused(ValueError, algorithms.AES, 'short'), refused(ValueError, modes.GCM, iv, 'short')
gcm = Cipher(algorithms.AES('\0' * 16), modes.GCM('\0' * 12)).encryptor()
print gcm.update('\0' * 16).encode('hex'), (gcm.finalize() + gcm.tag).encode('hex')
wrong = Cipher(algorithms.AES('\0' * 16), modes.GCM('\0' * 12, '\1' * 16)).decryptor()
wrong.update('x' * 16)
sealed = AESGCM(key).encrypt('n' * 12, 'text', 'more')
print refused(InvalidTag, wrong.finalize), AESGCM(key).decrypt('n' * 12, sealed, 'more'), refused(InvalidTag, AESGCM(key).decrypt, 'n' * 12, sealed, '')
pad, unpad = padding.PKCS7(128).padder(), padding.PKCS7(128).unpadder()
padded = pad.update('fifteen letters') + pad.finalize()
print repr(padded[-1]), unpad.update(padded) + unpad.finalize()
mac = hmac.HMAC('Jefe', hashes.SHA256())
mac.update('what do ya want for nothing?')
print mac.copy().finalize().encode('hex')[:16], refused(InvalidSignature, mac.verify, 'x' * 32)
"#,
        "hello again True True\n3cb25f25faacd57a90434f64d0362f2a\n4b007901b765489abead49d926f721d065a429c1 True\n\
         5086cb9b507219ee95db113a917678b2 True True\n9806f66b7970fdff8617187bb9fffdff True True\nf5d3d58503b9699de785895a96fdbaaf True True\n\
         True True True\n0388dace60b6a392f328c2b971b2fe78 ab6e47d42cec13bdf53a67b21257bddf\nTrue text True\n'\\x01' fifteen letters\n\
         5bdcc146bf60754e True\n",
    );
}

#[test]
fn what_is_not_there_says_what_to_use() {
    prints(
        r#"
import sys
for name in 'OpenSSL', 'nacl.signing', 'cryptography.hazmat.primitives.asymmetric.dsa', 'cryptography.hazmat.backends.openssl.backend':
    try:
        __import__(name)
    except ImportError as error:
        print '%.79s' % error
from cryptography import x509
try:
    x509.CertificateBuilder()
except NotImplementedError as error:
    print error
import cryptography, requests, urllib3
print cryptography.__version__, urllib3.util.IS_PYOPENSSL
"#,
        "No module named OpenSSL: connections are encrypted and verified outside the hoo\n\
         No module named nacl: use Crypto: Signature.eddsa, Cipher.ChaCha20_Poly1305 and\n\
         No module named cryptography.hazmat.primitives.asymmetric.dsa: it is not part o\n\
         No module named cryptography.hazmat.backends.openssl: it is not part of the int\n\
         x509.CertificateBuilder is not part of the interpreter: certificates are only read here\n3.3.2+codehook False\n",
    );
}

/// The key on the curve, encrypted; and a certificate that it signed of itself.
const ENCRYPTED_EC_KEY: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----
MIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBCdEEUgq2opGiLw6wo2
MmKaAgIIADAMBggqhkiG9w0CCQUAMB0GCWCGSAFlAwQBKgQQD7cT1tKL2f9Xt6ph
QQ2p8gSBkAEEqzDxBeIQDWi7OC7q0rJO1ckOvUJlbjsqOOCQtIfCWODz8T16f3Bf
vF812Qc49Q+xExSuVh6bW9TZA4Wv7d2A3SI/ZWrpsQnbqJ8FT16lkXk1HEgk15NX
ahBmNCZDSf7WOU0WzCP/sLnO/nqczAEPkolpk7goykCUghpdS9BzTvKdla0HajDy
mDpS+9vlIw==
-----END ENCRYPTED PRIVATE KEY-----
";
const CERTIFICATE: &str = "-----BEGIN CERTIFICATE-----
MIIBFzCBvqADAgECAgISZzAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAl0ZXN0IG9u
bHkwIBcNMjAwMTAyMDMwNDA1WhgPMjA1MTAxMDIwMzA0MDVaMBQxEjAQBgNVBAMM
CXRlc3Qgb25seTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABE2Vl+ceDFtQM5tD
qudgyorWMR8EVdvondwMoObGI8fJA0OWdEUoyTnduXr69bLLeZXHBqUQZkI7qlfe
t8IVu3gwCgYIKoZIzj0EAwIDSAAwRQIgQI25cZ9H5C0uGzRf6H93uiETvqPTdtoa
XBcJPHtXVfACIQDfSrI5NUTDoiPaolfMbJAaKnJmf/axt2NBgZczUkr4xA==
-----END CERTIFICATE-----
";
