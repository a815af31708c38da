"""HKDF, RFC 5869."""
from __future__ import absolute_import

from Crypto.Hash import HMAC
from cryptography.exceptions import AlreadyFinalized, InvalidKey
from cryptography.hazmat.primitives import constant_time, hashes
from cryptography.utils import check_bytes, check_bytes_like


class HKDFExpand(object):
    def __init__(self, algorithm, length, info, backend=None):
        self._algorithm = hashes.check_algorithm(algorithm)
        if length > 255 * algorithm.digest_size:
            raise ValueError('Can not derive keys larger than %d octets.' % (255 * algorithm.digest_size))
        self._length = length
        self._info = check_bytes('info', info or b'')
        self._used = False

    def derive(self, key_material):
        key_material = check_bytes_like('key_material', key_material)
        if self._used:
            raise AlreadyFinalized
        self._used = True
        output = block = b''
        number = 1
        while len(output) < self._length:
            block = self._hmac(key_material, block + self._info + chr(number))
            output += block
            number += 1
        return output[:self._length]

    def verify(self, key_material, expected_key):
        if not constant_time.bytes_eq(self.derive(key_material), expected_key):
            raise InvalidKey

    def _hmac(self, key, data):
        return HMAC.new(key, data, digestmod=self._algorithm.module).digest()


class HKDF(HKDFExpand):
    def __init__(self, algorithm, length, salt, info, backend=None):
        super(HKDF, self).__init__(algorithm, length, info)
        self._salt = check_bytes('salt', salt or b'\0' * algorithm.digest_size)

    def derive(self, key_material):
        extracted = self._hmac(self._salt, check_bytes_like('key_material', key_material))
        return super(HKDF, self).derive(extracted)
