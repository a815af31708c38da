"""The `select` module's error, so that what imports it can be imported.

It refuses to wait for several sockets: reading from a socket waits for the answer, and nothing else runs meanwhile.
The module deliberately has no `select` and no `poll`, since urllib3 and others use whichever they find; asking for one
is an AttributeError (so that hasattr() is false) which says what to do.
"""
import sys as _sys
from types import ModuleType as _ModuleType


class _Select(_ModuleType):
    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        raise AttributeError("'module' object has no attribute %r: in a hook nothing can be waited for but one answer; "
                             'read from it, with a timeout if need be' % name)


class error(Exception):
    __module__ = 'select'


_module = _Select('select', __doc__)
_module.__dict__.update(error=error, __file__=__file__, __package__=None)
_sys.modules['select'] = _module
