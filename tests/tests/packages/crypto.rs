//! PyCryptodome: ciphers, hashes and keys against the answers of their standards; chance; and its C under a script that means harm.

use std::collections::BTreeSet;

use codehook_sandbox::Outcome;
use codehook_tests::{run, stderr, stdout};
use ring::signature;

use crate::signing::{PUBLIC_KEY, decoded, with_key};
use crate::{Use, prints};

pub(crate) const USES: &[Use] = &[("pycryptodome", ciphers_give_the_answers_of_their_standards)];

#[test]
fn ciphers_give_the_answers_of_their_standards() {
    prints(include_str!("crypto_ciphers.py"), "[]\n");
}

#[test]
fn hashes_and_derivations_give_the_answers_of_their_standards() {
    prints(include_str!("crypto_hashes.py"), "[]\n");
}

#[test]
fn every_module_imports_and_none_draws_chance_when_it_does() {
    // What is drawn at import would be drawn once, in the snapshot, if the module were loaded there.
    prints(
        r#"
import os, pkgutil
def refuse(size):
    raise AssertionError('%d bytes drawn at import' % size)
os.urandom = refuse
import Crypto, cryptography
count = 0
for package in Crypto, cryptography:
    for _, name, _ in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):
        __import__(name)
        count += 1
from Crypto.Math import Numbers
print count > 100, Numbers._implementation
"#,
        "True {'api': 'linked', 'library': 'custom'}\n",
    );
}

#[test]
fn no_two_runs_draw_the_same() {
    let source = r#"
from Crypto.Cipher import AES
from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC
from Crypto.Random import get_random_bytes, random
from Crypto.Signature import DSS
from cryptography.fernet import Fernet
print get_random_bytes(16).encode('hex')
print random.getrandbits(128)
print AES.new('k' * 16, AES.MODE_CTR).nonce.encode('hex')
print ECC.generate(curve='P-256').d
print DSS.new(ECC.construct(curve='P-256', d=1), 'fips-186-3').sign(SHA256.new('x')).encode('hex')
print Fernet.generate_key()
"#;
    let mut drawn = BTreeSet::new();
    for _ in 0..3 {
        let report = run(source);
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        drawn.extend(stdout(&report).lines().map(str::to_owned));
    }
    assert_eq!(drawn.len(), 3 * 6, "{drawn:?}");
}

#[test]
fn rsa_signs_verifies_and_encrypts() {
    // The digest is of what `openssl dgst -sha256 -sign test_only_key.pem` makes, the ciphertext by another implementation.
    prints(
        &with_key(
            r#"
import hashlib
from Crypto.Cipher import PKCS1_OAEP, PKCS1_v1_5
from Crypto.Hash import SHA1, SHA256
from Crypto.PublicKey import RSA
from Crypto.Signature import pkcs1_15, pss
key = RSA.import_key(KEY)
digest = SHA256.new('a signed message')
made = pkcs1_15.new(key).sign(digest)
print hashlib.sha256(made).hexdigest()
def attempt(verify, *arguments):
    try:
        return verify(*arguments)
    except ValueError:
        return 'refused'
public = key.publickey()
print attempt(pkcs1_15.new(public).verify, digest, made), attempt(pkcs1_15.new(public).verify, SHA256.new('another'), made)
salted = pss.new(key).sign(digest)
print attempt(pss.new(public).verify, digest, salted), attempt(pss.new(public).verify, digest, made)
sealed = ('IaTJcQTMrPqd15zh+wlOz+3D/zHKQSzLH3KaybgHt5RkmKl1veHbZg2YVcsr5d2CF5qyc5qQWvn1lIUFUQezOHxPj/DbWqKSYTo6aZj3tTa8Jz0PdYt8kBSc'
          'S99Vx9DOn7LqCfpHmDFBjdjORjY0KNXcUs8maSi7lWnWkM9bjm5EhMxqfGcXrcVjk2moZ3VtPFeHq6eQFF3mm/d+j7WQSto7MIrbb18/G33XsgXScI4gsivO'
          'T4Sf646PHdLSCRa9vqGkvkvXmTtTfcGzSN+xoQi0Jjoi6NzDIX/sdqrBk8cmeZfYvZAxBr3Lra/sPulveexMsPE4pPyR2CIjiwXGNw==').decode('base64')
print PKCS1_OAEP.new(key, hashAlgo=SHA256).decrypt(sealed), PKCS1_v1_5.new(key).decrypt(PKCS1_v1_5.new(public).encrypt('old'), None)
for options in {}, {'passphrase': 'p', 'pkcs': 8}, {'format': 'DER', 'pkcs': 8}, {'passphrase': 'p'}:
    print RSA.import_key(key.export_key(**options), options.get('passphrase')) == key,
print RSA.import_key(public.export_key('OpenSSH')) == public
small = RSA.generate(1024)
print small.size_in_bits(), pkcs1_15.new(small.publickey()).verify(digest, pkcs1_15.new(small).sign(digest))
"#,
        ),
        "ae7b1bd4c3862eebe5675f35e476b0e1e4e67effecf2c8995370a70c391d8ed1\nNone refused\nNone refused\na secret old\n\
         True True True True True\n1024 None\n",
    );
}

