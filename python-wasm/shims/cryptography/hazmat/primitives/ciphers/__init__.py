"""Cipher: an algorithm in a mode, with contexts that take data piece by piece."""
from __future__ import absolute_import

from Crypto.Cipher import ARC4 as _ARC4
from Crypto.Cipher import ChaCha20 as _ChaCha20
from Crypto.Util.number import bytes_to_long
from cryptography.exceptions import (
    AlreadyFinalized, AlreadyUpdated, InvalidTag, NotYetFinalized, UnsupportedAlgorithm)
from cryptography.hazmat.primitives.ciphers import algorithms, modes
from cryptography.hazmat.primitives.ciphers.algorithms import BlockCipherAlgorithm, CipherAlgorithm
from cryptography.utils import check_bytes_like

__all__ = ['AEADCipherContext', 'AEADDecryptionContext', 'AEADEncryptionContext', 'BlockCipherAlgorithm', 'Cipher',
           'CipherAlgorithm', 'CipherContext', 'algorithms', 'modes']


class Cipher(object):
    def __init__(self, algorithm, mode, backend=None):
        if not isinstance(algorithm, CipherAlgorithm):
            raise TypeError('Expected interface of CipherAlgorithm.')
        if mode is not None:
            mode.validate_for_algorithm(algorithm)
        self.algorithm, self.mode = algorithm, mode

    def encryptor(self):
        if isinstance(self.mode, modes.GCM):
            if self.mode.tag is not None:
                raise ValueError('Authentication tag must be None when encrypting.')
            return AEADEncryptionContext(_state(self.algorithm, self.mode))
        return CipherContext(_state(self.algorithm, self.mode).encrypt, _whole(self))

    def decryptor(self):
        if isinstance(self.mode, modes.GCM):
            return AEADDecryptionContext(_state(self.algorithm, self.mode), self.mode)
        return CipherContext(_state(self.algorithm, self.mode).decrypt, _whole(self))


def _whole(cipher):
    """In bytes, what has to be passed at a time: blocks, in modes that work on whole ones."""
    return cipher.algorithm.block_size // 8 if isinstance(cipher.mode, (modes.CBC, modes.ECB)) else 1


def _state(algorithm, mode):
    """The object of PyCryptodome that computes it."""
    if isinstance(algorithm, algorithms.ChaCha20) and mode is None:
        state = _ChaCha20.new(key=algorithm.key, nonce=algorithm.nonce[4:])
        # The first four bytes are the number of the first block, as OpenSSL has it.
        state.seek(64 * bytes_to_long(algorithm.nonce[:4][::-1]))
        return state
    if isinstance(algorithm, algorithms.ARC4) and mode is None:
        return _ARC4.new(algorithm.key)
    if not isinstance(algorithm, BlockCipherAlgorithm) or mode is None:
        raise UnsupportedAlgorithm('cipher {} in {} mode is not supported'.format(
            algorithm.name, mode.name if mode else mode))
    module, key = algorithm.module, getattr(algorithm, 'cipher_key', algorithm.key)
    if isinstance(mode, modes.ECB):
        return module.new(key, module.MODE_ECB)
    if isinstance(mode, modes.CTR):
        return module.new(key, module.MODE_CTR, nonce=b'', initial_value=bytes_to_long(mode.nonce))
    vector = mode.initialization_vector
    if isinstance(mode, modes.CBC):
        return module.new(key, module.MODE_CBC, vector)
    if isinstance(mode, modes.OFB):
        return module.new(key, module.MODE_OFB, vector)
    if isinstance(mode, modes.CFB):
        return module.new(key, module.MODE_CFB, vector, segment_size=algorithm.block_size)
    if isinstance(mode, modes.CFB8):
        return module.new(key, module.MODE_CFB, vector, segment_size=8)
    if isinstance(mode, modes.GCM):
        return module.new(key, module.MODE_GCM, nonce=vector)
    raise UnsupportedAlgorithm('mode {} is not supported: see what Crypto.Cipher.{} has'.format(mode.name, algorithm.name))


class CipherContext(object):
    def __init__(self, transform, whole):
        self._transform, self._whole = transform, whole
        self._held = b''

    def update(self, data):
        held = self._alive() + check_bytes_like('data', data)
        passed = len(held) - len(held) % self._whole
        self._held = held[passed:]
        return self._transform(held[:passed]) if passed else b''

    def update_into(self, data, buf):
        made = self.update(data)
        if len(buf) < len(made):
            raise ValueError('buffer must be at least {} bytes for this payload'.format(len(made)))
        buf[:len(made)] = made
        return len(made)

    def finalize(self):
        held, self._held = self._alive(), None
        if held:
            raise ValueError('The length of the provided data is not a multiple of the block length.')
        return b''

    def _alive(self):
        if self._held is None:
            raise AlreadyFinalized('Context was already finalized.')
        return self._held


class AEADCipherContext(CipherContext):
    """GCM: data that is only authenticated comes before the rest, and a tag comes out or is checked in the end."""

    def __init__(self, state, transform):
        super(AEADCipherContext, self).__init__(transform, 1)
        self._state, self._started = state, False

    def authenticate_additional_data(self, data):
        self._alive()
        if self._started:
            raise AlreadyUpdated('Update has been called on this context.')
        self._state.update(check_bytes_like('data', data))

    def update(self, data):
        self._started = True
        return super(AEADCipherContext, self).update(data)


class AEADEncryptionContext(AEADCipherContext):
    def __init__(self, state):
        super(AEADEncryptionContext, self).__init__(state, state.encrypt)
        self._tag = None

    def finalize(self):
        super(AEADEncryptionContext, self).finalize()
        self._tag = self._state.digest()
        return b''

    @property
    def tag(self):
        if self._tag is None:
            raise NotYetFinalized('You must finalize encryption before getting the tag.')
        return self._tag


class AEADDecryptionContext(AEADCipherContext):
    def __init__(self, state, mode):
        super(AEADDecryptionContext, self).__init__(state, state.decrypt)
        self._mode, self._tag = mode, mode.tag

    def finalize(self):
        if self._tag is None:
            raise ValueError('Authentication tag must be provided when decrypting.')
        super(AEADDecryptionContext, self).finalize()
        try:
            # A tag that was cut short is compared with as much of the whole one.
            self._state._mac_len = len(self._tag)
            self._state.verify(self._tag)
        except ValueError:
            raise InvalidTag
        return b''

    def finalize_with_tag(self, tag):
        self._tag = self._mode.check_tag(tag)
        return self.finalize()
