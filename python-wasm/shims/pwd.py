"""The password database of a small Linux machine: the user that hooks run as, and those that every system has."""
from collections import namedtuple as _namedtuple


class struct_passwd(_namedtuple('struct_passwd', 'pw_name pw_passwd pw_uid pw_gid pw_gecos pw_dir pw_shell')):
    """An entry. It is made from a sequence, as Python's own."""

    def __new__(cls, entry):
        return cls._make(entry)


struct_pwent = struct_passwd

_USERS = [
    struct_passwd(('root', 'x', 0, 0, 'root', '/root', '/bin/sh')),
    struct_passwd(('daemon', 'x', 1, 1, 'daemon', '/usr/sbin', '/usr/sbin/nologin')),
    struct_passwd(('codehook', 'x', 1000, 1000, 'codehook', '/tmp', '/bin/false')),
    struct_passwd(('nobody', 'x', 65534, 65534, 'nobody', '/nonexistent', '/usr/sbin/nologin')),
]


def getpwuid(uid):
    """getpwuid(uid) -> entry"""
    if isinstance(uid, float):
        raise TypeError('integer argument expected, got float')
    for user in _USERS:
        if user.pw_uid == uid:
            return user
    raise KeyError('getpwuid(): uid not found: %d' % uid)


def getpwnam(name):
    """getpwnam(name) -> entry"""
    if not isinstance(name, basestring):
        raise TypeError('getpwnam() argument must be string, not %s' % type(name).__name__)
    for user in _USERS:
        if user.pw_name == name:
            return user
    raise KeyError('getpwnam(): name not found: %s' % name)


def getpwall():
    """getpwall() -> [entry]"""
    return list(_USERS)
