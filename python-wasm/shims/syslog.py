"""The system log of a hook is its standard error: each message is a line there, "syslog: IDENT: message", and is kept
with the run.

It owns the names of the C module. It refuses nothing: options that are about a connection to a log have no meaning.
"""
import os as _os
import sys as _sys

LOG_EMERG, LOG_ALERT, LOG_CRIT, LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG = range(8)
LOG_KERN, LOG_USER, LOG_MAIL, LOG_DAEMON, LOG_AUTH, LOG_SYSLOG, LOG_LPR, LOG_NEWS, LOG_UUCP, LOG_CRON = range(0, 80, 8)
LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3, LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7 = range(128, 192, 8)
LOG_PID, LOG_CONS, LOG_NDELAY, LOG_NOWAIT, LOG_PERROR = 1, 2, 8, 16, 32

_ident = None
_with_pid = False
_mask = 0xff


def _script():
    argv = getattr(_sys, 'argv', None)
    return argv[0].rpartition('/')[2] if argv and isinstance(argv[0], str) else ''


def openlog(ident=None, logoption=0, facility=LOG_USER):
    """openlog([ident[, logoption[, facility]]]): the ident, and LOG_PID, show in the messages that follow."""
    global _ident, _with_pid
    if ident is not None and not isinstance(ident, str):
        raise TypeError('openlog() argument 1 must be string, not %s' % type(ident).__name__)
    _ident = _script() if ident is None else ident
    _with_pid = bool(logoption & LOG_PID)


def syslog(*arguments):
    """syslog([priority,] message): writes the message to standard error, unless the mask leaves it out."""
    if not 1 <= len(arguments) <= 2:
        raise TypeError('syslog() takes 1 or 2 arguments (%d given)' % len(arguments))
    priority = arguments[0] if len(arguments) == 2 else LOG_INFO
    message = arguments[-1]
    if not isinstance(priority, (int, long)):
        raise TypeError('an integer is required')
    if isinstance(message, unicode):
        message = message.encode(_sys.getdefaultencoding())
    if not isinstance(message, str):
        raise TypeError('[priority,] message string')
    if _ident is None:
        openlog()
    if not LOG_MASK(priority & 7) & _mask:
        return
    ident = '%s[%d]' % (_ident, _os.getpid()) if _with_pid else _ident
    line = 'syslog: %s%s\n' % (ident + ': ' if ident else '', message.rstrip('\n').replace('\n', ' '))
    # The script may have put something else into sys.stderr; a system log is beyond its reach.
    _sys.__stderr__.write(line)


def closelog():
    """closelog(): forgets what openlog() was told."""
    global _ident, _with_pid
    _ident, _with_pid = None, False


def setlogmask(maskpri):
    """setlogmask(mask) -> the mask before; 0 changes nothing."""
    global _mask
    before = _mask
    if maskpri:
        _mask = maskpri
    return before


def LOG_MASK(pri):
    """LOG_MASK(priority) -> the mask of this one priority."""
    return 1 << pri


def LOG_UPTO(pri):
    """LOG_UPTO(priority) -> the mask of all priorities up to this one."""
    return (1 << pri + 1) - 1
