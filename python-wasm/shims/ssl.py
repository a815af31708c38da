"""TLS as a script sees it. The host makes the connection and verifies the server, always.

It owns the names of the standard library's ssl module, and marks a socket, so that its requests become https.

What a script sets on a context is kept and can be read back, and none of it lowers what the host does:
  * CERT_NONE, verify=False and _create_unverified_context() are accepted; the server is verified all the same. There is
    no warning as long as that succeeds, since nothing is wrong then; the text of the SSLError says so when it fails.
  * CA files are checked to exist and are not used; the host has its own, to which whoever runs codehook can add.
  * Ciphers, protocol versions and options are the host's choice.
getpeercert() names the connected host, which is what the host has verified; there is nothing else to tell. It refuses
what would need the connection itself: client certificates, server sockets, certificates in DER form (and so the pinning
of fingerprints, which must not seem to succeed), STARTTLS.
"""
import base64
import calendar
import errno
import os
import re
import sys
import textwrap
from collections import namedtuple

import _ssl
from _ssl import OPENSSL_VERSION, OPENSSL_VERSION_INFO, OPENSSL_VERSION_NUMBER, _OPENSSL_API_VERSION
from _ssl import SSLError, SSLEOFError, SSLSyscallError, SSLWantReadError, SSLWantWriteError, SSLZeroReturnError
from _ssl import CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED
from _ssl import HAS_ALPN, HAS_ECDH, HAS_NPN, HAS_SNI, HAS_TLSv1_3
from _ssl import OP_ALL, OP_CIPHER_SERVER_PREFERENCE, OP_ENABLE_MIDDLEBOX_COMPAT, OP_NO_COMPRESSION
from _ssl import OP_NO_SSLv2, OP_NO_SSLv3, OP_NO_TLSv1, OP_NO_TLSv1_1, OP_NO_TLSv1_2, OP_NO_TLSv1_3
from _ssl import OP_SINGLE_DH_USE, OP_SINGLE_ECDH_USE
from _ssl import PROTOCOL_SSLv23, PROTOCOL_TLS, PROTOCOL_TLSv1, PROTOCOL_TLSv1_1, PROTOCOL_TLSv1_2
from _ssl import RAND_add, RAND_bytes, RAND_status
from _ssl import SSL_ERROR_EOF, SSL_ERROR_INVALID_ERROR_CODE, SSL_ERROR_SSL, SSL_ERROR_SYSCALL, SSL_ERROR_WANT_CONNECT
from _ssl import SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE, SSL_ERROR_WANT_X509_LOOKUP, SSL_ERROR_ZERO_RETURN
from _ssl import VERIFY_CRL_CHECK_CHAIN, VERIFY_CRL_CHECK_LEAF, VERIFY_DEFAULT
from _ssl import VERIFY_X509_STRICT, VERIFY_X509_TRUSTED_FIRST
from _socket import _is_numeric
from socket import AF_INET, SO_TYPE, SOCK_STREAM, SOL_SOCKET
from socket import error as socket_error
from socket import socket

CHANNEL_BINDING_TYPES = []
PEM_HEADER = '-----BEGIN CERTIFICATE-----'
PEM_FOOTER = '-----END CERTIFICATE-----'

_PROTOCOL_NAMES = {
    PROTOCOL_TLS: 'PROTOCOL_TLS', PROTOCOL_TLSv1: 'PROTOCOL_TLSv1', PROTOCOL_TLSv1_1: 'PROTOCOL_TLSv1_1',
    PROTOCOL_TLSv1_2: 'PROTOCOL_TLSv1_2',
}
_DEFAULT_CIPHERS = _RESTRICTED_SERVER_CIPHERS = 'DEFAULT'

DefaultVerifyPaths = namedtuple(
    'DefaultVerifyPaths', 'cafile capath openssl_cafile_env openssl_cafile openssl_capath_env openssl_capath')


class _ASN1Object(namedtuple('_ASN1Object', 'nid shortname longname oid')):
    """One of the two purposes that a certificate is verified for."""
    __slots__ = ()


