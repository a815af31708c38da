"""The group database of a small Linux machine: the group of the user that hooks run as, and those that every system
has."""
from collections import namedtuple as _namedtuple


class struct_group(_namedtuple('struct_group', 'gr_name gr_passwd gr_gid gr_mem')):
    """An entry. It is made from a sequence, as Python's own."""

    def __new__(cls, entry):
        return cls._make(entry)


_GROUPS = [
    struct_group(('root', 'x', 0, [])),
    struct_group(('daemon', 'x', 1, [])),
    struct_group(('codehook', 'x', 1000, [])),
    struct_group(('nogroup', 'x', 65534, [])),
]


def getgrgid(gid):
    """getgrgid(gid) -> entry"""
    if not isinstance(gid, (int, long)):
        raise TypeError('an integer is required')
    for group in _GROUPS:
        if group.gr_gid == gid:
            return group
    raise KeyError('getgrgid(): gid not found: %d' % gid)


def getgrnam(name):
    """getgrnam(name) -> entry"""
    if not isinstance(name, basestring):
        raise TypeError('getgrnam() argument must be string, not %s' % type(name).__name__)
    for group in _GROUPS:
        if group.gr_name == name:
            return group
    raise KeyError('getgrnam(): name not found: %s' % name)


def getgrall():
    """getgrall() -> [entry]"""
    return list(_GROUPS)
