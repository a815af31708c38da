"""The password database of a machine with one user, the one that hooks run as."""
from collections import namedtuple as _namedtuple

struct_passwd = struct_pwent = _namedtuple(
    'struct_passwd', 'pw_name pw_passwd pw_uid pw_gid pw_gecos pw_dir pw_shell')

_USER = struct_passwd('codehook', 'x', 1000, 1000, 'codehook', '/tmp', '/bin/false')


def getpwuid(uid):
    """getpwuid(uid) -> entry"""
    if uid != _USER.pw_uid:
        raise KeyError('getpwuid(): uid not found: %d' % uid)
    return _USER


def getpwnam(name):
    """getpwnam(name) -> entry"""
    if name != _USER.pw_name:
        raise KeyError('getpwnam(): name not found: %s' % name)
    return _USER


def getpwall():
    """getpwall() -> [entry]"""
    return [_USER]
