"""Hash algorithms, and a context that computes one."""
from __future__ import absolute_import

from Crypto.Hash import BLAKE2b as _BLAKE2b
from Crypto.Hash import BLAKE2s as _BLAKE2s
from Crypto.Hash import MD5 as _MD5
from Crypto.Hash import SHA1 as _SHA1
from Crypto.Hash import SHA3_224 as _SHA3_224
from Crypto.Hash import SHA3_256 as _SHA3_256
from Crypto.Hash import SHA3_384 as _SHA3_384
from Crypto.Hash import SHA3_512 as _SHA3_512
from Crypto.Hash import SHA224 as _SHA224
from Crypto.Hash import SHA256 as _SHA256
from Crypto.Hash import SHA384 as _SHA384
from Crypto.Hash import SHA512 as _SHA512
from cryptography.exceptions import AlreadyFinalized, UnsupportedAlgorithm
from cryptography.utils import check_bytes_like


class HashAlgorithm(object):
    """Base of the algorithms. `module` is a module of Crypto.Hash, or an object with the same functions."""

    def new(self, data=b''):
        return self.module.new(data)


class _Truncated(object):
    """SHA-512 cut short, where a module of Crypto.Hash is asked for."""

    def __init__(self, truncate):
        self._truncate = truncate
        self.digest_size, self.block_size, self.oid = int(truncate) // 8, _SHA512.block_size, self.new().oid

    def new(self, data=b''):
        return _SHA512.new(data, truncate=self._truncate)


def _algorithm(name, module, block_size, label):
    return type(name, (HashAlgorithm,), {
        '__doc__': label, '__module__': __name__, 'name': label, 'module': module,
        'digest_size': module.digest_size, 'block_size': block_size})


MD5 = _algorithm('MD5', _MD5, 64, 'md5')
SHA1 = _algorithm('SHA1', _SHA1, 64, 'sha1')
SHA224 = _algorithm('SHA224', _SHA224, 64, 'sha224')
SHA256 = _algorithm('SHA256', _SHA256, 64, 'sha256')
SHA384 = _algorithm('SHA384', _SHA384, 128, 'sha384')
SHA512 = _algorithm('SHA512', _SHA512, 128, 'sha512')
SHA512_224 = _algorithm('SHA512_224', _Truncated('224'), 128, 'sha512-224')
SHA512_256 = _algorithm('SHA512_256', _Truncated('256'), 128, 'sha512-256')
SHA3_224 = _algorithm('SHA3_224', _SHA3_224, None, 'sha3-224')
SHA3_256 = _algorithm('SHA3_256', _SHA3_256, None, 'sha3-256')
SHA3_384 = _algorithm('SHA3_384', _SHA3_384, None, 'sha3-384')
SHA3_512 = _algorithm('SHA3_512', _SHA3_512, None, 'sha3-512')


class _Blake2(HashAlgorithm):
    def __init__(self, digest_size):
        if digest_size != self._only_size:
            raise ValueError('Digest size must be %d' % self._only_size)
        self.digest_size = digest_size

    @property
    def module(self):
        return self.new()

    def new(self, data=b''):
        return self._module.new(data=data, digest_bytes=self.digest_size)


class BLAKE2b(_Blake2):
    name, block_size, _only_size, _module = 'blake2b', 128, 64, _BLAKE2b


class BLAKE2s(_Blake2):
    name, block_size, _only_size, _module = 'blake2s', 64, 32, _BLAKE2s


class HashContext(object):
    """What Hash and HMAC contexts have in common: data comes in until they are finalized."""


def check_algorithm(algorithm):
    if not isinstance(algorithm, HashAlgorithm):
        raise TypeError('Expected instance of hashes.HashAlgorithm.')
    return algorithm


class Hash(HashContext):
    def __init__(self, algorithm, backend=None, ctx=None):
        self.algorithm = check_algorithm(algorithm)
        self._state = ctx or algorithm.new()

    def update(self, data):
        self._alive().update(check_bytes_like('data', data))

    def copy(self):
        state = self._alive()
        if not hasattr(state, 'copy'):
            raise UnsupportedAlgorithm('a %s hash cannot be copied with PyCryptodome' % self.algorithm.name)
        return Hash(self.algorithm, ctx=state.copy())

    def finalize(self):
        state, self._state = self._alive(), None
        return state.digest()

    def _alive(self):
        if self._state is None:
            raise AlreadyFinalized('Context was already finalized.')
        return self._state
