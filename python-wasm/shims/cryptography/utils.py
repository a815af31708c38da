"""Numbers and bytes, as packages import them from `cryptography.utils`."""
from __future__ import absolute_import

from Crypto.Util.number import bytes_to_long, long_to_bytes


class CryptographyDeprecationWarning(UserWarning):
    pass


def int_from_bytes(data, byteorder, signed=False):
    if byteorder not in ('big', 'little') or signed:
        raise ValueError('byteorder must be big or little, and the number not signed')
    return bytes_to_long(bytes(data) if byteorder == 'big' else bytes(data)[::-1])


def int_to_bytes(integer, length=None):
    made = long_to_bytes(integer, length or 1)
    if length is not None and len(made) > length:
        raise OverflowError('the number needs more than %d bytes' % length)
    return made


def check_bytes(name, value):
    """The original takes no unicode anywhere, and neither does this."""
    if not isinstance(value, bytes):
        raise TypeError('%s must be bytes' % name)
    return value


def check_bytes_like(name, value):
    """Anything with the bytes' own buffer, as a byte string."""
    if not isinstance(value, (bytes, bytearray, memoryview)):
        raise TypeError('%s must be bytes-like' % name)
    return value.tobytes() if isinstance(value, memoryview) else bytes(value)
