"""Formats of keys, and writing keys in them."""
from __future__ import absolute_import

from enum import Enum

from Crypto.IO import PEM as _PEM
from Crypto.PublicKey import RSA as _RSA
from cryptography.exceptions import UnsupportedAlgorithm

# What OpenSSL takes for it today. PyCryptodome's own choice is Triple DES.
_PROTECTION = 'PBKDF2WithHMAC-SHA256AndAES256-CBC'
_ITERATIONS = 20000


class Encoding(Enum):
    PEM = 'PEM'
    DER = 'DER'
    OpenSSH = 'OpenSSH'
    Raw = 'Raw'
    X962 = 'ANSI X9.62'
    SMIME = 'S/MIME'


class PrivateFormat(Enum):
    PKCS8 = 'PKCS8'
    TraditionalOpenSSL = 'TraditionalOpenSSL'
    Raw = 'Raw'
    OpenSSH = 'OpenSSH'


class PublicFormat(Enum):
    SubjectPublicKeyInfo = 'X.509 subjectPublicKeyInfo with PKCS#1'
    PKCS1 = 'Raw PKCS#1'
    OpenSSH = 'OpenSSH'
    Raw = 'Raw'
    CompressedPoint = 'X9.62 Compressed Point'
    UncompressedPoint = 'X9.62 Uncompressed Point'


class ParameterFormat(Enum):
    PKCS3 = 'PKCS3'


class KeySerializationEncryption(object):
    pass


class BestAvailableEncryption(KeySerializationEncryption):
    def __init__(self, password):
        if not isinstance(password, bytes) or not password:
            raise ValueError('Password must be 1 or more bytes.')
        self.password = password


class NoEncryption(KeySerializationEncryption):
    password = None


def encoded(der, marker, encoding):
    """DER as it is, or as PEM."""
    if encoding is Encoding.DER:
        return der
    if encoding is Encoding.PEM:
        return _PEM.encode(der, marker) + '\n'
    raise ValueError('{} does not fit this key and format: use PEM or DER'.format(encoding))


def private_bytes(key, encoding, format, encryption_algorithm):
    """A private key of PyCryptodome, of whatever kind."""
    if not isinstance(encryption_algorithm, KeySerializationEncryption):
        raise TypeError('Encryption algorithm must be a KeySerializationEncryption instance')
    if encoding not in (Encoding.PEM, Encoding.DER):
        raise ValueError('{} does not fit a private key: use PEM or DER'.format(encoding))
    password = encryption_algorithm.password
    options = {'passphrase': password}
    if format is PrivateFormat.PKCS8:
        if password:
            options.update(protection=_PROTECTION, prot_params={'iteration_count': _ITERATIONS})
    elif format is not PrivateFormat.TraditionalOpenSSL:
        raise UnsupportedAlgorithm('{} is not supported for writing a private key: use PKCS8'.format(format))
    elif password and encoding is Encoding.DER:
        raise ValueError('Encryption is not supported for DER encoded traditional OpenSSL keys')
    if isinstance(key, _RSA.RsaKey):
        options['pkcs'] = 8 if format is PrivateFormat.PKCS8 else 1
    else:
        options['use_pkcs8'] = format is PrivateFormat.PKCS8
    made = key.export_key(format=encoding.name, **options)
    return made + '\n' if encoding is Encoding.PEM else made


def public_bytes(key, encoding, format):
    if format is PublicFormat.OpenSSH:
        if encoding is not Encoding.OpenSSH:
            raise ValueError('OpenSSH format must be used with OpenSSH encoding')
        return key.export_key(format='OpenSSH')
    if format is not PublicFormat.SubjectPublicKeyInfo:
        raise ValueError('{} does not fit this public key: use SubjectPublicKeyInfo'.format(format))
    return encoded(key.export_key(format='DER'), 'PUBLIC KEY', encoding)
