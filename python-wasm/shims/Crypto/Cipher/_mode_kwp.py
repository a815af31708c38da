"""AES Key Wrap with Padding (RFC 5649, NIST SP 800-38F), in the place of PyCryptodome's module for Python 3 only."""
import struct

from Crypto.Cipher._mode_kw import KeyWrap, unwrap, wrap

_CHECK = b'\xa6\x59\x59\xa6'
_HALF = 8


class KWPMode(KeyWrap):
    """Key Wrap with Padding: for keys of any length but none."""

    def _seal(self, plaintext):
        if not plaintext:
            raise ValueError('The plaintext must be at least 1 byte')
        blocks = _CHECK + struct.pack('>I', len(plaintext)) + plaintext + b'\0' * (-len(plaintext) % _HALF)
        # One block is encrypted as it is.
        return self._cipher.encrypt(blocks) if len(blocks) == 2 * _HALF else wrap(self._cipher, blocks)

    def _unseal(self, ciphertext):
        if len(ciphertext) < 2 * _HALF:
            raise ValueError('The ciphertext must be at least 16 bytes long')
        opened = self._cipher.decrypt(ciphertext) if len(ciphertext) == 2 * _HALF else unwrap(self._cipher, ciphertext)
        check, length = opened[:4], struct.unpack('>I', opened[4:8])[0]
        padding = len(opened) - _HALF - length
        if check != _CHECK or not 0 <= padding < _HALF or opened[len(opened) - padding:] != b'\0' * padding:
            raise ValueError('Incorrect decryption')
        return opened[_HALF:_HALF + length]


def _create_kwp_cipher(factory, **kwargs):
    if 'key' not in kwargs:
        raise TypeError("Missing parameter: 'key'")
    return KWPMode(factory, kwargs['key'])
