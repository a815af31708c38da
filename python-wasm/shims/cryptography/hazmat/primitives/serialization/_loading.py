"""Reading keys. The kind of a key is told from what it says of itself, before PyCryptodome reads it.

PyCryptodome tries one format after another, public ones for private keys too; here a public key is never taken where a
private one was asked for, nor the other way round.
"""
from __future__ import absolute_import

import re

from Crypto.IO import PEM as _PEM
from Crypto.IO import PKCS8 as _PKCS8
from Crypto.PublicKey import ECC as _ECC
from Crypto.PublicKey import RSA as _RSA
from Crypto.Util.asn1 import DerObjectId, DerSequence
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec as _ec, ed25519 as _ed25519, rsa as _rsa
from cryptography.utils import check_bytes_like

_BLOCK = re.compile(r'-----BEGIN (?P<marker>[A-Z0-9 ]+)-----.*?-----END (?P=marker)-----', re.DOTALL)
_RSA_OID, _EC_OID, _ED25519_OID = '1.2.840.113549.1.1.1', '1.2.840.10045.2.1', '1.3.101.112'
_OCTET_STRING = b'\x04'
_UNREADABLE = 'Could not deserialize key data. The data may be in an incorrect format or it may be encrypted with an ' \
              'unsupported algorithm.'
_PRIVATE = ('PRIVATE KEY', 'ENCRYPTED PRIVATE KEY', 'RSA PRIVATE KEY', 'EC PRIVATE KEY')
_ELSEWHERE = {
    'CERTIFICATE': 'this is a certificate: use x509.load_pem_x509_certificate(data).public_key()',
    'OPENSSH PRIVATE KEY': "this is OpenSSH's format: use load_ssh_private_key(data, password)",
}


def load_pem_private_key(data, password, backend=None):
    block, marker = _pem_block(data, _PRIVATE)
    password = _checked_password(password)
    encrypted = marker == 'ENCRYPTED PRIVATE KEY' or 'Proc-Type: 4,ENCRYPTED' in block
    _require_password_if(encrypted, password)
    if encrypted and marker != 'ENCRYPTED PRIVATE KEY':
        der, password = _decrypted(lambda: _PEM.decode(block, password)[0]), None
    else:
        der = _read(lambda: _PEM.decode(block)[0])
    return _private_key(der, password)


def load_der_private_key(data, password, backend=None):
    data, password = check_bytes_like('data', data), _checked_password(password)
    fields = _read(lambda: DerSequence().decode(data))
    # An encrypted key is how it is encrypted, and an octet string. Any other begins with a version.
    encrypted = len(fields) == 2 and isinstance(fields[1], bytes) and fields[1][:1] == _OCTET_STRING
    _require_password_if(encrypted, password)
    return _private_key(data, password)


def load_pem_public_key(data, backend=None):
    block, marker = _pem_block(data, ('PUBLIC KEY', 'RSA PUBLIC KEY'))
    der = _read(lambda: _PEM.decode(block)[0])
    return _rsa_public(der) if marker == 'RSA PUBLIC KEY' else load_der_public_key(der)


def load_der_public_key(data, backend=None):
    data = check_bytes_like('data', data)
    fields = _read(lambda: DerSequence().decode(data))
    if len(fields) == 2 and all(isinstance(field, (int, long)) for field in fields):
        return _rsa_public(data)
    if len(fields) != 2 or isinstance(fields[0], (int, long)):
        raise ValueError(_UNREADABLE)
    oid = _read(lambda: DerObjectId().decode(DerSequence().decode(fields[0])[0]).value)
    if oid == _RSA_OID:
        return _rsa_public(data)
    if oid in (_EC_OID, _ED25519_OID):
        return _read(lambda: _ecc_public(_ECC.import_key(data)))
    raise _unsupported(oid)


