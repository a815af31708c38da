"""HMAC with any hash algorithm."""
from __future__ import absolute_import

from Crypto.Hash import HMAC as _HMAC
from cryptography.exceptions import AlreadyFinalized, InvalidSignature
from cryptography.hazmat.primitives import constant_time, hashes
from cryptography.utils import check_bytes, check_bytes_like


class HMAC(hashes.HashContext):
    def __init__(self, key, algorithm, backend=None, ctx=None):
        self.algorithm = hashes.check_algorithm(algorithm)
        self._key = check_bytes_like('key', key)
        self._state = ctx or _HMAC.new(self._key, digestmod=algorithm.module)

    def update(self, data):
        self._alive().update(check_bytes_like('data', data))

    def copy(self):
        return HMAC(self._key, self.algorithm, ctx=self._alive().copy())

    def finalize(self):
        state, self._state = self._alive(), None
        return state.digest()

    def verify(self, signature):
        check_bytes('signature', signature)
        if not constant_time.bytes_eq(self.finalize(), signature):
            raise InvalidSignature('Signature did not match digest.')

    def _alive(self):
        if self._state is None:
            raise AlreadyFinalized('Context was already finalized.')
        return self._state
