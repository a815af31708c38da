"""What multiprocessing is built on, for a program that is one process: it can be imported, and says so when it is used.

`multiprocessing.dummy` and `multiprocessing.pool.ThreadPool` do the same with threads, need nothing of this module and
work as they are.
"""
import errno as _errno


def _refusal():
    return OSError(_errno.ENOSYS, 'a hook is one process: use multiprocessing.dummy, multiprocessing.pool.ThreadPool or '
                                  'concurrent.futures.ThreadPoolExecutor, which offer the same with threads')


class SemLock(object):
    """SemLock(kind, value, maxvalue): refused."""

    __module__ = '_multiprocessing'

    # Python's Lib/multiprocessing reads it when it is imported; on Linux it is this.
    SEM_VALUE_MAX = 2147483647

    def __new__(cls, *args, **kwargs):
        raise _refusal()

    _rebuild = classmethod(lambda cls, *args: cls(*args))


class Connection(object):
    """Connection(handle[, readable[, writable]]): refused."""

    __module__ = '_multiprocessing'

    def __new__(cls, *args, **kwargs):
        raise _refusal()


def address_of_buffer(*args):
    """address_of_buffer(buffer): refused."""
    raise _refusal()


flags = {}