class Purpose(object):
    """What a context is for: a client verifies servers, a server its clients."""
    SERVER_AUTH = _ASN1Object(129, 'serverAuth', 'TLS Web Server Authentication', '1.3.6.1.5.5.7.3.1')
    CLIENT_AUTH = _ASN1Object(130, 'clientAuth', 'TLS Web Client Authentication', '1.3.6.1.5.5.7.3.2')


class CertificateError(ValueError):
    """A certificate is for another name."""


def _refusal(text):
    return SSLError(SSL_ERROR_SSL, 'the host speaks TLS for a hook; ' + text)


# ---------------------------------------------------------------------------------------------------------------------
# Names in certificates

def match_hostname(cert, hostname):
    """Raises CertificateError unless the certificate, as getpeercert() gives it, is for hostname."""
    if not cert:
        raise ValueError('empty or no certificate, match_hostname needs a certificate')
    names = [value for kind, value in cert.get('subjectAltName', ()) if kind in ('DNS', 'IP Address')]
    if not names:
        # The common name counts only where there is no alternative name (RFC 6125, section 6.4.4).
        names = [value for part in cert.get('subject', ()) for kind, value in part if kind == 'commonName']
    if not any(_dnsname_match(name, hostname) for name in names):
        raise CertificateError("hostname %r doesn't match %s" % (
            hostname, ' or '.join(map(repr, names)) if names else 'a certificate without names'))


def _dnsname_match(pattern, hostname):
    """RFC 6125, section 6.4.3: one wildcard, in the leftmost label, for a part of that label or all of it."""
    if not pattern:
        return False
    wanted, given = pattern.lower().split('.'), hostname.lower().split('.')
    first = wanted[0]
    if first.count('*') > 1:
        raise CertificateError('too many wildcards in certificate DNS name: ' + repr(pattern))
    if '*' not in first:
        return wanted == given
    if wanted[1:] != given[1:]:
        return False
    if first == '*':
        return bool(given[0])
    # A wildcard within the encoded form of an international name says nothing about the name.
    if first.startswith('xn--') or given[0].startswith('xn--'):
        return first == given[0]
    before, after = first.split('*')
    return len(given[0]) >= len(before + after) and given[0].startswith(before) and given[0].endswith(after)


# ---------------------------------------------------------------------------------------------------------------------
# Contexts

