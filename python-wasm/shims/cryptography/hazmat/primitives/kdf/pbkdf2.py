"""PBKDF2 with HMAC."""
from __future__ import absolute_import

from Crypto.Protocol.KDF import PBKDF2
from cryptography.exceptions import AlreadyFinalized, InvalidKey
from cryptography.hazmat.primitives import constant_time, hashes
from cryptography.utils import check_bytes, check_bytes_like


class PBKDF2HMAC(object):
    def __init__(self, algorithm, length, salt, iterations, backend=None):
        self._algorithm = hashes.check_algorithm(algorithm)
        self._length, self._iterations = length, iterations
        self._salt = check_bytes('salt', salt)
        self._used = False

    def derive(self, key_material):
        if self._used:
            raise AlreadyFinalized('PBKDF2 instances can only be used once.')
        self._used = True
        key_material = check_bytes_like('key_material', key_material)
        return PBKDF2(key_material, self._salt, self._length, self._iterations, hmac_hash_module=self._algorithm.module)

    def verify(self, key_material, expected_key):
        if not constant_time.bytes_eq(self.derive(key_material), expected_key):
            raise InvalidKey('Keys do not match.')
