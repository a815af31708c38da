"""urllib2, urllib, httplib and xmlrpclib over the sockets' shim."""
import hashlib
import httplib
import json
import socket
import sys
import unittest
import urllib
import urllib2
import xmlrpclib

# Put in front of the test by what runs it in the sandbox, or given as arguments.
BASE = globals().get('BASE_URL') or sys.argv[1]
SECURE = globals().get('TLS_URL') or sys.argv[2]


def host_and_port(url):
    host, _, port = url.partition('://')[2].partition(':')
    return host, int(port)


class Urllib2(unittest.TestCase):
    def test_get(self):
        for base in (BASE, SECURE):
            answer = urllib2.urlopen(base + '/hello')
            self.assertEqual((answer.code, answer.msg, answer.read()), (200, 'OK', 'hello'))
            self.assertEqual(answer.info().getheader('content-type'), 'text/plain')
            self.assertEqual(answer.info().getheaders('x-twice'), ['1', '2'])

    def test_post_and_headers(self):
        request = urllib2.Request(BASE + '/echo?a=b%20c', 'x=1', {'Authorization': 'SSWS token'})
        seen = json.load(urllib2.urlopen(request))
        self.assertEqual((seen['method'], seen['path'], seen['length']), ('POST', '/echo?a=b%20c', 3))
        self.assertEqual(seen['headers']['Authorization'], 'SSWS token')

    def test_empty_post_says_its_length(self):
        seen = json.load(urllib2.urlopen(urllib2.Request(BASE + '/echo', '')))
        self.assertEqual((seen['method'], seen['headers']['Content-Length']), ('POST', '0'))

    def test_redirects(self):
        answer = urllib2.urlopen(BASE + '/redirect/3')
        self.assertEqual((answer.read(), answer.geturl()), ('hello', BASE + '/hello'))

    def test_error_status(self):
        with self.assertRaises(urllib2.HTTPError) as caught:
            urllib2.urlopen(BASE + '/status/404')
        self.assertEqual((caught.exception.code, caught.exception.read()), (404, 'status 404'))

    def test_unknown_length(self):
        self.assertEqual(urllib2.urlopen(BASE + '/chunked/3').read(), 'piece 0;piece 1;piece 2;')
        self.assertEqual(urllib2.urlopen(BASE + '/closing').read(), 'until the end')
        self.assertEqual(list(urllib2.urlopen(BASE + '/closing')), ['until the end'])

    def test_no_content(self):
        answer = urllib2.urlopen(BASE + '/empty')
        self.assertEqual((answer.code, answer.read()), (204, ''))

    def test_large_download(self):
        answer, digest, size = urllib2.urlopen(SECURE + '/bytes/20000000'), hashlib.sha1(), 0
        while True:
            piece = answer.read(10007)
            if not piece:
                break
            size += len(piece)
            digest.update(piece)
        self.assertEqual(size, 20000000)
        self.assertEqual(digest.hexdigest(), hashlib.sha1('0123456789' * 2000000).hexdigest())
        self.assertEqual(len(urllib2.urlopen(BASE + '/bytes/20000000').read()), 20000000)

    def test_large_upload(self):
        body = '0123456789' * 2000000
        seen = json.load(urllib2.urlopen(SECURE + '/echo', body))
        self.assertEqual((seen['length'], seen['sha1']), (len(body), hashlib.sha1(body).hexdigest()))

    def test_timeout(self):
        with self.assertRaises(socket.timeout) as caught:
            urllib2.urlopen(BASE + '/slow/5', timeout=0.3)
        self.assertEqual(str(caught.exception), 'timed out')

    def test_failures_are_url_errors(self):
        for url, number in (('http://denied.example/', 'EACCES'), (BASE.rpartition(':')[0] + ':1/', 'ECONNREFUSED')):
            with self.assertRaises(urllib2.URLError) as caught:
                urllib2.urlopen(url)
            self.assertEqual(socket.errno.errorcode[caught.exception.reason.errno], number)
        with self.assertRaises(urllib2.URLError) as caught:
            urllib2.urlopen('http://nowhere.invalid/')
        self.assertIsInstance(caught.exception.reason, socket.gaierror)
        self.assertEqual(caught.exception.reason.args[0], socket.EAI_NONAME)

    def test_proxy_is_refused(self):
        for url in (BASE, SECURE):
            opener = urllib2.build_opener(urllib2.ProxyHandler({'http': 'http://127.0.0.1:3128', 'https': 'http://127.0.0.1:3128'}))
            with self.assertRaises(urllib2.URLError) as caught:
                opener.open(url.replace('127.0.0.1', 'localhost') + '/hello')
            self.assertIn('prox', str(caught.exception))

    def test_cookies(self):
        opener = urllib2.build_opener(urllib2.HTTPCookieProcessor())
        self.assertEqual([opener.open(BASE + '/cookies').read() for _ in range(2)], ['', 'seen=yes'])


