"""The module below the standard library's socket.py, where a socket speaks HTTP through the host and nothing else.

It owns: the socket type, its errors and constants, and the name functions, as `_socket` has them in C. What a script
sends on a connected socket is read here as HTTP/1.0 or HTTP/1.1 requests; each becomes one call of `_codehook`, its
body streamed both ways, and the answer is handed back as the bytes of a response. httplib, urllib2, requests, urllib3
and httplib2 therefore work unchanged, and so does a script that writes its request by hand.

It refuses, at once and with a text that says what to do: everything that is not HTTP, UDP, listening, a protocol in
which the server speaks first, requests through a proxy, and addresses of names (the host resolves them).

Worth knowing:
  * connect() only takes a note. Denied hosts, unknown names and refused connections show when the request is sent.
  * The URL's host and port are those of connect(); the Host header goes to the host as it is, which refuses a mismatch.
  * The host takes chunked bodies apart. An answer of unknown length ends with the connection, and says so.
  * A socket set to non-blocking waits all the same: there is nothing else that could run meanwhile.
"""
import errno as _errno
import struct as _struct
from collections import deque as _deque

from _codehook_http import _ABSOLUTE, _Exchange, _Requests
from _codehook_names import *
from _codehook_names import _checked_name, _is_numeric
from _codehook_socket_base import *
from _codehook_socket_base import _NoFileNumber, _broken_pipe, _closed, _refusal

# ---------------------------------------------------------------------------------------------------------------------
# The socket

_default_timeout = None


