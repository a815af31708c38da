"""The group database of a machine with one group, that of the user that hooks run as."""
from collections import namedtuple as _namedtuple

struct_group = _namedtuple('struct_group', 'gr_name gr_passwd gr_gid gr_mem')

_GROUP = struct_group('codehook', 'x', 1000, [])


def getgrgid(gid):
    """getgrgid(gid) -> entry"""
    if gid != _GROUP.gr_gid:
        raise KeyError('getgrgid(): gid not found: %d' % gid)
    return _GROUP


def getgrnam(name):
    """getgrnam(name) -> entry"""
    if name != _GROUP.gr_name:
        raise KeyError('getgrnam(): name not found: %s' % name)
    return _GROUP


def getgrall():
    """getgrall() -> [entry]"""
    return [_GROUP]