class SSLContext(object):
    """What a script wishes of its connections. See the module's head for what becomes of the wishes."""

    def __init__(self, protocol):
        if protocol not in _PROTOCOL_NAMES:
            raise ValueError('invalid protocol version')
        self.protocol = protocol
        # As with OpenSSL 1.1.1.
        self.options = OP_ALL | OP_NO_SSLv3 | OP_NO_COMPRESSION
        self.options |= OP_CIPHER_SERVER_PREFERENCE | OP_ENABLE_MIDDLEBOX_COMPAT
        self.verify_flags = VERIFY_DEFAULT | VERIFY_X509_TRUSTED_FIRST
        self._verify_mode = CERT_NONE
        self._check_hostname = False
        self._names_ca_files = False

    def _get_verify_mode(self):
        return self._verify_mode

    def _get_verify_flags(self):
        return self._verify_flags

    def _set_verify_flags(self, flags):
        if not isinstance(flags, (int, long)):
            raise TypeError('an integer is required')
        self._verify_flags = flags

    verify_flags = property(_get_verify_flags, _set_verify_flags)

    def _set_verify_mode(self, mode):
        if not isinstance(mode, (int, long)):
            raise TypeError('an integer is required')
        if mode not in (CERT_NONE, CERT_OPTIONAL, CERT_REQUIRED):
            raise ValueError('invalid value for verify_mode')
        if mode == CERT_NONE and self._check_hostname:
            raise ValueError('Cannot set verify_mode to CERT_NONE when check_hostname is enabled.')
        self._verify_mode = mode

    verify_mode = property(_get_verify_mode, _set_verify_mode)

    def _get_check_hostname(self):
        return self._check_hostname

    def _set_check_hostname(self, check):
        if check and self._verify_mode == CERT_NONE:
            raise ValueError('check_hostname needs a SSL context with either CERT_OPTIONAL or CERT_REQUIRED')
        self._check_hostname = bool(check)

    check_hostname = property(_get_check_hostname, _set_check_hostname)

    def wrap_socket(self, sock, server_side=False, do_handshake_on_connect=True, suppress_ragged_eofs=True,
                    server_hostname=None):
        return SSLSocket(sock=sock, server_side=server_side, do_handshake_on_connect=do_handshake_on_connect,
                         suppress_ragged_eofs=suppress_ragged_eofs, server_hostname=server_hostname, _context=self)

    def load_cert_chain(self, certfile, keyfile=None, password=None):
        raise _refusal('client certificates cannot be used: authenticate with a header, such as Authorization')

    def load_verify_locations(self, cafile=None, capath=None, cadata=None):
        if cafile is None and capath is None and cadata is None:
            raise TypeError('cafile, capath and cadata cannot be all omitted')
        if cafile is not None and not os.path.exists(cafile):
            raise IOError(errno.ENOENT, os.strerror(errno.ENOENT), cafile)
        self._names_ca_files = True

    def load_default_certs(self, purpose=Purpose.SERVER_AUTH):
        if not isinstance(purpose, _ASN1Object):
            raise TypeError(purpose)

    def set_default_verify_paths(self):
        pass

    def load_dh_params(self, path):
        raise _refusal('there are no server sockets')

    def set_ciphers(self, ciphers):
        pass

    def set_ecdh_curve(self, curve):
        if not isinstance(curve, basestring):
            raise TypeError('set_ecdh_curve() argument must be string, not %s' % type(curve).__name__)
        if curve not in ('prime256v1', 'secp256k1', 'secp384r1', 'secp521r1'):
            raise ValueError('unknown elliptic curve name %r' % curve)

    def set_servername_callback(self, callback):
        if callback is not None:
            raise _refusal('there are no server sockets')

    def set_npn_protocols(self, protocols):
        # HTTP/1.1 is all that a socket speaks here.
        pass

    def set_alpn_protocols(self, protocols):
        pass

    def get_ca_certs(self, binary_form=False):
        return []

    def cert_store_stats(self):
        return {'x509': 0, 'x509_ca': 0, 'crl': 0}

    def session_stats(self):
        names = ('accept', 'accept_good', 'accept_renegotiate', 'cache_full', 'connect', 'connect_good',
                 'connect_renegotiate', 'hits', 'misses', 'number', 'timeouts')
        return dict.fromkeys(names, 0)

    def _hint(self):
        """What the text of a failed verification adds, so that nobody looks for the cause in the script's settings."""
        hint = ''
        if self._verify_mode == CERT_NONE:
            hint += '; the host verifies every server, and turning that off in the script has no effect'
        if self._names_ca_files:
            hint += '; CA files named in the script are not used, the host has its own'
        return hint


_SSLContext = SSLContext


def create_default_context(purpose=Purpose.SERVER_AUTH, cafile=None, capath=None, cadata=None):
    """A context that asks for what the host does in any case."""
    if not isinstance(purpose, _ASN1Object):
        raise TypeError(purpose)
    context = SSLContext(PROTOCOL_TLS)
    if purpose == Purpose.SERVER_AUTH:
        context.verify_mode = CERT_REQUIRED
        context.check_hostname = True
    if cafile or capath or cadata:
        context.load_verify_locations(cafile, capath, cadata)
    return context


def _create_unverified_context(protocol=PROTOCOL_TLS, cert_reqs=None, check_hostname=False, purpose=Purpose.SERVER_AUTH,
                               certfile=None, keyfile=None, cafile=None, capath=None, cadata=None):
    """A context that asks for no verification, and will not get its wish."""
    if not isinstance(purpose, _ASN1Object):
        raise TypeError(purpose)
    context = SSLContext(protocol)
    if cert_reqs is not None:
        context.verify_mode = cert_reqs
    context.check_hostname = check_hostname
    if keyfile and not certfile:
        raise ValueError('certfile must be specified')
    if certfile or keyfile:
        context.load_cert_chain(certfile, keyfile)
    if cafile or capath or cadata:
        context.load_verify_locations(cafile, capath, cadata)
    return context


