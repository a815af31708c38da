"""Says why a module is missing, and what to use in its place.

It owns the table of modules of the standard library that cannot exist in a hook, and turns their import, and that of a
well-known package, into an ImportError with a reason. It refuses to pretend: none of them is faked, so that
`except ImportError` in packages takes the branch it should.
"""
import imp
import sys

import _codehook_packages

_PROCESS = 'a hook is one process and cannot start another: do the work in the script, or over HTTP'
_TERMINAL = 'a hook has no terminal: print its results, and take its input from the event'
_NATIVE = 'a hook cannot load machine code: use a pure-Python package'
_DATABASE = 'no such database is part of the interpreter: use json or pickle on a file in /tmp, or a database over HTTP'
_WINDOWS = 'there is no display: print results, or send them somewhere'
_SOUND = 'there are no devices'
_CRYPTO = 'it is not part of the interpreter: use Crypto (PyCryptodome), or the part of cryptography that is there'

# The module that is written in C, and not the Python module around it: what imports the latter gets the reason too.
_REASONS = {
    'Cryptodome': 'PyCryptodome is here under the name Crypto',
    'M2Crypto': _CRYPTO,
    'OpenSSL': 'connections are encrypted and verified outside the hook; for keys and signatures use Crypto or cryptography',
    # Debian has it in a package of its own.
    'Tkinter': _WINDOWS,
    '_bsddb': _DATABASE,
    '_ctypes': _NATIVE,
    '_curses': _TERMINAL,
    '_curses_panel': _TERMINAL,
    '_tkinter': _WINDOWS,
    'bcrypt': 'use Crypto.Protocol.KDF: bcrypt, bcrypt_check, scrypt and PBKDF2',
    'bsddb185': _DATABASE,
    'dbm': _DATABASE,
    'dl': _NATIVE,
    'gdbm': _DATABASE,
    'linuxaudiodev': _SOUND,
    'nacl': 'use Crypto: Signature.eddsa, Cipher.ChaCha20_Poly1305 and Cipher.Salsa20',
    'nis': 'there is no network but HTTP',
    'ossaudiodev': _SOUND,
    'readline': _TERMINAL,
    'spwd': 'there are no passwords of users',
}

# Packages of which only a part is there.
_PARTLY_THERE = {'cryptography': _CRYPTO}


class _MissingModules(object):
    """Consulted first, as everything on sys.meta_path is, but gives way to any module of the name that does exist."""

    def __init__(self, reasons):
        self._reasons = reasons

    def find_module(self, name, path=None):
        if name in self._reasons and not _exists(name, path):
            return self
        if path is not None and name.partition('.')[0] in _PARTLY_THERE and not _exists(name, path):
            return self
        return None

    def load_module(self, name):
        reason = self._reasons.get(name) or _PARTLY_THERE[name.partition('.')[0]]
        raise ImportError('No module named %s: %s' % (name, reason))

    def __repr__(self):
        return '<reasons for modules that a hook cannot have>'


def _exists(name, path=None):
    if imp.is_builtin(name):
        return True
    last = name[name.rfind('.') + 1:]
    for entry in sys.path if path is None else path:
        importer = sys.path_importer_cache.get(entry)
        try:
            if importer is not None:
                found = importer.find_module(name)
            else:
                found = imp.find_module(last, [entry])
                if found[0] is not None:
                    found[0].close()
        except ImportError:
            found = None
        if found is not None:
            return True
    return False


def install():
    """Puts the importer in place, once."""
    if not any(isinstance(finder, _MissingModules) for finder in sys.meta_path):
        # A package that is part of the library is not looked for twice at each import of it.
        reasons = dict((name, reason) for name, reason in _codehook_packages.REASONS.items() if not _exists(name))
        reasons.update(_REASONS)
        sys.meta_path.append(_MissingModules(reasons))
