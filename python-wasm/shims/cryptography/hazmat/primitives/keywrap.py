"""AES key wrapping, RFC 3394 and RFC 5649."""
from __future__ import absolute_import

from Crypto.Cipher import AES


class InvalidUnwrap(Exception):
    pass


def aes_key_wrap(wrapping_key, key_to_wrap, backend=None):
    return _aes(wrapping_key, AES.MODE_KW).seal(key_to_wrap)


def aes_key_unwrap(wrapping_key, wrapped_key, backend=None):
    return _unsealed(_aes(wrapping_key, AES.MODE_KW), wrapped_key)


def aes_key_wrap_with_padding(wrapping_key, key_to_wrap, backend=None):
    return _aes(wrapping_key, AES.MODE_KWP).seal(key_to_wrap)


def aes_key_unwrap_with_padding(wrapping_key, wrapped_key, backend=None):
    return _unsealed(_aes(wrapping_key, AES.MODE_KWP), wrapped_key)


def _aes(wrapping_key, mode):
    if len(wrapping_key) not in (16, 24, 32):
        raise ValueError('The wrapping key must be a valid AES key length')
    return AES.new(wrapping_key, mode)


def _unsealed(cipher, wrapped_key):
    try:
        return cipher.unseal(wrapped_key)
    except ValueError as error:
        raise InvalidUnwrap(str(error))
