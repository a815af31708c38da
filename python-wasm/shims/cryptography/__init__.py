"""The part of the `cryptography` package's interface that hooks and their packages use, made from PyCryptodome.

The original's core is OpenSSL, which is not part of the interpreter. What is here behaves as version 3.3.2, the last
for Python 2.7, does; what is not here raises, and says what to use. Keys, signatures, ciphers and derivations are
computed by PyCryptodome (`Crypto`).
"""
from __future__ import absolute_import

__title__ = 'cryptography'
__summary__ = 'the interface of cryptography 3.3.2 over PyCryptodome, for hooks'
__version__ = '3.3.2+codehook'

__all__ = ['__title__', '__summary__', '__version__']
