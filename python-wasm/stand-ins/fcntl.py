"""File control for a program that is alone: locks are always free, and flags are kept by whoever asks for them.

It owns the constants and the four functions of the C module. It refuses what needs a kernel: device control, leases
and notifications.
"""
import errno as _errno
import os as _os

F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL = 0, 1, 2, 3, 4
F_GETLK, F_SETLK, F_SETLKW, F_SETOWN, F_GETOWN = 5, 6, 7, 8, 9
F_RDLCK, F_WRLCK, F_UNLCK = 0, 1, 2
F_SETLEASE, F_GETLEASE, F_NOTIFY, F_DUPFD_CLOEXEC = 1024, 1025, 1026, 1030
FD_CLOEXEC = 1
LOCK_SH, LOCK_EX, LOCK_NB, LOCK_UN = 1, 2, 4, 8
LOCK_MAND, LOCK_READ, LOCK_WRITE, LOCK_RW = 32, 64, 128, 192


def _descriptor(file):
    fd = file if isinstance(file, (int, long)) else file.fileno()
    if fd < 0:
        raise ValueError('file descriptor cannot be a negative integer (%i)' % fd)
    try:
        _os.fstat(fd)
    except OSError as failure:
        raise IOError(failure.errno, failure.strerror)
    return fd


def fcntl(fd, op, arg=0):
    """fcntl(fd, op[, arg]): flags read as 0 and may be set, locks are granted."""
    _descriptor(fd)
    if op in (F_GETFD, F_GETFL, F_SETFD, F_SETFL, F_GETLK, F_SETLK, F_SETLKW):
        return arg if isinstance(arg, str) else 0
    raise IOError(_errno.EINVAL, 'in a hook fcntl() reads and sets flags and locks, and nothing else')


def ioctl(fd, op, arg=0, mutate_flag=True):
    """ioctl(fd, op[, arg[, mutate_flag]]): there is no device."""
    _descriptor(fd)
    raise IOError(_errno.ENOTTY, 'in a hook no file is a device or a terminal')


def flock(fd, operation):
    """flock(fd, operation): always granted, no other process has the file."""
    _descriptor(fd)


def lockf(fd, operation, length=0, start=0, whence=0):
    """lockf(fd, operation[, length[, start[, whence]]]): always granted, no other process has the file."""
    _descriptor(fd)
    if not operation & (LOCK_SH | LOCK_EX | LOCK_UN):
        raise ValueError('unrecognized lockf argument')
