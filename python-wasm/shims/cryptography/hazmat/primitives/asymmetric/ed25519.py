"""Ed25519 keys."""
from __future__ import absolute_import

from Crypto.PublicKey import ECC as _ECC
from Crypto.Signature import eddsa as _eddsa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import _serialization
from cryptography.utils import check_bytes, check_bytes_like

_SIZE = 32


class Ed25519PrivateKey(object):
    def __init__(self, key):
        self._key = key

    @classmethod
    def generate(cls):
        return cls(_ECC.generate(curve='Ed25519'))

    @classmethod
    def from_private_bytes(cls, data):
        data = check_bytes_like('data', data)
        if len(data) != _SIZE:
            raise ValueError('An Ed25519 private key is 32 bytes long')
        return cls(_eddsa.import_private_key(data))

    def public_key(self):
        return Ed25519PublicKey(self._key.public_key())

    def sign(self, data):
        return _eddsa.new(self._key, 'rfc8032').sign(check_bytes_like('data', data))

    def private_bytes(self, encoding, format, encryption_algorithm):
        if format is _serialization.PrivateFormat.Raw:
            unencrypted = isinstance(encryption_algorithm, _serialization.NoEncryption)
            if encoding is not _serialization.Encoding.Raw or not unencrypted:
                raise ValueError('When using Raw both encoding and format must be Raw and encryption_algorithm must be '
                                 'NoEncryption()')
            return self._key.seed
        return _serialization.private_bytes(self._key, encoding, format, encryption_algorithm)


class Ed25519PublicKey(object):
    def __init__(self, key):
        self._key = key

    @classmethod
    def from_public_bytes(cls, data):
        check_bytes('data', data)
        if len(data) != _SIZE:
            raise ValueError('An Ed25519 public key is 32 bytes long')
        return cls(_eddsa.import_public_key(data))

    def verify(self, signature, data):
        try:
            _eddsa.new(self._key, 'rfc8032').verify(check_bytes_like('data', data), check_bytes_like('signature', signature))
        except ValueError:
            raise InvalidSignature

    def public_bytes(self, encoding, format):
        if _serialization.Encoding.Raw is encoding and _serialization.PublicFormat.Raw is format:
            return self._key.export_key(format='raw')
        return _serialization.public_bytes(self._key, encoding, format)