class socket(object):
    """socket([family[, type[, proto]]]) -> socket object

    A socket that carries HTTP requests to the host and their answers back."""

    __module__ = '_socket'

    def __init__(self, family=AF_INET, type=SOCK_STREAM, proto=0):
        if family not in (AF_INET, AF_INET6):
            raise _refusal(_errno.EAFNOSUPPORT, 'sockets are of AF_INET or AF_INET6')
        if type != SOCK_STREAM or proto not in (0, IPPROTO_TCP):
            raise _refusal(_errno.EPROTONOSUPPORT,
                           "there is no UDP and there are no raw sockets: use the system's HTTP interface, with urllib2 "
                           'for example (to log, print or use logging.StreamHandler: output is kept with the run)')
        self.family, self.type, self.proto = family, type, proto
        self._timeout = _default_timeout
        self._options = {}
        self._peer = None
        self._scheme = 'http'
        self._tls_hint = ''
        self._failure = None
        self._shut_read = self._shut_write = False
        self._sent = False
        # What the guest sends, and what it receives: the answers in the order of the requests, the one that is being
        # handed out (`_serving`), and the bytes of it that are at hand.
        self._requests = None
        self._exchanges = _deque()
        self._serving = None
        self._bytes, self._at = '', 0

    # Connecting

    def connect(self, address):
        """connect(address)

        Takes a note of where the requests go; address is (host, port)."""
        self._check()
        if self._peer is not None:
            raise error(_errno.EISCONN, 'Transport endpoint is already connected')
        self._peer = _checked_address(address)

    def connect_ex(self, address):
        """connect_ex(address) -> errno

        Like connect(address), with an error code in place of an exception."""
        try:
            self.connect(address)
        except error as failure:
            return failure.errno or _errno.EINVAL
        return 0

    def _start_tls(self, hint):
        """Makes the socket's requests https. `hint` is for the text of a TLS failure: what the script asked for that
        does not change what the host verifies."""
        if self._sent:
            raise _refusal(_errno.EPROTONOSUPPORT, 'TLS cannot start in the middle of a connection (STARTTLS)')
        self._scheme = 'https'
        self._tls_hint = hint

    def bind(self, address):
        """bind(address): refused."""
        raise _refusal(_errno.EACCES, 'a socket has no local address to choose: leave bind() and source_address out')

    def listen(self, backlog):
        """listen(backlog): refused."""
        raise _refusal(_errno.EACCES, 'nothing can connect to it: let the other system send an event')

    def accept(self):
        """accept(): refused."""
        raise _refusal(_errno.EACCES, 'nothing can connect to it: let the other system send an event')

    # Sending

    def send(self, data, flags=0):
        """send(data[, flags]) -> count

        Always takes all of the data."""
        self._check()
        if self._peer is None:
            raise error(_errno.ENOTCONN, 'Transport endpoint is not connected')
        if self._shut_write:
            raise _broken_pipe()
        if type(data) is not str:
            data = _to_bytes(data)
        self._sent = self._sent or bool(data)
        if self._requests is None:
            self._requests = _Requests()
        for exchange in self._exchanges:
            exchange.use_timeout(self._timeout_ms())
        try:
            self._requests.feed(data, self._begin)
        except error as failure:
            raise self._fail(failure)
        return len(data)

    def sendall(self, data, flags=0):
        """sendall(data[, flags])

        Sends all of the data."""
        self.send(data, flags)

    def sendto(self, data, *flags_and_address):
        """sendto(data[, flags], address): refused on a stream."""
        raise _refusal(_errno.EPROTONOSUPPORT, "there is no UDP: use the system's HTTP interface")

    def _begin(self, head):
        host, port = self._peer[:2]
        target = head.target
        absolute = _ABSOLUTE.match(target)
        if head.method == 'CONNECT' or (absolute and not self._is_own(absolute)):
            raise _refusal(_errno.EACCES,
                           'there are no proxies, the host connects by itself: leave the proxy out of the script, '
                           'and see that http_proxy and https_proxy are not set')
        if absolute:
            target = absolute.group(3)
            if target[:1] != '/':
                target = '/' + target
        if target[0] != '/':
            raise error(_errno.EINVAL, 'the path of the request does not start with a slash')
        exchange = _Exchange(head, self._origin() + target.partition('#')[0], self._timeout_ms(), self._tls_hint)
        self._exchanges.append(exchange)
        return exchange

    def _origin(self):
        host, port = self._peer[:2]
        if ':' in host:
            host = '[%s]' % host
        if port == (443 if self._scheme == 'https' else 80):
            return '%s://%s' % (self._scheme, host)
        return '%s://%s:%d' % (self._scheme, host, port)

    def _is_own(self, absolute):
        """Whether the URL in a request line names the very place that the socket is connected to."""
        scheme, place = absolute.group(1).lower(), absolute.group(2).lower()
        default = ':443' if scheme == 'https' else ':80'
        if place.endswith(default):
            place = place[:-len(default)]
        return scheme + '://' + place == self._origin().lower()

    # Receiving

    def recv(self, size, flags=0):
        """recv(size[, flags]) -> data

        At most size bytes of the answer, '' at its end."""
        if size < 0:
            raise ValueError('negative buffersize in recv')
        if self._at >= len(self._bytes):
            if not self._fill(size, flags):
                return ''
        stop = self._at + size
        data = self._bytes[self._at:stop]
        if not flags & MSG_PEEK:
            if stop >= len(self._bytes):
                self._bytes, self._at = '', 0
            else:
                self._at = stop
        return data

    def recv_into(self, buffer, size=0, flags=0):
        """recv_into(buffer[, size[, flags]]) -> count

        Receives into a writable buffer."""
        if size < 0:
            raise ValueError('negative buffersize in recv_into')
        try:
            view = memoryview(buffer)
        except TypeError:
            return self._recv_into_array(buffer, size, flags)
        if view.itemsize != 1:
            raise TypeError('recv_into() takes a buffer of bytes')
        if size > len(view):
            raise ValueError('buffer too small for requested bytes')
        data = self.recv(size or len(view), flags)
        view[:len(data)] = data
        return len(data)

    def _recv_into_array(self, buffer, size, flags):
        # array.array has only the old buffer interface in Python 2, which Python code cannot write through.
        from array import array
        if not isinstance(buffer, array) or buffer.itemsize != 1:
            raise TypeError('recv_into() takes a writable buffer of bytes')
        data = self.recv(size or len(buffer), flags)
        buffer[:len(data)] = array(buffer.typecode, data)
        return len(data)

    def recvfrom(self, size, flags=0):
        """recvfrom(size[, flags]) -> (data, address)"""
        return self.recv(size, flags), self._peer

    def recvfrom_into(self, buffer, size=0, flags=0):
        """recvfrom_into(buffer[, size[, flags]]) -> (count, address)"""
        return self.recv_into(buffer, size, flags), self._peer

    def _fill(self, size, flags):
        """Gets bytes of the answer, waiting for them; False at its end. Never waits for what cannot come."""
        self._check()
        if self._peer is None:
            raise error(_errno.ENOTCONN, 'Transport endpoint is not connected')
        if not size or self._shut_read:
            return False
        try:
            while True:
                if self._serving is not None:
                    self._serving.use_timeout(self._timeout_ms())
                    self._bytes, self._at = self._serving.read(size), 0
                    self._end_serving()
                    if self._bytes:
                        return True
                elif self._exchanges:
                    self._start_serving()
                    return True
                elif self._shut_write and self._sent:
                    return False
                elif flags & MSG_DONTWAIT:
                    raise error(_errno.EAGAIN, 'Resource temporarily unavailable')
                else:
                    return self._nothing_to_come()
        except error as failure:
            if failure.errno == _errno.EAGAIN:
                raise
            raise self._fail(failure)

    def _can_read(self):
        """Whether recv() has something to give, if need be after waiting for the answer: what select() asks."""
        if self._at < len(self._bytes) or self._serving is not None or self._failure is not None or self._shut_read:
            return True
        if self._exchanges:
            first = self._exchanges[0]
            return first.complete or first.expects_continue
        return self._shut_write and self._sent

    def _start_serving(self):
        exchange = self._exchanges[0]
        if not exchange.complete:
            if not exchange.expects_continue:
                raise error(_errno.EINVAL, 'an answer is awaited before the body of the request is complete: send all '
                                           'that its Content-Length or its chunks announce')
            # The host does not wait for this either; the guest is told to go on, so that it sends the body.
            exchange.expects_continue = False
            self._bytes, self._at = 'HTTP/1.1 100 Continue\r\n\r\n', 0
            return
        exchange.use_timeout(self._timeout_ms())
        self._bytes, self._at = exchange.finish(), 0
        self._serving = self._exchanges.popleft()
        if exchange.until_close or exchange.close_after:
            # As if the server had closed: no later request would be answered on this connection.
            self._shut_write = True
            self._exchanges.clear()
        self._end_serving()

    def _end_serving(self):
        if self._serving.ended():
            self._serving = None

    def _nothing_to_come(self):
        """There is no request without its answer: an idle connection ends, and any other protocol is refused."""
        if self._requests is not None and self._requests.in_head():
            raise error(_errno.EINVAL, 'an answer is awaited before the head of the request is complete: it ends with '
                                       'an empty line')
        self._refuse_greeting()
        return False

    def _refuse_greeting(self):
        """Nothing was sent, and something is awaited: a protocol in which the server speaks first."""
        if self._peer is not None and not self._sent:
            raise _refusal(_errno.EPROTONOSUPPORT,
                           'no protocol in which the server speaks first (SMTP, FTP, IMAP, SSH, Telnet, databases, ...) can be '
                           "used: use the system's HTTP interface, with urllib2 for example")

    # State

    def _check(self):
        if self._requests is False:
            raise _closed()
        if self._failure is not None:
            raise self._failure

    def _fail(self, failure):
        """After a failure the position in the streams is unknown, so the socket is of no more use."""
        self._failure = failure
        self._exchanges.clear()
        self._serving = None
        return failure

    def shutdown(self, how):
        """shutdown(how): SHUT_RD, SHUT_WR or SHUT_RDWR."""
        self._check()
        if self._peer is None:
            raise error(_errno.ENOTCONN, 'Transport endpoint is not connected')
        if how in (SHUT_RD, SHUT_RDWR):
            self._shut_read = True
        if how in (SHUT_WR, SHUT_RDWR):
            self._shut_write = True

    def close(self):
        """close(): ends what is under way."""
        self._requests = False
        self._exchanges.clear()
        self._serving = None
        self._bytes, self._at = '', 0

    def fileno(self):
        """fileno(): refused, a socket of a hook is no file."""
        raise _NoFileNumber(_errno.EOPNOTSUPP, 'a socket of a hook has no file number: call recv(), which waits', self)

    def getpeername(self):
        """getpeername() -> address, as it was given to connect()."""
        if self._peer is None:
            raise error(_errno.ENOTCONN, 'Transport endpoint is not connected')
        return self._peer

    def getsockname(self):
        """getsockname() -> the unspecified address: the guest has none of its own."""
        return ('0.0.0.0', 0) if self.family == AF_INET else ('::', 0, 0, 0)

    def setsockopt(self, level, option, value):
        """setsockopt(level, option, value): taken note of, without effect."""
        self._options[level, option] = value

    def getsockopt(self, level, option, size=0):
        """getsockopt(level, option[, size]) -> value"""
        if (level, option) == (SOL_SOCKET, SO_TYPE):
            value = self.type
        else:
            value = self._options.get((level, option), 0)
        if size:
            return value if isinstance(value, str) else _struct.pack('i', value)[:size]
        return value

    def setblocking(self, flag):
        """setblocking(flag): calls wait in any case."""
        self._timeout = None if flag else 0.0

    def settimeout(self, seconds):
        """settimeout(seconds or None)"""
        if seconds is not None:
            seconds = _checked_timeout(seconds)
        self._timeout = seconds

    def gettimeout(self):
        """gettimeout() -> seconds or None"""
        return self._timeout

    timeout = property(gettimeout, doc='the socket timeout')

    def _timeout_ms(self):
        if not self._timeout:
            return -1
        return max(1, int(self._timeout * 1000))

    def __repr__(self):
        return '<socket object, to %s, family=%d, type=%d, protocol=%d>' % (
            self._peer and self._origin(), self.family, self.type, self.proto)