def load_ssh_public_key(data, backend=None):
    data = check_bytes_like('data', data)
    if data.startswith(b'ssh-rsa '):
        return _read(lambda: _rsa.RSAPublicKey(_RSA.import_key(data)))
    if data.startswith(b'ecdsa-sha2-'):
        return _read(lambda: _ec.EllipticCurvePublicKey(_ECC.import_key(data)))
    if data.startswith(b'ssh-ed25519 '):
        return _read(lambda: _ed25519.Ed25519PublicKey(_ECC.import_key(data)))
    raise UnsupportedAlgorithm('Unsupported key type: ssh-rsa, ecdsa-sha2-* and ssh-ed25519 can be read')


def load_ssh_private_key(data, password, backend=None):
    block, _ = _pem_block(data, ('OPENSSH PRIVATE KEY',))
    password = _checked_password(password)
    for load, wrap in ((_RSA.import_key, lambda key: _rsa.RSAPrivateKey(key)), (_ECC.import_key, _ecc_private)):
        try:
            return wrap(load(block, password))
        except (ValueError, IndexError, TypeError):
            pass
    raise ValueError(_UNREADABLE)


def _private_key(der, password):
    """PKCS#1, SEC1, or PKCS#8 in the clear or encrypted."""
    if password is None:
        fields = _read(lambda: DerSequence().decode(der))
        if len(fields) >= 9:
            return _rsa_private(der)
        if fields[:1] == [1] and isinstance(fields[1], bytes) and fields[1][:1] == _OCTET_STRING:
            return _read(lambda: _ecc_private(_ECC.import_key(der)))
        if len(fields) < 3:
            raise ValueError(_UNREADABLE)
        oid, inner, _ = _read(lambda: _PKCS8.unwrap(der))
    else:
        oid, inner, _ = _decrypted(lambda: _PKCS8.unwrap(der, password))
    if oid == _RSA_OID:
        return _rsa_private(inner)
    if oid in (_EC_OID, _ED25519_OID):
        return _read(lambda: _ecc_private(_ECC.import_key(der, password)))
    raise _unsupported(oid)


def _rsa_private(der):
    """PKCS#1. PyCryptodome's import_key() would test whether p and q are prime, which takes longer than ten
    signatures."""
    fields = _read(lambda: DerSequence().decode(der, nr_elements=9, only_ints_expected=True))
    n, e, d, p, q = fields[1:6]
    if fields[0] != 0 or p * q != n or not 1 < e < n or any((e * d - 1) % (prime - 1) for prime in (p, q)):
        raise ValueError(_UNREADABLE)
    return _rsa.RSAPrivateKey(_read(lambda: _RSA.construct((n, e, d, p, q), consistency_check=False)))


def _ecc_private(key):
    if key.curve == 'Ed25519':
        return _ed25519.Ed25519PrivateKey(key)
    return _ec.EllipticCurvePrivateKey(key)


def _ecc_public(key):
    if key.curve == 'Ed25519':
        return _ed25519.Ed25519PublicKey(key)
    return _ec.EllipticCurvePublicKey(key)


def _rsa_public(der):
    return _read(lambda: _rsa.RSAPublicKey(_RSA.import_key(der)))


def _unsupported(oid):
    return UnsupportedAlgorithm('Unsupported key type {}: Crypto.PublicKey may have it'.format(oid))


def _pem_block(data, markers):
    """(text, marker) of the first block of one of these kinds."""
    text = check_bytes_like('data', data)
    found = list(_BLOCK.finditer(text))
    for match in found:
        if match.group('marker') in markers:
            return match.group(0), match.group('marker')
    hints = [_ELSEWHERE[match.group('marker')] for match in found if match.group('marker') in _ELSEWHERE]
    raise ValueError('{} {}'.format(_UNREADABLE, hints[0]) if hints else _UNREADABLE)


def _checked_password(password):
    return None if password is None else check_bytes_like('password', password)


def _require_password_if(encrypted, password):
    if encrypted and not password:
        raise TypeError('Password was not given but private key is encrypted')
    if password is not None and not encrypted:
        raise TypeError('Password was given but private key is not encrypted.')


def _decrypted(read):
    try:
        return read()
    except (ValueError, IndexError, TypeError):
        raise ValueError('Bad decrypt. Incorrect password?')


def _read(read):
    try:
        return read()
    except (ValueError, IndexError, TypeError, KeyError):
        raise ValueError(_UNREADABLE)
