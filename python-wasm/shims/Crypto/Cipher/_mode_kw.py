"""AES Key Wrap (RFC 3394, NIST SP 800-38F), in the place of PyCryptodome's module, which is written for Python 3 only.

It owns wrap() and unwrap(), which Key Wrap with Padding uses too. As the package's own mode does, it wraps or unwraps
once.
"""
import struct

from Crypto.Util.strxor import strxor

_HALF = 8
_CHECK = b'\xa6' * _HALF
_MOST = 2 ** 32


def wrap(cipher, blocks):
    """The W function: every half block goes through the cipher six times, together with the first one."""
    register, rest = blocks[:_HALF], _halves(blocks[_HALF:])
    for step in range(1, 6 * len(rest) + 1):
        whole = cipher.encrypt(register + rest.pop(0))
        register = strxor(whole[:_HALF], struct.pack('>Q', step))
        rest.append(whole[_HALF:])
    return register + b''.join(rest)


def unwrap(cipher, blocks):
    register, rest = blocks[:_HALF], _halves(blocks[_HALF:])
    for step in range(6 * len(rest), 0, -1):
        whole = cipher.decrypt(strxor(register, struct.pack('>Q', step)) + rest.pop())
        register = whole[:_HALF]
        rest.insert(0, whole[_HALF:])
    return register + b''.join(rest)


def _halves(blocks):
    return [blocks[at:at + _HALF] for at in range(0, len(blocks), _HALF)]


class KeyWrap(object):
    """What both modes have in common. A subclass has _seal() and _unseal()."""

    def __init__(self, factory, key):
        if factory.block_size != 2 * _HALF:
            raise ValueError('Key wrapping needs a cipher with blocks of 128 bits, such as AES')
        self.block_size = factory.block_size
        self._cipher = factory.new(key, factory.MODE_ECB)
        self._done = False

    def seal(self, plaintext):
        """The wrapped key."""
        if len(plaintext) >= _MOST:
            raise ValueError('The plaintext is too long')
        return self._once(self._seal, plaintext)

    def unseal(self, ciphertext):
        """The key that was wrapped; ValueError if it or the wrapping key is not right."""
        if len(ciphertext) % _HALF:
            raise ValueError('The ciphertext must have length multiple of 8 bytes')
        return self._once(self._unseal, ciphertext)

    def _once(self, operation, data):
        if self._done:
            raise ValueError('The cipher cannot be used more than once')
        result = operation(bytes(data))
        self._done = True
        return result


class KWMode(KeyWrap):
    """Key Wrap: for keys of whole half blocks, two at least."""

    def _seal(self, plaintext):
        if len(plaintext) % _HALF:
            raise ValueError('The plaintext must have length multiple of 8 bytes')
        if len(plaintext) < 2 * _HALF:
            raise ValueError('The plaintext must be at least 16 bytes long')
        return wrap(self._cipher, _CHECK + plaintext)

    def _unseal(self, ciphertext):
        if len(ciphertext) < 3 * _HALF:
            raise ValueError('The ciphertext must be at least 24 bytes long')
        opened = unwrap(self._cipher, ciphertext)
        if opened[:_HALF] != _CHECK:
            raise ValueError('Incorrect integrity check value')
        return opened[_HALF:]


def _create_kw_cipher(factory, **kwargs):
    if 'key' not in kwargs:
        raise TypeError("Missing parameter: 'key'")
    return KWMode(factory, kwargs['key'])