SocketType = socket


def _to_bytes(data):
    if isinstance(data, unicode):
        return data.encode('ascii')
    if isinstance(data, memoryview):
        return data.tobytes()
    if isinstance(data, (str, bytearray)):
        return str(data)
    # Raises TypeError for what is no buffer.
    return str(buffer(data))


def _checked_timeout(seconds):
    seconds = float(seconds)
    if not seconds >= 0:
        raise ValueError('Timeout value out of range')
    return seconds


def _checked_address(address):
    if not isinstance(address, tuple):
        raise TypeError('getsockaddrarg: AF_INET address must be tuple, not %s' % type(address).__name__)
    if len(address) < 2 or not isinstance(address[1], (int, long)):
        raise TypeError('getsockaddrarg: address must be (host, port)')
    host, port = _checked_name(address[0]), int(address[1])
    if not 0 <= port <= 0xffff:
        raise OverflowError('getsockaddrarg: port must be 0-65535.')
    return (host, port) + tuple(address[2:4])


def getdefaulttimeout():
    """getdefaulttimeout() -> seconds or None"""
    return _default_timeout


def setdefaulttimeout(seconds):
    """setdefaulttimeout(seconds or None)"""
    global _default_timeout
    _default_timeout = None if seconds is None else _checked_timeout(seconds)
