"""HTTP/1.0 and HTTP/1.1 as a socket carries them: requests are read from the bytes that a script sends, each becomes
one call of the host with its body streamed both ways, and the answer is handed back as the bytes of a response.
"""
import _codehook
import errno as _errno
import re as _re

from _codehook_socket_base import *
from _codehook_socket_base import _from_host, _refusal

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
    """Cuts a stream of bytes into requests.

    Each piece is looked at once, where it stands: the body is passed on without a copy, and only an incomplete head or
    chunk size is kept. Between two pieces it refers neither to itself nor to the socket: a socket that a script drops
    without closing it dies at once, and so do its exchanges, of which the host allows few.
    """

    def __init__(self):
        self._begin = None
        self._kept = bytearray()
        self._line_seen = False
        self._exchange = None
        self._left = 0
        self._step = _Requests._in_head

    def feed(self, data, begin):
        """Takes the next piece; `begin(head)` answers the exchange that a request's body then goes to."""
        self._begin = begin
        try:
            at, end = 0, len(data)
            while at < end:
                at = self._step(self, data, at)
        finally:
            self._begin = None

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
            self._exchange, self._step = exchange, _Requests._in_chunk_size
        elif head.size:
            self._exchange, self._left, self._step = exchange, head.size, _Requests._in_sized_body
        else:
            exchange.complete = True

    def _body_complete(self):
        self._exchange.complete = True
        self._exchange = None
        self._step = _Requests._in_head

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
        self._step = _Requests._in_chunk if self._left else _Requests._in_trailers
        return at

    def _in_chunk(self, data, at):
        end = min(len(data), at + self._left)
        self._exchange.write(data, at, end)
        self._left -= end - at
        if not self._left:
            self._step = _Requests._after_chunk
        return end

    def _after_chunk(self, data, at):
        line, at = self._line(data, at)
        if line:
            raise error(_errno.EINVAL, 'a chunk of the body is longer than its size')
        if line is not None:
            self._step = _Requests._in_chunk_size
        return at

    def _in_trailers(self, data, at):
        # The host call has no place for trailers; servers do not rely on them.
        line, at = self._line(data, at)
        if line == '':
            self._body_complete()
        return at