class Others(unittest.TestCase):
    def test_urllib(self):
        self.assertEqual(urllib.urlopen(BASE + '/redirect/1').read(), 'hello')
        self.assertEqual(urllib.urlopen(SECURE + '/hello').read(), 'hello')
        name, headers = urllib.urlretrieve(BASE + '/bytes/100000')
        with open(name) as stream:
            self.assertEqual(len(stream.read()), 100000)
        urllib.urlcleanup()

    def test_xmlrpc(self):
        for base in (BASE, SECURE):
            server = xmlrpclib.ServerProxy(base + '/RPC2')
            self.assertEqual([server.add(1, 2), server.add(3, 4)], [3, 7])


class Httplib(unittest.TestCase):
    def connection(self, **options):
        return httplib.HTTPConnection(*host_and_port(BASE), **options)

    def test_keep_alive(self):
        connection = self.connection()
        connection.connect()
        sock = connection.sock
        for number in range(5):
            connection.request('POST', '/echo', 'x' * number)
            self.assertEqual(json.loads(connection.getresponse().read())['length'], number)
            self.assertIs(connection.sock, sock)

    def test_head_and_no_body(self):
        connection = self.connection()
        for method, path, status in (('HEAD', '/hello', 200), ('GET', '/empty', 204), ('GET', '/not-modified', 304)):
            connection.request(method, path)
            answer = connection.getresponse()
            self.assertEqual((answer.status, answer.read()), (status, ''))
        connection.request('GET', '/hello')
        self.assertEqual(connection.getresponse().read(), 'hello')

    def test_after_unknown_length_it_connects_anew(self):
        connection = self.connection()
        for _ in range(2):
            connection.request('GET', '/chunked/2')
            self.assertEqual(connection.getresponse().read(), 'piece 0;piece 1;')

    def test_unbuffered_and_buffered(self):
        for buffering in (False, True):
            connection = self.connection()
            connection.request('GET', '/bytes/1000')
            answer = connection.getresponse(buffering)
            self.assertEqual((answer.read(10), len(answer.read())), ('0123456789', 990))

    def test_body_from_a_file(self):
        import StringIO
        connection = self.connection()
        connection.request('PUT', '/echo', StringIO.StringIO('y' * 100000), {'Content-Length': '100000'})
        self.assertEqual(json.loads(connection.getresponse().read())['length'], 100000)

    def test_chunked_upload(self):
        connection = self.connection()
        connection.putrequest('POST', '/echo')
        connection.putheader('Transfer-Encoding', 'chunked')
        connection.endheaders()
        for _ in range(10):
            connection.send('3e8;note=1\r\n' + 'z' * 1000 + '\r\n')
        connection.send('0\r\nX-Trailer: 1\r\n\r\n')
        self.assertEqual(json.loads(connection.getresponse().read())['length'], 10000)
        connection.request('GET', '/hello')
        self.assertEqual(connection.getresponse().read(), 'hello')

    def test_debug_output_and_old_class(self):
        old = httplib.HTTP(*host_and_port(BASE))
        old.putrequest('GET', '/hello')
        old.endheaders()
        self.assertEqual(old.getreply()[0], 200)
        self.assertEqual(old.getfile().read(), 'hello')

    def test_tunnel_is_refused(self):
        connection = httplib.HTTPSConnection(*host_and_port(BASE))
        connection.set_tunnel('localhost', 443)
        with self.assertRaisesRegexp(socket.error, 'prox'):
            connection.request('GET', '/')

    def test_timeout_set_late(self):
        connection = self.connection(timeout=60)
        connection.request('GET', '/slow/5')
        connection.sock.settimeout(0.3)
        self.assertRaises(socket.timeout, connection.getresponse)


unittest.main(argv=sys.argv[:1])
