"""Padding of block ciphers' last blocks."""
from __future__ import absolute_import

from Crypto.Util import Padding as _Padding
from cryptography.exceptions import AlreadyFinalized
from cryptography.utils import check_bytes_like


class _Context(object):
    """Lets whole blocks through; an unpadder keeps the last one, which may be padding."""

    def __init__(self, block_bytes, style, removing):
        self._block_bytes, self._style, self._removing = block_bytes, style, removing
        self._held = b''

    def update(self, data):
        held = self._alive() + check_bytes_like('data', data)
        whole = len(held) // self._block_bytes
        if self._removing:
            whole = max(0, (len(held) - 1) // self._block_bytes)
        passed = whole * self._block_bytes
        self._held = held[passed:]
        return held[:passed]

    def finalize(self):
        held, self._held = self._alive(), None
        if not self._removing:
            return _Padding.pad(held, self._block_bytes, self._style)
        try:
            return _Padding.unpad(held, self._block_bytes, self._style)
        except ValueError:
            raise ValueError('Invalid padding bytes.')

    def _alive(self):
        if self._held is None:
            raise AlreadyFinalized('Context was already finalized.')
        return self._held


class _Style(object):
    def __init__(self, block_size):
        if not 0 < block_size <= 2040:
            raise ValueError('block_size must be in range(1, 2041).')
        if block_size % 8 != 0:
            raise ValueError('block_size must be a multiple of 8.')
        self._block_bytes = block_size // 8

    def padder(self):
        return _Context(self._block_bytes, self._name, False)

    def unpadder(self):
        return _Context(self._block_bytes, self._name, True)


class PKCS7(_Style):
    _name = 'pkcs7'


class ANSIX923(_Style):
    _name = 'x923'
