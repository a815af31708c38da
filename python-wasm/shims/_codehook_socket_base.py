"""Constants of the socket shim, and the exceptions that its parts raise for errors of the host."""
import _codehook
import errno as _errno
from _codehook_errors import SSL_ERROR_SSL as _SSL_ERROR_SSL, SSLError as _SSLError
from _codehook_errors import error, gaierror, herror, timeout
from io import UnsupportedOperation as _UnsupportedOperation

# ---------------------------------------------------------------------------------------------------------------------
# Constants. The numbers are Linux's, since scripts have been seen to write them out.

AF_UNSPEC, AF_INET, AF_INET6 = 0, 2, 10
SOCK_STREAM, SOCK_DGRAM, SOCK_RAW, SOCK_RDM, SOCK_SEQPACKET = 1, 2, 3, 4, 5
SOL_SOCKET, SOL_IP, SOL_TCP, SOL_UDP = 1, 0, 6, 17
SO_DEBUG, SO_REUSEADDR, SO_TYPE, SO_ERROR, SO_DONTROUTE, SO_BROADCAST = 1, 2, 3, 4, 5, 6
SO_SNDBUF, SO_RCVBUF, SO_KEEPALIVE, SO_OOBINLINE, SO_LINGER, SO_REUSEPORT = 7, 8, 9, 10, 13, 15
SO_RCVLOWAT, SO_SNDLOWAT, SO_RCVTIMEO, SO_SNDTIMEO, SO_ACCEPTCONN = 18, 19, 20, 21, 30
SOMAXCONN = 128
IPPROTO_IP, IPPROTO_ICMP, IPPROTO_TCP, IPPROTO_UDP, IPPROTO_IPV6, IPPROTO_RAW = 0, 1, 6, 17, 41, 255
IPPORT_RESERVED, IPPORT_USERRESERVED = 1024, 5000
INADDR_ANY, INADDR_LOOPBACK, INADDR_BROADCAST, INADDR_NONE = 0, 0x7f000001, 0xffffffff, 0xffffffff
IP_TOS, IP_TTL, IPV6_V6ONLY = 1, 2, 26
TCP_NODELAY, TCP_MAXSEG, TCP_CORK, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT = 1, 2, 3, 4, 5, 6
TCP_SYNCNT, TCP_LINGER2, TCP_DEFER_ACCEPT, TCP_WINDOW_CLAMP, TCP_INFO, TCP_QUICKACK = 7, 8, 9, 10, 11, 12
MSG_OOB, MSG_PEEK, MSG_DONTROUTE, MSG_CTRUNC, MSG_TRUNC = 1, 2, 4, 8, 0x20
MSG_DONTWAIT, MSG_EOR, MSG_WAITALL = 0x40, 0x80, 0x100
SHUT_RD, SHUT_WR, SHUT_RDWR = 0, 1, 2
AI_PASSIVE, AI_CANONNAME, AI_NUMERICHOST, AI_V4MAPPED = 1, 2, 4, 8
AI_ALL, AI_ADDRCONFIG, AI_NUMERICSERV = 0x10, 0x20, 0x400
NI_NUMERICHOST, NI_NUMERICSERV, NI_NOFQDN, NI_NAMEREQD, NI_DGRAM = 1, 2, 4, 8, 16
NI_MAXHOST, NI_MAXSERV = 1025, 32
EAI_BADFLAGS, EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_NODATA, EAI_FAMILY = -1, -2, -3, -4, -5, -6
EAI_SOCKTYPE, EAI_SERVICE, EAI_ADDRFAMILY, EAI_MEMORY, EAI_SYSTEM, EAI_OVERFLOW = -7, -8, -9, -10, -11, -12
# Asked before IPv6 is preferred or probed for by bind(): neither has a meaning here.
has_ipv6 = False


# ---------------------------------------------------------------------------------------------------------------------
# Errors

class _NoFileNumber(error, _UnsupportedOperation):
    """What code that probes for a file number expects (io's error), and what socket code expects. select() asks for the
    socket, since objects that are no sockets themselves hand the question on to theirs."""
    __module__ = 'socket'

    def __init__(self, number, text, socket):
        error.__init__(self, number, text)
        self.socket = socket


_ONLY_HTTP = 'a hook reaches other systems by HTTP only; '


def _refusal(number, text):
    return error(number, _ONLY_HTTP + text)


def _closed():
    return error(_errno.EBADF, 'Bad file descriptor')


def _broken_pipe():
    return error(_errno.EPIPE, 'Broken pipe')


def _from_host(failure, tls_hint=''):
    """The exception that a socket would have raised for what the host reports."""
    code, text = failure.args
    if code == _codehook.ERR_TIMEOUT:
        # The very text of the C module: scripts compare it. The host's own words are in the run's transcript.
        return timeout('timed out')
    if code == _codehook.ERR_NAME:
        return gaierror(EAI_NONAME, text)
    if code == _codehook.ERR_TLS:
        return _SSLError(_SSL_ERROR_SSL, text + tls_hint)
    return error(_ERRNO_OF.get(code, _errno.EIO), text)


_ERRNO_OF = {
    _codehook.ERR_INVALID: _errno.EINVAL,
    _codehook.ERR_DENIED: _errno.EACCES,
    _codehook.ERR_REFUSED: _errno.ECONNREFUSED,
    # Not EPIPE or EAGAIN, which libraries take as a reason to go on or to try again.
    _codehook.ERR_LIMIT: _errno.EDQUOT,
    _codehook.ERR_PROTOCOL: _errno.ECONNRESET,
    _codehook.ERR_HANDLE: _errno.EBADF,
}
