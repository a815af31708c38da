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
import _codehook
import errno as _errno
import re as _re
import struct as _struct
from collections import deque as _deque
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

class error(IOError):
    __module__ = 'socket'


class herror(error):
    __module__ = 'socket'


class gaierror(error):
    __module__ = 'socket'


class timeout(error):
    __module__ = 'socket'


class _NoFileNumber(error, _UnsupportedOperation):
    """What code that probes for a file number expects (io's error), and what socket code expects."""
    __module__ = 'socket'


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
        # _ssl needs this module, so it cannot be imported at the top.
        from _ssl import SSLError, SSL_ERROR_SSL
        return SSLError(SSL_ERROR_SSL, text + tls_hint)
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


# ---------------------------------------------------------------------------------------------------------------------
# One request and its answer

# How much goes to or comes from the host in one call. A recv() may ask for the whole of a body at once, and memory for
# it would be taken at every call; one byte at a time (httplib without buffering) would be a host call for each.
_WRITE_PIECE = 256 * 1024
_READ_PIECE_MIN = 16 * 1024
_READ_PIECE_MAX = 256 * 1024

_NO_BODY, _SIZED, _CHUNKED = 0, 1, 2

# A host that can change the timeout of an open exchange is told when settimeout() is called after the request was
# sent: requests and urllib3 set the timeout for reading only then.
_http_timeout = getattr(_codehook, 'http_timeout', None)


class _Exchange(object):
    """A host handle, from the request's head to the last byte of the answer. It refers to nothing, so that it dies, and
    its handle is closed, as soon as the socket lets go of it."""

    __slots__ = ('_handle', '_timeout_ms', '_tls_hint', '_finished', 'method', 'complete', 'expects_continue',
                 'close_after', 'left', 'until_close')

    def __init__(self, head, url, timeout_ms, tls_hint):
        self._handle = None
        self._tls_hint = tls_hint
        self._timeout_ms = timeout_ms
        self._finished = False
        self.method = head.method
        self.complete = False
        self.expects_continue = head.expects_continue
        self.close_after = head.close_after
        self.left = 0
        self.until_close = False
        self._handle = self._call(_codehook.http_open, head.method, url, head.header_lines, head.framing, head.size,
                                  timeout_ms)

    def _call(self, function, *args):
        try:
            return function(*args)
        except _codehook.error as failure:
            self.close()
            raise _from_host(failure, self._tls_hint)

    def use_timeout(self, timeout_ms):
        if timeout_ms != self._timeout_ms and _http_timeout is not None and self._handle is not None:
            self._timeout_ms = timeout_ms
            self._call(_http_timeout, self._handle, timeout_ms)

    def write(self, data, start, stop):
        self.expects_continue = False
        view = memoryview(data)
        while start < stop:
            end = min(stop, start + _WRITE_PIECE)
            self._call(_codehook.http_write, self._handle, view[start:end])
            start = end

    def finish(self):
        """Ends the request, waits, and answers the head as the guest shall see it."""
        self._finished = True
        head = self._call(_codehook.http_finish, self._handle)
        head, self.left, self.until_close = _answer_head(head, self.method, self.close_after)
        if not self.left and not self.until_close:
            self.close()
        return head

    def read(self, size):
        data = self._call(_codehook.http_read, self._handle, max(_READ_PIECE_MIN, min(size, _READ_PIECE_MAX)))
        if not self.until_close:
            # An answer that ends too early looks like a connection that does: the reader misses the rest.
            self.left = self.left - len(data) if data else 0
        if not data or not (self.left or self.until_close):
            self.close()
        return data

    def ended(self):
        return self._handle is None

    def close(self, _http_close=_codehook.http_close):
        handle, self._handle = self._handle, None
        if handle is not None:
            _http_close(handle)

    def __del__(self, _http_finish=_codehook.http_finish):
        # On a wire a request that was sent arrives even when the sender does not wait for the answer.
        try:
            if self._handle is not None:
                try:
                    if self.complete and not self._finished:
                        _http_finish(self._handle)
                finally:
                    self.close()
        except Exception:
            pass


