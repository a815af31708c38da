"""Ciphers: each checks its key. How they are computed is in `ciphers`."""
from __future__ import absolute_import

from Crypto.Cipher import AES as _AES
from Crypto.Cipher import CAST as _CAST
from Crypto.Cipher import DES as _DES
from Crypto.Cipher import DES3 as _DES3
from Crypto.Cipher import Blowfish as _Blowfish
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.utils import check_bytes_like


class CipherAlgorithm(object):
    def __init__(self, key):
        self.key = check_bytes_like('key', key)
        if len(self.key) * 8 not in self.key_sizes:
            raise ValueError('Invalid key size ({}) for {}.'.format(len(self.key) * 8, self.name))

    @property
    def key_size(self):
        return len(self.key) * 8


class BlockCipherAlgorithm(CipherAlgorithm):
    """`module` is the cipher of PyCryptodome; `block_size` is in bits."""


class AES(BlockCipherAlgorithm):
    name, block_size, module = 'AES', 128, _AES
    # 512 bits are for XTS, which PyCryptodome does not have.
    key_sizes = frozenset([128, 192, 256])


class TripleDES(BlockCipherAlgorithm):
    name, block_size = '3DES', 64
    key_sizes = frozenset([64, 128, 192])

    def __init__(self, key):
        super(TripleDES, self).__init__(key)
        if len(self.key) == 8:
            self.key *= 3
        elif len(self.key) == 16:
            self.key += self.key[:8]
        self.module, self.cipher_key = _DES3, self.key
        # Encrypting and decrypting with one key cancel out. PyCryptodome refuses what is only DES then.
        first, second, third = self.key[:8], self.key[8:16], self.key[16:]
        if first == second or second == third:
            self.module, self.cipher_key = _DES, third if first == second else first


class Blowfish(BlockCipherAlgorithm):
    name, block_size, module = 'Blowfish', 64, _Blowfish
    key_sizes = frozenset(range(32, 449, 8))


class CAST5(BlockCipherAlgorithm):
    name, block_size, module = 'CAST5', 64, _CAST
    key_sizes = frozenset(range(40, 129, 8))


class ARC4(CipherAlgorithm):
    name = 'RC4'
    key_sizes = frozenset([40, 56, 64, 80, 128, 160, 192, 256])


class ChaCha20(CipherAlgorithm):
    name = 'ChaCha20'
    key_sizes = frozenset([256])

    def __init__(self, key, nonce):
        super(ChaCha20, self).__init__(key)
        self.nonce = check_bytes_like('nonce', nonce)
        if len(self.nonce) != 16:
            raise ValueError('nonce must be 128-bits (16 bytes)')


def _without(name):
    def refuse(self, key):
        raise UnsupportedAlgorithm('%s is not part of the interpreter: PyCryptodome has no such cipher' % name)

    return type(name, (BlockCipherAlgorithm,), {'name': name, '__init__': refuse, '__module__': __name__})


Camellia = _without('Camellia')
IDEA = _without('IDEA')
SEED = _without('SEED')
