"""CMAC with a block cipher."""
from __future__ import absolute_import

from Crypto.Hash import CMAC as _CMAC
from cryptography.exceptions import AlreadyFinalized, InvalidSignature
from cryptography.hazmat.primitives import constant_time
from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm
from cryptography.utils import check_bytes


class CMAC(object):
    def __init__(self, algorithm, backend=None, ctx=None):
        if not isinstance(algorithm, BlockCipherAlgorithm):
            raise TypeError('Expected instance of BlockCipherAlgorithm.')
        self._algorithm = algorithm
        self._state = ctx or _CMAC.new(algorithm.key, ciphermod=algorithm.module)

    def update(self, data):
        self._alive().update(check_bytes('data', data))

    def copy(self):
        return CMAC(self._algorithm, ctx=self._alive().copy())

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