_create_stdlib_context = _create_unverified_context

_https_verify_envvar = 'PYTHONHTTPSVERIFY'


def _get_https_context_factory():
    if not sys.flags.ignore_environment and os.environ.get(_https_verify_envvar) == '0':
        return _create_unverified_context
    return create_default_context


_create_default_https_context = _get_https_context_factory()


def _https_verify_certificates(enable=True):
    global _create_default_https_context
    _create_default_https_context = create_default_context if enable else _create_unverified_context


# ---------------------------------------------------------------------------------------------------------------------
# Sockets

class SSLSocket(socket):
    """A socket whose requests are https. It is the wrapped socket, marked: there is no handshake to be seen."""

    def __init__(self, sock=None, keyfile=None, certfile=None, server_side=False, cert_reqs=CERT_NONE,
                 ssl_version=PROTOCOL_TLS, ca_certs=None, do_handshake_on_connect=True, family=AF_INET, type=SOCK_STREAM,
                 proto=0, fileno=None, suppress_ragged_eofs=True, npn_protocols=None, ciphers=None, server_hostname=None,
                 _context=None):
        if server_side:
            raise _refusal('there are no server sockets')
        if _context is None:
            if keyfile and not certfile:
                raise ValueError('certfile must be specified')
            _context = SSLContext(ssl_version)
            _context.verify_mode = cert_reqs
            if ca_certs:
                _context.load_verify_locations(ca_certs)
            if certfile:
                _context.load_cert_chain(certfile, keyfile)
        if _context.check_hostname and not server_hostname:
            raise ValueError('check_hostname requires server_hostname')
        if sock is None:
            socket.__init__(self, family, type, proto)
        else:
            if sock.getsockopt(SOL_SOCKET, SO_TYPE) != SOCK_STREAM:
                raise NotImplementedError('only stream sockets are supported')
            socket.__init__(self, _sock=sock._sock)
        self.server_side = False
        self.server_hostname = server_hostname
        self.do_handshake_on_connect = do_handshake_on_connect
        self.suppress_ragged_eofs = suppress_ragged_eofs
        self._context = _context
        self._sock._start_tls(_context._hint())
        if do_handshake_on_connect and self._connected_host() is not None:
            self.do_handshake()

    def _get_context(self):
        return self._context

    def _set_context(self, context):
        self._context = context
        self._sock._start_tls(context._hint())

    context = property(_get_context, _set_context)

    def _connected_host(self):
        try:
            return self.getpeername()[0]
        except socket_error as failure:
            if failure.errno != errno.ENOTCONN:
                raise
            return None

    def do_handshake(self, block=False):
        """Checks what can be known beforehand: the host will verify the name that the socket is connected to."""
        host = self._connected_host()
        if host is None:
            raise socket_error(errno.ENOTCONN, 'Transport endpoint is not connected')
        if self._context.check_hostname:
            match_hostname(self.getpeercert(), self.server_hostname)

    def connect(self, address):
        self._sock.connect(address)
        if self.do_handshake_on_connect:
            self.do_handshake()

    def connect_ex(self, address):
        result = self._sock.connect_ex(address)
        if not result and self.do_handshake_on_connect:
            self.do_handshake()
        return result

    def getpeercert(self, binary_form=False):
        """The one thing that is known of the certificate: it was, or the request will fail, for this host."""
        host = self._connected_host()
        if host is None:
            raise ValueError('handshake not done yet')
        if binary_form:
            raise _refusal('it does not hand out certificates, so that fingerprints cannot be compared')
        names = (('DNS', host),)
        if _is_numeric(host):
            names += (('IP Address', host),)
        return {'subject': ((('commonName', host),),), 'subjectAltName': names}

    def read(self, len=1024, buffer=None):
        if buffer is not None:
            return self._sock.recv_into(buffer, len)
        return self._sock.recv(len)

    def write(self, data):
        return self._sock.send(data)

    def pending(self):
        return 0

    def cipher(self):
        return None

    def compression(self):
        return None

    def version(self):
        return None

    def selected_npn_protocol(self):
        return None

    def selected_alpn_protocol(self):
        return None

    def get_channel_binding(self, cb_type='tls-unique'):
        raise ValueError('Unsupported channel binding type')

    def unwrap(self):
        raise _refusal('it cannot be taken off a connection')


