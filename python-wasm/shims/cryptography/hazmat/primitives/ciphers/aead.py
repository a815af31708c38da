"""Authenticated encryption in one call."""
from __future__ import absolute_import

import os

from Crypto.Cipher import AES
from Crypto.Cipher import ChaCha20_Poly1305 as _ChaCha20_Poly1305
from cryptography.exceptions import InvalidTag
from cryptography.utils import check_bytes_like

_TAG = 16


class _Sealing(object):
    """A subclass has _new(nonce, data length), a cipher of PyCryptodome."""

    _tag_length = _TAG

    def encrypt(self, nonce, data, associated_data):
        data = check_bytes_like('data', data)
        cipher = self._started(nonce, len(data), associated_data)
        sealed, tag = cipher.encrypt_and_digest(data)
        return sealed + tag

    def decrypt(self, nonce, data, associated_data):
        data = check_bytes_like('data', data)
        if len(data) < self._tag_length:
            raise InvalidTag
        sealed, tag = data[:-self._tag_length], data[-self._tag_length:]
        try:
            return self._started(nonce, len(sealed), associated_data).decrypt_and_verify(sealed, tag)
        except ValueError:
            raise InvalidTag

    def _started(self, nonce, length, associated_data):
        nonce = check_bytes_like('nonce', nonce)
        self._check_nonce(nonce)
        cipher = self._new(nonce, length)
        cipher.update(check_bytes_like('associated_data', associated_data or b''))
        return cipher


class _AES(_Sealing):
    def __init__(self, key):
        self._key = check_bytes_like('key', key)
        if len(self._key) not in (16, 24, 32):
            raise ValueError('%s key must be 128, 192, or 256 bits.' % type(self).__name__)

    @classmethod
    def generate_key(cls, bit_length):
        if bit_length not in (128, 192, 256):
            raise ValueError('bit_length must be 128, 192, or 256')
        return os.urandom(bit_length // 8)


class AESGCM(_AES):
    def _check_nonce(self, nonce):
        if len(nonce) < 8 or len(nonce) > 128:
            raise ValueError('Nonce must be between 8 and 128 bytes')

    def _new(self, nonce, length):
        return AES.new(self._key, AES.MODE_GCM, nonce=nonce)


class AESCCM(_AES):
    def __init__(self, key, tag_length=_TAG):
        super(AESCCM, self).__init__(key)
        if tag_length not in (4, 6, 8, 10, 12, 14, 16):
            raise ValueError('Invalid tag_length')
        self._tag_length = tag_length

    def _check_nonce(self, nonce):
        if not 7 <= len(nonce) <= 13:
            raise ValueError('Nonce must be between 7 and 13 bytes')

    def _new(self, nonce, length):
        return AES.new(self._key, AES.MODE_CCM, nonce=nonce, mac_len=self._tag_length, msg_len=length)


class ChaCha20Poly1305(_Sealing):
    def __init__(self, key):
        self._key = check_bytes_like('key', key)
        if len(self._key) != 32:
            raise ValueError('ChaCha20Poly1305 key must be 32 bytes.')

    @classmethod
    def generate_key(cls):
        return os.urandom(32)

    def _check_nonce(self, nonce):
        if len(nonce) != 12:
            raise ValueError('Nonce must be 12 bytes')

    def _new(self, nonce, length):
        return _ChaCha20_Poly1305.new(key=self._key, nonce=nonce)
