"""scrypt, RFC 7914."""
from __future__ import absolute_import

from Crypto.Protocol import KDF
from cryptography.exceptions import AlreadyFinalized, InvalidKey
from cryptography.hazmat.primitives import constant_time
from cryptography.utils import check_bytes, check_bytes_like


class Scrypt(object):
    def __init__(self, salt, length, n, r, p, backend=None):
        if n < 2 or n & (n - 1) != 0:
            raise ValueError('n must be greater than 1 and be a power of 2.')
        if r < 1 or p < 1:
            raise ValueError('r and p must be greater than or equal to 1.')
        self._salt = check_bytes('salt', salt)
        self._length, self._n, self._r, self._p = length, n, r, p
        self._used = False

    def derive(self, key_material):
        if self._used:
            raise AlreadyFinalized('Scrypt instances can only be used once.')
        self._used = True
        key_material = check_bytes_like('key_material', key_material)
        return KDF.scrypt(key_material, self._salt, self._length, self._n, self._r, self._p)

    def verify(self, key_material, expected_key):
        if not constant_time.bytes_eq(self.derive(key_material), expected_key):
            raise InvalidKey('Keys do not match.')
