"""Fernet: text encrypted and signed with one key, with the time it was made."""
from __future__ import absolute_import

import base64
import binascii
import os
import struct
import time

from Crypto.Cipher import AES
from Crypto.Util.Padding import pad, unpad
from cryptography.hazmat.primitives import constant_time, hashes, hmac
from cryptography.utils import check_bytes

_VERSION = b'\x80'
_BLOCK = 16
_HEAD = 1 + 8 + _BLOCK
_SIGNATURE = 32
_MAX_CLOCK_SKEW = 60


class InvalidToken(Exception):
    pass


class Fernet(object):
    def __init__(self, key, backend=None):
        key = base64.urlsafe_b64decode(bytes(key))
        if len(key) != 32:
            raise ValueError('Fernet key must be 32 url-safe base64-encoded bytes.')
        self._signing_key, self._encryption_key = key[:16], key[16:]

    @classmethod
    def generate_key(cls):
        return base64.urlsafe_b64encode(os.urandom(32))

    def encrypt(self, data):
        return self.encrypt_at_time(data, int(time.time()))

    def encrypt_at_time(self, data, current_time):
        return self._encrypt(check_bytes('data', data), current_time, os.urandom(_BLOCK))

    def decrypt(self, token, ttl=None):
        return self._decrypt(token, ttl, int(time.time()))

    def decrypt_at_time(self, token, ttl, current_time):
        if ttl is None:
            raise ValueError('decrypt_at_time() can only be used with a non-None ttl')
        return self._decrypt(token, ttl, current_time)

    def extract_timestamp(self, token):
        return self._opened(token)[0]

    def _encrypt(self, data, current_time, iv):
        sealed = AES.new(self._encryption_key, AES.MODE_CBC, iv).encrypt(pad(data, _BLOCK))
        signed = _VERSION + struct.pack('>Q', current_time) + iv + sealed
        return base64.urlsafe_b64encode(signed + self._signature(signed))

    def _decrypt(self, token, ttl, current_time):
        made_at, iv, sealed = self._opened(token)
        if ttl is not None and (made_at + ttl < current_time or current_time + _MAX_CLOCK_SKEW < made_at):
            raise InvalidToken
        try:
            return unpad(AES.new(self._encryption_key, AES.MODE_CBC, iv).decrypt(sealed), _BLOCK)
        except ValueError:
            raise InvalidToken

    def _opened(self, token):
        """(time, initialization vector, ciphertext) of a token with the right signature."""
        try:
            data = base64.urlsafe_b64decode(check_bytes('token', token))
        except (TypeError, binascii.Error):
            raise InvalidToken
        if not data.startswith(_VERSION) or len(data) < _HEAD + _SIGNATURE:
            raise InvalidToken
        signed, signature = data[:-_SIGNATURE], data[-_SIGNATURE:]
        if not constant_time.bytes_eq(self._signature(signed), signature):
            raise InvalidToken
        return struct.unpack('>Q', signed[1:9])[0], signed[9:_HEAD], signed[_HEAD:]

    def _signature(self, signed):
        mac = hmac.HMAC(self._signing_key, hashes.SHA256())
        mac.update(signed)
        return mac.finalize()


class MultiFernet(object):
    """Encrypts with the first key, and decrypts with whichever fits."""

    def __init__(self, fernets):
        self._fernets = list(fernets)
        if not self._fernets:
            raise ValueError('MultiFernet requires at least one Fernet instance')

    def encrypt(self, data):
        return self._fernets[0].encrypt(data)

    def encrypt_at_time(self, data, current_time):
        return self._fernets[0].encrypt_at_time(data, current_time)

    def decrypt(self, token, ttl=None):
        return self._first(lambda fernet: fernet.decrypt(token, ttl))

    def decrypt_at_time(self, token, ttl, current_time):
        return self._first(lambda fernet: fernet.decrypt_at_time(token, ttl, current_time))

    def rotate(self, token):
        made_at = self._first(lambda fernet: fernet.extract_timestamp(token))
        return self._fernets[0].encrypt_at_time(self.decrypt(token), made_at)

    def _first(self, attempt):
        for fernet in self._fernets:
            try:
                return attempt(fernet)
            except InvalidToken:
                pass
        raise InvalidToken
