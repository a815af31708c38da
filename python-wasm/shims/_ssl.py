"""The names that socket.py and ssl.py import from the C module `_ssl`. TLS itself is the host's."""
import os as _os

from _codehook_errors import SSL_ERROR_SSL, SSLEOFError, SSLError, SSLSyscallError
from _codehook_errors import SSLWantReadError, SSLWantWriteError, SSLZeroReturnError

CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED = 0, 1, 2
PROTOCOL_SSLv23 = PROTOCOL_TLS = 2
PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2 = 3, 4, 5
OP_ALL = 0x80000054
OP_NO_SSLv2, OP_NO_SSLv3, OP_NO_TLSv1 = 0, 0x2000000, 0x4000000
OP_NO_TLSv1_1, OP_NO_TLSv1_2, OP_NO_TLSv1_3 = 0x10000000, 0x8000000, 0x20000000
OP_CIPHER_SERVER_PREFERENCE, OP_SINGLE_DH_USE, OP_SINGLE_ECDH_USE = 0x400000, 0, 0
OP_NO_COMPRESSION, OP_ENABLE_MIDDLEBOX_COMPAT = 0x20000, 0x100000
VERIFY_DEFAULT, VERIFY_CRL_CHECK_LEAF, VERIFY_CRL_CHECK_CHAIN = 0, 4, 12
VERIFY_X509_STRICT, VERIFY_X509_TRUSTED_FIRST = 0x20, 0x8000

SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE, SSL_ERROR_WANT_X509_LOOKUP = 2, 3, 4
SSL_ERROR_SYSCALL, SSL_ERROR_ZERO_RETURN, SSL_ERROR_WANT_CONNECT, SSL_ERROR_EOF = 5, 6, 7, 8
SSL_ERROR_INVALID_ERROR_CODE = 10

# Without server name indication requests would look for pyOpenSSL; the host always indicates the name.
HAS_SNI, HAS_ECDH = True, True
HAS_NPN, HAS_ALPN, HAS_TLS_UNIQUE, HAS_TLSv1_3 = False, False, False, True
# Packages compare these with the oldest version they trust.
OPENSSL_VERSION = 'OpenSSL 1.1.1 (in name: the codehook host speaks TLS)'
OPENSSL_VERSION_NUMBER = 0x1010100f
OPENSSL_VERSION_INFO = _OPENSSL_API_VERSION = (1, 1, 1, 0, 15)


def RAND_status():
    """RAND_status() -> True: the host's random source is always ready."""
    return True


def RAND_add(string, entropy):
    """RAND_add(string, entropy): without effect."""


def RAND_bytes(count):
    """RAND_bytes(count) -> random bytes"""
    return _os.urandom(count)