_HOP_BY_HOP = frozenset(['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'trailer', 'upgrade'])


def _answer_head(head, method, close_after):
    """(head for the guest, length of the body, whether it ends with the connection).

    The body comes without chunks, so no header may speak of them, and one that has no length must end the connection.
    """
    lines = head.rstrip('\r\n').split('\r\n')
    status = lines[0].split(' ', 2)[1]
    kept, length = [lines[0]], None
    for line in lines[1:]:
        name, _, value = line.partition(':')
        name = name.strip().lower()
        if name in _HOP_BY_HOP:
            continue
        if name == 'content-length':
            length = _content_length(value)
        kept.append(line)
    if method == 'HEAD' or status in ('204', '304') or status[0] == '1':
        length, until_close = 0, False
    else:
        until_close = length is None
    if until_close or close_after:
        kept.append('Connection: close')
    kept.append('\r\n')
    return '\r\n'.join(kept), length or 0, until_close


def _content_length(value):
    """The one length that a Content-Length header states; None when it does not."""
    values = set(part.strip() for part in value.split(','))
    if len(values) != 1:
        return None
    text = values.pop()
    return int(text) if text.isdigit() else None


# ---------------------------------------------------------------------------------------------------------------------
# Reading what the guest sends

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]"
# A request line as far as it has come: a method, and then text.
_LINE_START = _re.compile(r'%s{1,32}(?: [^\x00-\x1f\x7f]*)?\Z' % _TOKEN)
_REQUEST_LINE = _re.compile(r'(%s{1,32}) ([^ \t]+) HTTP/1\.([01])\Z' % _TOKEN)
_HEADER_NAME = _re.compile(_TOKEN + r'+\Z')
_HEAD_END = _re.compile(r'\r?\n\r?\n')
_ABSOLUTE = _re.compile(r'(https?)://([^/?#]*)(.*)\Z', _re.I | _re.S)
_LINE_LIMIT = 64 * 1024
_HEAD_LIMIT = 1024 * 1024


class _Head(object):
    """A request's head, taken apart."""

    __slots__ = ('method', 'target', 'header_lines', 'framing', 'size', 'expects_continue', 'close_after')

    def __init__(self, text):
        lines = text.replace('\r\n', '\n').split('\n')
        self.method, self.target, minor = _request_line(lines[0])
        headers = []
        for line in lines[1:]:
            if line[:1] in (' ', '\t'):
                if not headers:
                    raise error(_errno.EINVAL, 'the first header of the request starts with white space')
                headers[-1][1] += ' ' + line.strip()
                continue
            name, colon, value = line.partition(':')
            if not colon or not _HEADER_NAME.match(name):
                raise error(_errno.EINVAL, 'a header of the request is not "Name: value"')
            headers.append([name, value.strip()])
        self._take_framing(headers, minor == '1')

    def _take_framing(self, headers, is_1_1):
        kept, lengths, codings, connection, expect = [], [], [], [], ''
        for name, value in headers:
            lower = name.lower()
            if lower == 'content-length':
                lengths.append(value)
            elif lower == 'transfer-encoding':
                codings.extend(part.strip().lower() for part in value.split(',') if part.strip())
            elif lower == 'connection':
                connection.extend(part.strip().lower() for part in value.split(','))
            elif lower == 'expect':
                expect = value.lower()
            elif lower not in ('keep-alive', 'proxy-connection'):
                kept.append('%s: %s\r\n' % (name, value))
        self.header_lines = ''.join(kept)
        self.framing, self.size = _NO_BODY, 0
        if codings:
            if codings != ['chunked'] or not is_1_1:
                raise error(_errno.EINVAL, 'the body of a request can be chunked (HTTP/1.1) or have a Content-Length, '
                                           'and no other Transfer-Encoding')
            self.framing = _CHUNKED
        elif lengths:
            size = _content_length(','.join(lengths))
            if size is None:
                raise error(_errno.EINVAL, 'the Content-Length of the request is not one number')
            self.framing, self.size = _SIZED, size
        self.expects_continue = is_1_1 and expect == '100-continue'
        self.close_after = 'close' in connection or (not is_1_1 and 'keep-alive' not in connection)


def _request_line(line):
    match = _REQUEST_LINE.match(line)
    if match is None:
        raise _not_http(line)
    return match.groups()


def _not_http(data):
    if data[:1] in ('\x16', '\x80'):
        return _refusal(_errno.EPROTONOSUPPORT,
                        'these bytes are TLS, which the host speaks: use ssl.wrap_socket or an https:// URL')
    if data[:64].count(' ') > 2 and ' HTTP/1.' in data:
        return error(_errno.EINVAL, 'white space in the path of an HTTP request: quote it, with urllib.quote for example')
    return _refusal(_errno.EPROTONOSUPPORT,
                    'these bytes are no HTTP/1.0 or HTTP/1.1 request (or a body without Content-Length): '
                    "use the system's HTTP interface, with urllib2 for example")


class _Requests(object):
    """Cuts a stream of bytes into requests. `begin(head)` answers the exchange that the body then goes to.

    Each piece is looked at once, where it stands: the body is passed on without a copy, and only an incomplete head or
    chunk size is kept.
    """

    def __init__(self, begin):
        self._begin = begin
        self._kept = bytearray()
        self._line_seen = False
        self._exchange = None
        self._left = 0
        self._step = self._in_head

    def feed(self, data):
        at, end = 0, len(data)
        while at < end:
            at = self._step(data, at)

    def in_head(self):
        return bool(self._kept) and self._exchange is None

    def _in_head(self, data, at):
        kept = self._kept
        if not kept:
            # An empty line before a request is tolerated: old clients send one after a body.
            while data[at:at + 1] in ('\r', '\n') and at < len(data):
                at += 1
            match = _HEAD_END.search(data, at)
            if match is not None:
                self._head_complete(data[at:match.start()])
                return match.end()
        before = len(kept)
        kept.extend(data[at:at + _HEAD_LIMIT + 1])
        if not kept:
            return at
        match = _HEAD_END.search(kept, max(0, before - 3))
        if match is None:
            self._check_start()
            if len(kept) > _HEAD_LIMIT:
                raise error(_errno.EMSGSIZE, 'the head of the request is larger than %d bytes' % _HEAD_LIMIT)
            return len(data)
        head = str(kept[:match.start()])
        at += match.end() - before
        self._kept = bytearray()
        self._head_complete(head)
        return at

    def _check_start(self):
        """Refuses what cannot become a request, before the guest starts to wait for an answer."""
        if self._line_seen:
            return
        end = self._kept.find('\n')
        if end >= 0:
            _request_line(str(self._kept[:end]).rstrip('\r'))
            self._line_seen = True
        elif len(self._kept) > _LINE_LIMIT:
            raise error(_errno.EMSGSIZE, 'the first line of the request is longer than %d bytes' % _LINE_LIMIT)
        elif not _LINE_START.match(str(self._kept[:128]).rstrip('\r')):
            raise _not_http(str(self._kept[:128]))

    def _head_complete(self, text):
        self._line_seen = False
        head = _Head(text)
        exchange = self._begin(head)
        if head.framing == _CHUNKED:
            self._exchange, self._step = exchange, self._in_chunk_size
        elif head.size:
            self._exchange, self._left, self._step = exchange, head.size, self._in_sized_body
        else:
            exchange.complete = True

    def _body_complete(self):
        self._exchange.complete = True
        self._exchange = None
        self._step = self._in_head

    def _in_sized_body(self, data, at):
        end = min(len(data), at + self._left)
        self._exchange.write(data, at, end)
        self._left -= end - at
        if not self._left:
            self._body_complete()
        return end

    def _line(self, data, at):
        """(a whole line without its end, or None; where the next one starts)"""
        end = data.find('\n', at)
        stop = len(data) if end < 0 else end
        if len(self._kept) + stop - at > _LINE_LIMIT:
            raise error(_errno.EINVAL, 'a line between the chunks of the body is too long')
        self._kept.extend(data[at:stop])
        if end < 0:
            return None, stop
        line = str(self._kept).rstrip('\r')
        self._kept = bytearray()
        return line, end + 1

    def _in_chunk_size(self, data, at):
        line, at = self._line(data, at)
        if line is None:
            return at
        try:
            digits = line.partition(';')[0].strip()
            if not digits.isalnum():
                raise ValueError
            self._left = int(digits, 16)
        except ValueError:
            raise error(_errno.EINVAL, 'a chunk of the body does not start with its size in hexadecimal')
        self._step = self._in_chunk if self._left else self._in_trailers
        return at

    def _in_chunk(self, data, at):
        end = min(len(data), at + self._left)
        self._exchange.write(data, at, end)
        self._left -= end - at
        if not self._left:
            self._step = self._after_chunk
        return end

    def _after_chunk(self, data, at):
        line, at = self._line(data, at)
        if line:
            raise error(_errno.EINVAL, 'a chunk of the body is longer than its size')
        if line is not None:
            self._step = self._in_chunk_size
        return at

    def _in_trailers(self, data, at):
        # The host call has no place for trailers; servers do not rely on them.
        line, at = self._line(data, at)
        if line == '':
            self._body_complete()
        return at


# ---------------------------------------------------------------------------------------------------------------------
# The socket

_default_timeout = None
_HOST = _re.compile(r'[A-Za-z0-9_.-]+\Z')


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
            self._requests = _Requests(self._begin)
        for exchange in self._exchanges:
            exchange.use_timeout(self._timeout_ms())
        try:
            self._requests.feed(data)
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
        if self._sent:
            return False
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
        raise _NoFileNumber(_errno.EOPNOTSUPP, 'a socket of a hook has no file number: call recv(), which waits')

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


def _checked_name(host):
    """The host as bytes, an IPv6 address without brackets. What could change the meaning of a URL is refused."""
    if isinstance(host, unicode):
        host = host.encode('idna')
    elif not isinstance(host, str):
        raise TypeError('a host name is a string, not %s' % type(host).__name__)
    if not _HOST.match(host) and not _is_ipv6(host):
        raise gaierror(EAI_NONAME, 'Name or service not known: %r is no host name' % host)
    return host


# ---------------------------------------------------------------------------------------------------------------------
# Names. Only the host looks names up: a name stands for its own address.

_SERVICES = {
    'ftp': 21, 'ssh': 22, 'telnet': 23, 'smtp': 25, 'domain': 53, 'http': 80, 'pop3': 110, 'ntp': 123, 'imap': 143,
    'imap2': 143, 'ldap': 389, 'https': 443, 'submission': 587, 'ldaps': 636, 'imaps': 993, 'pop3s': 995, 'http-alt': 8080,
}
_PROTOCOLS = {'ip': 0, 'icmp': 1, 'tcp': 6, 'udp': 17, 'ipv6': 41}
_OWN_NAME = 'codehook'
_LOOPBACK_NAMES = ('', _OWN_NAME, 'localhost', 'localhost.localdomain')


def getaddrinfo(host, port, family=AF_UNSPEC, socktype=0, proto=0, flags=0):
    """getaddrinfo(host, port[, family, socktype, proto, flags]) -> [(family, socktype, proto, canonname, sockaddr)]

    One entry, with the name itself in the place of its address: a socket connects to it as to any address."""
    if host is None:
        host = '0.0.0.0' if flags & AI_PASSIVE else '127.0.0.1'
    host = _checked_name(host)
    if flags & AI_NUMERICHOST and not _is_numeric(host):
        raise gaierror(EAI_NONAME, 'Name or service not known')
    port = _port_number(port)
    canonical = host if flags & AI_CANONNAME else ''
    socktype = socktype or SOCK_STREAM
    proto = proto or {SOCK_STREAM: IPPROTO_TCP, SOCK_DGRAM: IPPROTO_UDP}.get(socktype, 0)
    if _is_ipv6(host) or (family == AF_INET6 and not _is_ipv4(host)):
        return [(AF_INET6, socktype, proto, canonical, (host, port, 0, 0))]
    if family not in (AF_UNSPEC, AF_INET):
        raise gaierror(EAI_FAMILY, 'ai_family not supported')
    return [(AF_INET, socktype, proto, canonical, (host, port))]


def _port_number(port):
    if port is None:
        return 0
    if isinstance(port, (int, long)):
        return int(port) & 0xffff
    if not isinstance(port, basestring):
        raise error('Int or String expected')
    if port.isdigit():
        return int(port) & 0xffff
    if port in _SERVICES:
        return _SERVICES[port]
    raise gaierror(EAI_SERVICE, 'Servname not supported for ai_socktype')


def gethostbyname(host):
    """gethostbyname(host) -> address, for addresses and for this machine's own names only.

    An address that is made up would end up in somebody's records, so for other names it is an error."""
    name = _checked_name(host) if host else ''
    if name.lower() in _LOOPBACK_NAMES:
        return '127.0.0.1'
    if _is_ipv4(name):
        return name
    raise gaierror(EAI_FAIL, 'a hook never learns the address of %s: use the name itself, in the URL or in connect()' % name)


def gethostbyname_ex(host):
    """gethostbyname_ex(host) -> (name, aliaslist, addresslist)"""
    return host, [], [gethostbyname(host)]


def gethostbyaddr(host):
    """gethostbyaddr(host) -> (name, aliaslist, addresslist), for this machine's own address only."""
    if host.lower() in _LOOPBACK_NAMES or host in ('127.0.0.1', '::1', '0.0.0.0'):
        return _OWN_NAME, [], ['127.0.0.1']
    raise herror(1, 'a hook never learns the name of %s' % host)


def gethostname():
    """gethostname() -> 'codehook'"""
    return _OWN_NAME


def getnameinfo(sockaddr, flags):
    """getnameinfo(sockaddr, flags) -> (host, port): the address itself."""
    host, port = sockaddr[:2]
    if not flags & NI_NUMERICSERV:
        try:
            return host, getservbyport(port)
        except error:
            pass
    return host, str(port)


def getservbyname(name, protocol='tcp'):
    """getservbyname(name[, protocol]) -> port"""
    if name not in _SERVICES or protocol not in ('tcp', 'udp'):
        raise error('service/proto not found')
    return _SERVICES[name]


def getservbyport(port, protocol='tcp'):
    """getservbyport(port[, protocol]) -> name"""
    for name in sorted(_SERVICES):
        if _SERVICES[name] == port and protocol in ('tcp', 'udp'):
            return name
    raise error('port/proto not found')


def getprotobyname(name):
    """getprotobyname(name) -> number"""
    if name not in _PROTOCOLS:
        raise error('protocol not found')
    return _PROTOCOLS[name]


def fromfd(fd, family, type, proto=0):
    """fromfd(fd, family, type[, proto]): refused, no file is a socket."""
    raise _refusal(_errno.ENOTSOCK, 'no file number is a socket')


def socketpair(family=None, type=SOCK_STREAM, proto=0):
    """socketpair(): refused, there is no second process or thread to talk to."""
    raise _refusal(_errno.EACCES, 'there is no other process or thread to talk to')


def getdefaulttimeout():
    """getdefaulttimeout() -> seconds or None"""
    return _default_timeout


def setdefaulttimeout(seconds):
    """setdefaulttimeout(seconds or None)"""
    global _default_timeout
    _default_timeout = None if seconds is None else _checked_timeout(seconds)


# ---------------------------------------------------------------------------------------------------------------------
# Numbers and addresses in network form

def ntohs(number):
    """ntohs(number) -> 16-bit number in the machine's order (which is little-endian)"""
    if not 0 <= number <= 0xffff:
        raise OverflowError('16-bit unsigned integer expected')
    return _struct.unpack('<H', _struct.pack('>H', number))[0]


def ntohl(number):
    """ntohl(number) -> 32-bit number in the machine's order"""
    if not 0 <= number <= 0xffffffff:
        raise OverflowError('32-bit unsigned integer expected')
    return _struct.unpack('<I', _struct.pack('>I', number))[0]


def htons(number):
    """htons(number) -> 16-bit number in network order"""
    return ntohs(number)


def htonl(number):
    """htonl(number) -> 32-bit number in network order"""
    return ntohl(number)


def inet_aton(text):
    """inet_aton(text) -> 4 bytes. One to four parts, each decimal, octal or hexadecimal."""
    parts = text.split('.')
    try:
        numbers = [int(part, 16 if part[:2] in ('0x', '0X') else 8 if part[:1] == '0' else 10) for part in parts]
        if len(parts) > 4 or not all(part.isalnum() for part in parts) or max(numbers[:-1] or [0]) > 255:
            raise ValueError
        last_bytes = 5 - len(parts)
        if numbers[-1] >= 256 ** last_bytes:
            raise ValueError
    except ValueError:
        raise error('illegal IP address string passed to inet_aton')
    return ''.join(map(chr, numbers[:-1])) + _struct.pack('>I', numbers[-1])[4 - last_bytes:]


def inet_ntoa(packed):
    """inet_ntoa(4 bytes) -> text"""
    if len(packed) != 4:
        raise error('packed IP wrong length')
    return '.'.join(str(ord(byte)) for byte in packed)


_IPV4 = _re.compile(r'(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\Z)|\Z)){4}\Z')


def inet_pton(family, text):
    """inet_pton(family, text) -> packed address"""
    if family == AF_INET:
        if not _IPV4.match(text):
            raise error('illegal IP address string passed to inet_pton')
        return inet_aton(text)
    if family != AF_INET6:
        raise error(_errno.EAFNOSUPPORT, 'Address family not supported by protocol')
    packed = _pack_ipv6(text)
    if packed is None:
        raise error('illegal IP address string passed to inet_pton')
    return packed


def _pack_ipv6(text):
    head, gap, tail = text.partition('::')
    groups = []
    for part in (head, tail):
        packed = ''
        words = part.split(':') if part else []
        for index, word in enumerate(words):
            if '.' in word and index == len(words) - 1 and (part is tail or not gap) and _IPV4.match(word):
                packed += inet_aton(word)
            elif 1 <= len(word) <= 4 and all(c in '0123456789abcdefABCDEF' for c in word):
                packed += _struct.pack('>H', int(word, 16))
            else:
                return None
        groups.append(packed)
    missing = 16 - len(groups[0]) - len(groups[1])
    if missing < 2 if gap else missing:
        return None
    return groups[0] + '\0' * missing + groups[1]


def inet_ntop(family, packed):
    """inet_ntop(family, packed address) -> text"""
    if family == AF_INET:
        if len(packed) != 4:
            raise ValueError('invalid length of packed IP address string')
        return inet_ntoa(packed)
    if family != AF_INET6:
        raise ValueError('unknown address family %s' % family)
    if len(packed) != 16:
        raise ValueError('invalid length of packed IP address string')
    if packed[:12] == '\0' * 10 + '\xff\xff':
        return '::ffff:' + inet_ntoa(packed[12:])
    words = ['%x' % word for word in _struct.unpack('>8H', packed)]
    # RFC 5952: the first of the longest runs of two or more zeros is left out.
    best_start, best_length = 0, 1
    for start in range(8):
        length = 0
        while start + length < 8 and words[start + length] == '0':
            length += 1
        if length > best_length:
            best_start, best_length = start, length
    if best_length < 2:
        return ':'.join(words)
    return ':'.join(words[:best_start]) + '::' + ':'.join(words[best_start + best_length:])


def _is_ipv4(host):
    return _IPV4.match(host) is not None


def _is_ipv6(host):
    return ':' in host and _pack_ipv6(host) is not None


def _is_numeric(host):
    return _is_ipv4(host) or _is_ipv6(host)
