"""Makes a native python2.7 as poor as the sandboxed one, then runs a test in it. Python 2.7.

It owns the fake `_codehook`, which asks bridge.py through a pair of pipes, and takes away the C modules and the
functions of `posix` that the sandbox does not have. A test that hangs is killed by an alarm.

    python2.7 -S guest.py QUESTIONS ANSWERS SHIMS PACKAGES SCRIPT [ARGUMENT...]
"""
import errno
import imp
import json
import os
import signal
import sys

SECONDS = 100
ABSENT = ('_socket _ssl _ctypes select fcntl mmap pwd grp termios resource _multiprocessing readline syslog spwd nis '
          '_sqlite3 _curses _curses_panel _tkinter ossaudiodev linuxaudiodev _bsddb dbm gdbm dl').split()
NO_PROCESS = 'fork forkpty execv execve waitpid wait wait3 wait4 pipe kill killpg popen system'.split()

signal.alarm(SECONDS)
questions, answers = os.fdopen(int(sys.argv[1]), 'wb'), os.fdopen(int(sys.argv[2]), 'rb')
shims, packages, script = sys.argv[3:6]


class Poverty(object):
    """Loads the shims first, and nothing in place of what is absent."""

    def find_module(self, name, path=None):
        here = os.path.join(shims, name + '.py')
        if name in ABSENT or os.path.exists(here):
            if os.path.exists(here):
                return self
            if name not in missing._REASONS:
                raise ImportError('No module named ' + name)
        return None

    def load_module(self, name):
        if name not in sys.modules:
            imp.load_source(name, os.path.join(shims, name + '.py'))
        return sys.modules[name]


def ask(verb, payload='', **fields):
    fields.update(verb=verb, size_of_payload=len(payload))
    questions.write(json.dumps(fields, encoding='latin-1') + '\n')
    questions.write(payload)
    questions.flush()
    answer = json.loads(answers.readline())
    body = answers.read(answer['size_of_payload'])
    if 'error' in answer:
        code, text = answer['error']
        raise codehook.error(code, text.encode('utf-8'))
    return answer['result'], body


def http_open(method, url, headers, framing, size, timeout_ms):
    return ask('open', method=method, url=url, headers=headers, framing=framing, size=size, timeout_ms=timeout_ms)[0]


codehook = imp.new_module('_codehook')
codehook.error = type('error', (Exception,), {'__module__': '_codehook'})
for number, name in enumerate('INVALID DENIED NAME REFUSED TLS TIMEOUT LIMIT PROTOCOL HANDLE'.split()):
    setattr(codehook, 'ERR_' + name, -1 - number)
codehook.http_open = http_open
codehook.http_timeout = lambda handle, timeout_ms: ask('timeout', handle=handle, timeout_ms=timeout_ms) and None
codehook.http_write = lambda handle, piece: ask('write', bytes(memoryview(piece).tobytes()), handle=handle) and None
codehook.http_finish = lambda handle: ask('finish', handle=handle)[1]
codehook.http_read = lambda handle, n: ask('read', handle=handle, size=n)[1]
codehook.http_close = lambda handle: ask('close', handle=handle) and None
# How many requests have left: a test of keep-alive asks.
codehook.opened = lambda: ask('opened')[0]


def refuse_process(*args, **kwargs):
    raise OSError(errno.ENOSYS, 'a hook is one process and cannot start another')


imp.load_source('_codehook_packages', os.path.join(shims, '_codehook_packages.py'))
missing = imp.load_source('_codehook_missing', os.path.join(shims, '_codehook_missing.py'))
# The native interpreter does have these modules of the standard library: only the reasons may be found.
exists = missing._exists
missing._exists = lambda name, path=None: name not in missing._REASONS and exists(name, path)
for name in ABSENT + ['socket', 'ssl']:
    sys.modules.pop(name, None)
for name in NO_PROCESS:
    setattr(os, name, refuse_process)
sys.modules['_codehook'] = codehook
sys.meta_path[:] = [Poverty()]
sys.path.insert(0, shims)
if packages:
    sys.path.append(packages)
sys.dont_write_bytecode = True
missing.install()
sys.argv = sys.argv[5:]
sys.path.insert(0, os.path.dirname(script))
__file__ = script
execfile(script, globals())