def wrap_socket(sock, keyfile=None, certfile=None, server_side=False, cert_reqs=CERT_NONE, ssl_version=PROTOCOL_TLS,
                ca_certs=None, do_handshake_on_connect=True, suppress_ragged_eofs=True, ciphers=None):
    """Marks a socket as https."""
    return SSLSocket(sock=sock, keyfile=keyfile, certfile=certfile, server_side=server_side, cert_reqs=cert_reqs,
                     ssl_version=ssl_version, ca_certs=ca_certs, do_handshake_on_connect=do_handshake_on_connect,
                     suppress_ragged_eofs=suppress_ragged_eofs, ciphers=ciphers)


def sslwrap_simple(sock, keyfile=None, certfile=None):
    """What the deprecated socket.ssl() calls."""
    return wrap_socket(sock, keyfile, certfile)


# ---------------------------------------------------------------------------------------------------------------------
# Forms and times of certificates

_MONTHS = ('Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec')
_CERT_TIME = re.compile(r'([a-z]{3}) ([ \d]\d) (\d\d):(\d\d):(\d\d) (\d{4}) GMT\Z', re.IGNORECASE)


def cert_time_to_seconds(cert_time):
    """Seconds since the epoch, of a time as in notBefore and notAfter: 'Jan  5 09:34:43 2018 GMT'."""
    # Not time.strptime: the names of months are English in any locale.
    match = _CERT_TIME.match(cert_time)
    month = match.group(1).title() if match else None
    if month in _MONTHS:
        day, hour, minute, second, year = map(int, match.groups()[1:])
    if month not in _MONTHS or not (1 <= day <= 31 and hour < 24 and minute < 60 and second < 62):
        raise ValueError('time data %r does not match format "%%b %%d %%H:%%M:%%S %%Y GMT"' % cert_time)
    month = _MONTHS.index(month) + 1
    return calendar.timegm((year, month, day, hour, minute, second))


def DER_cert_to_PEM_cert(der_cert_bytes):
    """A certificate's bytes as PEM text."""
    text = base64.standard_b64encode(der_cert_bytes).decode('ascii')
    return '%s\n%s\n%s\n' % (PEM_HEADER, textwrap.fill(text, 64), PEM_FOOTER)


def PEM_cert_to_DER_cert(pem_cert_string):
    """A certificate's bytes, from PEM text."""
    text = pem_cert_string.strip()
    if not text.startswith(PEM_HEADER):
        raise ValueError('Invalid PEM encoding; must start with %s' % PEM_HEADER)
    if not text.endswith(PEM_FOOTER):
        raise ValueError('Invalid PEM encoding; must end with %s' % PEM_FOOTER)
    return base64.decodestring(text[len(PEM_HEADER):-len(PEM_FOOTER)].encode('ascii', 'strict'))


def get_server_certificate(addr, ssl_version=PROTOCOL_TLS, ca_certs=None):
    """Refused: certificates stay with the host."""
    raise _refusal('it does not hand out certificates')


def get_protocol_name(protocol_code):
    """The name of a PROTOCOL_ constant."""
    return _PROTOCOL_NAMES.get(protocol_code, '<unknown>')


def get_default_verify_paths():
    """Where OpenSSL would look for CA files; there are none."""
    return DefaultVerifyPaths(None, None, 'SSL_CERT_FILE', '/usr/lib/ssl/cert.pem', 'SSL_CERT_DIR', '/usr/lib/ssl/certs')
