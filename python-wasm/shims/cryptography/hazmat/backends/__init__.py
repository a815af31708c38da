"""The backend: PyCryptodome. Functions take it as an argument, as they did of old, and need none."""
from __future__ import absolute_import


class _Backend(object):
    name = 'pycryptodome'

    def __repr__(self):
        return '<PyCryptodome backend>'


_BACKEND = _Backend()


def default_backend():
    return _BACKEND