#[test]
fn signatures_on_curves_give_the_answers_of_their_standards() {
    // RFC 6979, A.2.5; RFC 8032, 7.1, test 2; RFC 7748, 5.2.
    prints(
        r#"
from Crypto.Hash import SHA256, SHA512
from Crypto.Protocol import DH
from Crypto.PublicKey import ECC
from Crypto.Signature import DSS, eddsa
key = ECC.construct(curve='P-256', d=0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721)
made = DSS.new(key, 'deterministic-rfc6979').sign(SHA256.new('sample'))
print made.encode('hex')
print DSS.new(key.public_key(), 'fips-186-3').verify(SHA256.new('sample'), made)
try:
    DSS.new(key.public_key(), 'fips-186-3').verify(SHA256.new('another'), made)
except ValueError:
    print 'refused'
for curve in 'P-192', 'P-224', 'P-384', 'P-521', 'Ed448':
    fresh = ECC.generate(curve=curve)
    again = ECC.import_key(fresh.export_key(format='PEM', passphrase='p', protection='PBKDF2WithHMAC-SHA1AndAES128-CBC'), 'p')
    if curve == 'Ed448':
        print eddsa.new(again.public_key(), 'rfc8032').verify('m', eddsa.new(fresh, 'rfc8032').sign('m'))
    else:
        print DSS.new(again.public_key(), 'fips-186-3').verify(SHA512.new('m'), DSS.new(fresh, 'fips-186-3').sign(SHA512.new('m'))),
seed = '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb'.decode('hex')
print eddsa.new(eddsa.import_private_key(seed), 'rfc8032').sign('\x72').encode('hex')[:64]
scalar = 'a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4'.decode('hex')
point = 'e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c'.decode('hex')
print DH.key_agreement(static_priv=DH.import_x25519_private_key(scalar), static_pub=DH.import_x25519_public_key(point), kdf=bytes).encode('hex')
"#,
        "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8\n\
         False\nrefused\nFalse False False False None\n92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da\n\
         c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552\n",
    );
}

#[test]
fn what_it_signs_verifies_outside() {
    let report = run(&with_key(
        r#"
from Crypto.Hash import SHA256
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import DSS, pss
digest = SHA256.new('a signed message')
print pss.new(RSA.import_key(KEY)).sign(digest).encode('base64').replace('\n', '')
key = ECC.generate(curve='P-256')
print DSS.new(key, 'fips-186-3').sign(digest).encode('base64').replace('\n', '')
print key.public_key().export_key(format='SEC1').encode('base64').replace('\n', '')
"#,
    ));
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    let printed: Vec<Vec<u8>> = stdout(&report).lines().map(decoded).collect();
    let [salted, made, point] = &printed[..] else {
        panic!("three lines: {}", stdout(&report))
    };
    signature::UnparsedPublicKey::new(&signature::RSA_PSS_2048_8192_SHA256, PUBLIC_KEY)
        .verify(b"a signed message", salted)
        .expect("the RSA-PSS signature verifies");
    signature::UnparsedPublicKey::new(&signature::ECDSA_P256_SHA256_FIXED, point)
        .verify(b"a signed message", made)
        .expect("the ECDSA signature verifies");
}

#[test]
fn no_argument_of_a_script_gets_past_the_calls_into_c() {
    prints(
        include_str!("crypto_hostile.py"),
        "ValueError ValueError BufferError\nOverflowError OverflowError TypeError\nValueError\nOverflowError TypeError\nOverflowError\n\
         0 0\nTypeError TypeError\nValueError ValueError TypeError\n0 ValueError\n0 ValueError ValueError\n0 0\n0 0 7cf27b18\nTrue\n",
    );
}
