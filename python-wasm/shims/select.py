"""The `select` module with select() and its error, over what a hook has: sockets that speak HTTP, and files.

A socket is ready to be read when recv() has something to give: an answer, which recv() then waits for, or the go-ahead
for a body (100 Continue). Nothing is sent to a socket that did not ask for it, so no other socket becomes ready by
waiting: with a timeout select() waits that long, and without one it raises at once. Waiting for a server that would
speak first is refused as recv() refuses it.

The module deliberately has no `poll` and no `epoll`, since subprocess and others use whichever they find; asking for
one is an AttributeError (so that hasattr() is false) which says what to do.
"""
import errno as _errno
import os as _os
import sys as _sys
from types import ModuleType as _ModuleType


class _Select(_ModuleType):
    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        raise AttributeError("'module' object has no attribute %r: in a hook there is select.select(), over sockets and "
                             'files' % name)


class error(Exception):
    __module__ = 'select'


def select(rlist, wlist, xlist, timeout=None):
    """select(rlist, wlist, xlist[, timeout]) -> (rlist, wlist, xlist)

    The objects that are ready to be read, those that are ready to be written, and none."""
    if timeout is not None and (not isinstance(timeout, (int, long, float))):
        raise TypeError('timeout must be a float or None')
    if timeout is not None and timeout < 0:
        raise error(_errno.EINVAL, 'Invalid argument')
    if not all(hasattr(items, '__getitem__') or hasattr(items, '__iter__') for items in (rlist, wlist, xlist)):
        raise TypeError('arguments 1-3 must be sequences')
    sources = [[(item, _source(item)) for item in items] for items in (rlist, wlist, xlist)]
    readable = [item for item, source in sources[0] if _is_file(source) or source._can_read()]
    writable = [item for item, source in sources[1]]
    if not readable and not writable:
        _wait([source for item, source in sources[0]], timeout)
    return readable, writable, []


def _source(item):
    """The socket below `item`, or its file number."""
    from _socket import _NoFileNumber, socket
    below = item
    while not isinstance(below, socket) and hasattr(below, '_sock'):
        below = below._sock
    number = item
    if not isinstance(below, socket) and not isinstance(item, (int, long)):
        fileno = getattr(item, 'fileno', None)
        try:
            number = fileno() if callable(fileno) else None
        except _NoFileNumber as refusal:
            below = refusal.socket
        else:
            if not isinstance(number, (int, long)):
                raise TypeError('argument must be an int, or have a fileno() method.')
    if isinstance(below, socket):
        below._check()
        return below
    if number < 0:
        raise ValueError('filedescriptor cannot be a negative integer (%d)' % number)
    try:
        _os.fstat(number)
    except OSError as failure:
        raise error(failure.errno, failure.strerror)
    return number


def _is_file(source):
    # Of files, whatever their kind, reading and writing never have to wait here.
    return isinstance(source, (int, long))


def _wait(sources, timeout):
    if timeout != 0:
        for source in sources:
            if not _is_file(source):
                source._refuse_greeting()
    if timeout is None:
        raise error(_errno.EDEADLK, 'select() would wait for ever: nothing is sent to a hook that it did not ask for. '
                                    'Send a request first, or give a timeout')
    if timeout:
        import time
        time.sleep(timeout)


_module = _Select('select', __doc__)
# The first module is kept, since Python empties one that nothing refers to, and its functions would lose their names.
_module.__dict__.update(error=error, select=select, _first=_sys.modules['select'], __file__=__file__, __package__=None)
_sys.modules['select'] = _module
