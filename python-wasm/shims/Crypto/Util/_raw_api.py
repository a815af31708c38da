"""How PyCryptodome's modules reach their C, in the place of the package's own module, which does it through cffi or
ctypes.

The C functions are linked into the interpreter, each behind a call in `_pycryptodome` that checks its arguments. This
module owns what the package's modules import from here, under the names that they know. The declarations that they pass
are not read again: the calls were made from them.
"""
import _pycryptodome

backend = 'linked'
null_pointer = None

# A place for a C object; get() and address_of() give the place itself, and the C function takes or fills it.
VoidPointer = _pycryptodome.VoidPointer

_buffer_type = (bytearray, memoryview)


class _Library(object):
    """A library's functions, as attributes."""

    def __init__(self, name, functions):
        self.__dict__.update(functions)
        self._name = name

    def __repr__(self):
        return '<C functions of %s>' % self._name


def load_pycryptodome_raw_lib(name, cdecl):
    functions = _pycryptodome.libraries.get(name)
    if functions is None:
        raise OSError("Cannot load native module '%s': it is not linked into the interpreter" % name)
    return _Library(name, functions)


def load_lib(name, cdecl):
    raise OSError("Cannot load library '%s': a hook cannot load machine code" % name)


def c_size_t(number):
    """The number itself: every call checks the range of its own numbers."""
    return number


c_uint = c_ulong = c_ulonglong = c_size_t


def c_ubyte(number):
    if not 0 <= number < 256:
        raise OverflowError()
    return number


def create_string_buffer(init_or_size, size=None):
    """Zeros, or the given bytes and zeros behind them."""
    if isinstance(init_or_size, bytes):
        return bytearray(init_or_size.ljust(max(len(init_or_size) + 1, size or 0), b'\0'))
    if size:
        raise ValueError('Size must be specified once only')
    return bytearray(init_or_size)


def get_c_string(c_string):
    return bytes(c_string).split(b'\0', 1)[0]


def get_raw_buffer(buf):
    return bytes(buf)


def c_uint8_ptr(data):
    if isinstance(data, bytes) or isinstance(data, _buffer_type):
        return data
    raise TypeError('Object type %s cannot be passed to C code' % type(data))


class SmartPointer(object):
    """Owns a C object, and frees it in the end."""

    def __init__(self, raw_pointer, destructor):
        self._raw_pointer = raw_pointer
        self._destructor = destructor

    def get(self):
        return self._raw_pointer

    def release(self):
        raw_pointer, self._raw_pointer = self._raw_pointer, None
        return raw_pointer

    # No __del__: a VoidPointer frees its object itself, and an object with __del__ in a cycle would never be collected.


def is_buffer(x):
    return isinstance(x, (bytes, bytearray, memoryview))


def is_writeable_buffer(x):
    return isinstance(x, bytearray) or (isinstance(x, memoryview) and not x.readonly)
