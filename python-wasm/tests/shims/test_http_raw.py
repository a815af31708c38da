"""Requests that a script writes by hand on a socket, whole and in pieces."""
import array
import errno
import hashlib
import json
import select
import socket
import sys
import unittest

# Put in front of the test by what runs it in the sandbox, or given as arguments.
BASE = globals().get('BASE_URL') or sys.argv[1]
SECURE = globals().get('TLS_URL') or sys.argv[2]


def host_and_port(url):
    host, _, port = url.partition('://')[2].partition(':')
    return host, int(port)


HOST = 'Host: %s:%d\r\n' % host_and_port(BASE)


def connect(timeout=None):
    return socket.create_connection(host_and_port(BASE), timeout)


def receive_all(sock):
    pieces = []
    while True:
        piece = sock.recv(4096)
        if not piece:
            return ''.join(pieces)
        pieces.append(piece)


class Raw(unittest.TestCase):
    def exchange(self, request, size=None):
        sock = connect()
        if size is None:
            sock.sendall(request)
        else:
            for start in range(0, len(request), size):
                sock.send(request[start:start + size])
        answer = receive_all(sock)
        sock.close()
        head, _, body = answer.partition('\r\n\r\n')
        return head.split('\r\n'), body

    def test_http_1_0(self):
        for request in ('GET /hello HTTP/1.0\r\n\r\n', 'GET /hello HTTP/1.0\n\n', '\r\nGET /hello HTTP/1.0\r\n\r\n'):
            head, body = self.exchange(request)
            self.assertTrue(head[0].startswith('HTTP/1.') and head[0].endswith(' 200 OK'), head[0])
            self.assertIn('connection: close', [line.lower() for line in head])
            self.assertEqual(body, 'hello')

    def test_select_knows_what_can_be_received(self):
        sock = connect()
        ready = lambda: select.select([sock], [sock], [], 0)
        self.assertEqual(ready(), ([], [sock], []))
        with self.assertRaises(socket.error) as caught:
            select.select([sock], [], [], 60)
        self.assertEqual(caught.exception.errno, errno.EPROTONOSUPPORT, 'no server speaks first')
        sock.sendall('POST /echo HTTP/1.1\r\n' + HOST + 'Content-Length: 5\r\nExpect: 100-continue\r\n\r\n')
        self.assertEqual(ready(), ([sock], [sock], []))
        self.assertEqual(sock.recv(4096), 'HTTP/1.1 100 Continue\r\n\r\n')
        self.assertEqual(ready(), ([], [sock], []))
        with self.assertRaises(select.error) as caught:
            select.select([sock], [], [])
        self.assertEqual(caught.exception.args[0], errno.EDEADLK)
        sock.sendall('hello')
        self.assertEqual(ready(), ([sock], [sock], []))
        stream = sock.makefile('rb', 0)
        self.assertEqual(select.select([stream], [], [], 0), ([stream], [], []))
        while ready()[0]:
            self.assertTrue(sock.recv(4096))
        sock.sendall('GET /hello HTTP/1.1\r\nConnection: close\r\n' + HOST + '\r\n')
        self.assertTrue(receive_all(sock).endswith('hello'))
        self.assertEqual(ready(), ([sock], [sock], []), 'the end of the connection can be read')
        sock.close()
        with self.assertRaises(socket.error) as caught:
            ready()
        self.assertEqual(caught.exception.errno, errno.EBADF)

    def test_any_cut(self):
        chunked = 'POST /echo HTTP/1.1\r\n' + HOST + 'Transfer-Encoding: chunked\r\n\r\n5;x\r\nhello\r\n6\r\n world\r\n0\r\nT: 1\r\n\r\n'
        sized = 'POST /echo HTTP/1.1\r\n' + HOST + 'Content-Length: 11\r\n\r\nhello world'
        folded = 'POST /echo HTTP/1.1\r\n' + HOST + 'X-Long: a\r\n b\r\nContent-Length: 11, 11\r\n\r\nhello world'
        for request in (chunked, sized, folded):
            for size in (1, 2, 3, 7, 64, 1000):
                head, body = self.exchange(request, size)
                self.assertEqual(json.loads(body)['sha1'], hashlib.sha1('hello world').hexdigest())

    def test_every_kind_of_buffer(self):
        text = 'POST /echo HTTP/1.1\r\n' + HOST + 'Content-Length: 4\r\n\r\nabcd'
        for kind in (str, unicode, bytearray, buffer, memoryview, lambda t: array.array('c', t)):
            self.assertEqual(json.loads(self.exchange(kind(text))[1])['length'], 4)
        self.assertRaises(TypeError, connect().send, 5)

    def test_receiving_into_buffers(self):
        for target in (bytearray(10), memoryview(bytearray(10)), array.array('c', '.' * 10)):
            sock = connect()
            sock.sendall('GET /hello HTTP/1.1\r\n' + HOST + '\r\n')
            self.assertEqual(sock.recv_into(target), 10)
            self.assertTrue(str(bytearray(target)).startswith('HTTP/1.'))
            self.assertEqual(sock.recv_into(target, 5), 5)

    def test_peek(self):
        sock = connect()
        sock.sendall('GET /hello HTTP/1.1\r\n' + HOST + '\r\n')
        self.assertEqual(sock.recv(4, socket.MSG_PEEK), 'HTTP')
        self.assertEqual(sock.recv(6), 'HTTP/1')

    def test_expect_continue(self):
        sock = connect()
        sock.sendall('PUT /echo HTTP/1.1\r\n' + HOST + 'Content-Length: 3\r\nExpect: 100-continue\r\n\r\n')
        self.assertEqual(sock.recv(1000), 'HTTP/1.1 100 Continue\r\n\r\n')
        sock.sendall('abc')
        self.assertIn(' 200 OK', sock.recv(100))
        # A body that comes without waiting is not interrupted.
        head, body = self.exchange('PUT /echo HTTP/1.1\r\n' + HOST + 'Content-Length: 3\r\nExpect: 100-continue\r\n\r\nabc')
        self.assertIn(' 200 OK', head[0])

    def test_pipelining(self):
        request = 'GET /hello HTTP/1.1\r\n' + HOST + '\r\n'
        head, body = self.exchange(request * 3)
        self.assertEqual((body + '\r\n').count('200 OK'), 2)
        self.assertEqual(body.count('hello'), 3)

    def test_absolute_url_of_the_same_place(self):
        head, body = self.exchange('GET ' + BASE + '/hello HTTP/1.0\r\n\r\n')
        self.assertEqual(body, 'hello')

    def test_makefile(self):
        sock = connect()
        stream = sock.makefile('r+b', 0)
        stream.write('GET /bytes/50 HTTP/1.1\r\n' + HOST + '\r\n')
        stream.flush()
        self.assertIn(' 200 OK', stream.readline())
        sock.close()
        self.assertEqual(stream.read()[-50:], '0123456789' * 5)

    def test_sent_and_not_waited_for(self):
        try:
            import _codehook
            before = _codehook.opened()
        except (ImportError, AttributeError):
            before = None
        sock = connect()
        sock.sendall('GET /hello HTTP/1.0\r\n\r\n')
        sock.close()
        if before is not None:
            self.assertEqual(_codehook.opened(), before + 1)

    def test_dropped_sockets_hold_nothing(self):
        # More than the host allows at once, in each state that a request can be in.
        post = 'POST /echo HTTP/1.1\r\n' + HOST
        for request in ('GET /hello HTTP/1.1\r\n' + HOST + '\r\n', post + 'Content-Length: 5\r\n\r\nabc',
                        post + 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n', 'GET /bytes/100000 HTTP/1.1\r\n' + HOST + '\r\n'):
            for _ in range(10):
                sock = connect()
                sock.sendall(request)
                if 'bytes' in request:
                    self.assertEqual(sock.recv(4), 'HTTP')

    def test_idle_connection_ends(self):
        sock = connect()
        sock.sendall('GET /hello HTTP/1.1\r\n' + HOST + '\r\n')
        receive_all(sock)
        self.assertEqual(sock.recv(10), '')
        sock.sendall('GET /hello HTTP/1.1\r\n' + HOST + '\r\n')
        self.assertTrue(receive_all(sock).endswith('hello'))

    def test_after_close_the_pipe_is_broken(self):
        sock = connect()
        sock.sendall('GET /closing HTTP/1.1\r\n' + HOST + '\r\n')
        self.assertTrue(receive_all(sock).endswith('until the end'))
        with self.assertRaises(socket.error) as caught:
            sock.sendall('GET /hello HTTP/1.1\r\n' + HOST + '\r\n')
        self.assertEqual(caught.exception.errno, errno.EPIPE)

    def test_incomplete_requests_are_not_waited_on(self):
        post = 'POST /echo HTTP/1.1\r\n' + HOST
        for request in ('GET /hello HTTP/1.1\r\n', post + 'Content-Length: 5\r\n\r\nabc',
                        post + 'Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'):
            sock = connect()
            sock.sendall(request)
            with self.assertRaisesRegexp(socket.error, 'complete'):
                sock.recv(10)

    def test_faulty_requests(self):
        post = 'POST /echo HTTP/1.1\r\n' + HOST
        for request in (post + 'Content-Length: 5\r\nContent-Length: 6\r\n\r\n', post + 'Content-Length: -1\r\n\r\n',
                        post + 'Transfer-Encoding: gzip, chunked\r\n\r\n', post + 'No colon\r\n\r\n', 'GET /hello HTTP/1.1\r\n folded\r\n\r\n',
                        post + 'Transfer-Encoding: chunked\r\n\r\nxyz\r\n', post + 'Transfer-Encoding: chunked\r\n\r\n-5\r\n',
                        post + 'Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n', 'GET /a b HTTP/1.1\r\n\r\n',
                        'GET hello HTTP/1.1\r\n\r\n', 'POST /echo HTTP/1.1\r\nHost: other.example\r\n\r\n'):
            with self.assertRaises(socket.error) as caught:
                self.exchange(request)
            self.assertEqual(caught.exception.errno, errno.EINVAL, request)

    def test_many_small_pieces(self):
        sock = connect()
        sock.sendall('POST /echo HTTP/1.1\r\n' + HOST + 'Content-Length: 200000\r\n\r\n')
        for _ in xrange(20000):
            sock.send('0123456789')
        self.assertIn(hashlib.sha1('0123456789' * 20000).hexdigest(), receive_all(sock))

    def test_byte_by_byte_reading(self):
        sock = connect()
        sock.sendall('GET /bytes/30000 HTTP/1.0\r\n\r\n')
        count = 0
        while sock.recv(1):
            count += 1
        self.assertGreater(count, 30000)


unittest.main(argv=sys.argv[:1])
