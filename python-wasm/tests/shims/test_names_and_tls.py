"""The name functions, the forms of addresses, and the ssl module's surface."""
import errno
import socket
import ssl
import sys
import unittest

# Put in front of the test by what runs it in the sandbox, or given as arguments.
BASE = globals().get('BASE_URL') or sys.argv[1]
SECURE = globals().get('TLS_URL') or sys.argv[2]


def host_and_port(url):
    host, _, port = url.partition('://')[2].partition(':')
    return host, int(port)


class Names(unittest.TestCase):
    def test_getaddrinfo(self):
        stream = socket.SOCK_STREAM
        self.assertEqual(socket.getaddrinfo('a.example', 80, 0, stream), [(socket.AF_INET, stream, 6, '', ('a.example', 80))])
        self.assertEqual(socket.getaddrinfo('10.0.0.1', 'https')[0][4], ('10.0.0.1', 443))
        self.assertEqual(socket.getaddrinfo('::1', '8080')[0][::4], (socket.AF_INET6, ('::1', 8080, 0, 0)))
        self.assertEqual(socket.getaddrinfo(u'b\xfccher.example', None)[0][4], ('xn--bcher-kva.example', 0))
        self.assertEqual(socket.getaddrinfo(None, 1)[0][4], ('127.0.0.1', 1))
        self.assertRaises(socket.gaierror, socket.getaddrinfo, 'a.example', 'no-such-service')
        self.assertRaises(socket.gaierror, socket.getaddrinfo, 'a.example', 80, 0, 0, 0, socket.AI_NUMERICHOST)

    def test_own_name(self):
        self.assertEqual((socket.gethostname(), socket.getfqdn()), ('codehook', 'codehook'))
        self.assertEqual(socket.gethostbyname(socket.gethostname()), '127.0.0.1')
        self.assertEqual(socket.gethostbyname('localhost'), '127.0.0.1')
        self.assertEqual(socket.gethostbyname('10.1.2.3'), '10.1.2.3')
        self.assertEqual(socket.gethostbyaddr('127.0.0.1')[0], 'codehook')
        self.assertEqual(socket.getfqdn('a.example'), 'a.example')

    def test_addresses_are_not_told(self):
        with self.assertRaisesRegexp(socket.gaierror, 'use the name itself'):
            socket.gethostbyname('a.example')
        self.assertRaises(socket.herror, socket.gethostbyaddr, '10.1.2.3')

    def test_services(self):
        self.assertEqual((socket.getservbyname('https'), socket.getservbyname('http', 'tcp')), (443, 80))
        self.assertEqual((socket.getservbyport(443), socket.getprotobyname('tcp')), ('https', 6))
        self.assertRaises(socket.error, socket.getservbyname, 'nothing')
        self.assertEqual(socket.getnameinfo(('a.example', 80), 0), ('a.example', 'http'))

    def test_numbers(self):
        self.assertEqual((socket.htons(0x1234), socket.ntohl(0x12345678)), (0x3412, 0x78563412))
        self.assertEqual(socket.inet_ntoa(socket.inet_aton('10.1.2.3')), '10.1.2.3')
        for text, packed in (('127.1', '\x7f\0\0\1'), ('0x7f.1', '\x7f\0\0\1'), ('1', '\0\0\0\1'), ('010.0.0.1', '\x08\0\0\1')):
            self.assertEqual(socket.inet_aton(text), packed)
        for text in ('', '256.1.1.1', '1.2.3.4.5', 'a.example', '1..2', '1.2.3.256', '-1.2.3.4'):
            self.assertRaises(socket.error, socket.inet_aton, text)
        for text, normal in (('::', '::'), ('::1', '::1'), ('fe80::1:0:0:2', 'fe80::1:0:0:2'), ('1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'),
                             ('2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'), ('::ffff:1.2.3.4', '::ffff:1.2.3.4'),
                             ('1:2:3:4:5:6:1.2.3.4', '1:2:3:4:5:6:102:304'), ('1::', '1::')):
            self.assertEqual(socket.inet_ntop(socket.AF_INET6, socket.inet_pton(socket.AF_INET6, text)), normal)
        for text in ('', ':', ':::', '1:2', '1:2:3:4:5:6:7:8:9', '1::2::3', '12345::', 'g::', '1.2.3.4', '1.2.3.4::'):
            self.assertRaises(socket.error, socket.inet_pton, socket.AF_INET6, text)
        for text in ('1.2.3', '1.2.3.4.', '01.2.3.4', '256.1.1.1'):
            self.assertRaises(socket.error, socket.inet_pton, socket.AF_INET, text)

    def test_errors_and_timeouts(self):
        for kind in (socket.gaierror, socket.herror, socket.timeout, ssl.SSLError):
            self.assertTrue(issubclass(kind, socket.error) and issubclass(kind, IOError))
        self.assertEqual(socket.sslerror, ssl.SSLError)
        socket.setdefaulttimeout(5)
        self.assertEqual(socket.socket().gettimeout(), 5.0)
        socket.setdefaulttimeout(None)
        sock = socket.socket()
        sock.setblocking(0)
        self.assertEqual(sock.gettimeout(), 0.0)
        self.assertRaises(ValueError, sock.settimeout, -1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.assertEqual(sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), 1)
        self.assertEqual(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR), 0)
        self.assertIsInstance(sock, socket.SocketType)


class Tls(unittest.TestCase):
    host, port = host_and_port(SECURE)

    def request(self, sock):
        sock.write('GET /hello HTTP/1.0\r\nHost: %s:%d\r\n\r\n' % (self.host, self.port))
        answer = ''
        while True:
            piece = sock.read()
            if not piece:
                return answer
            answer += piece

    def test_ways_to_wrap(self):
        address = (self.host, self.port)
        first = ssl.wrap_socket(socket.create_connection(address), cert_reqs=ssl.CERT_NONE)
        second = ssl.wrap_socket(socket.socket())
        second.connect(address)
        third = ssl.create_default_context().wrap_socket(socket.create_connection(address), server_hostname=self.host)
        for sock in (first, second, third):
            self.assertIsInstance(sock, socket.socket)
            self.assertTrue(self.request(sock).endswith('hello'))

    def test_certificate(self):
        sock = ssl.wrap_socket(socket.create_connection((self.host, self.port)))
        certificate = sock.getpeercert()
        self.assertEqual(certificate, {'subject': ((('commonName', self.host),),), 'subjectAltName': (('DNS', self.host),)})
        ssl.match_hostname(certificate, self.host)
        self.assertRaises(ssl.CertificateError, ssl.match_hostname, certificate, 'other.example')
        self.assertRaises(ssl.SSLError, sock.getpeercert, True)

    def test_another_name_is_refused(self):
        with self.assertRaises(ssl.CertificateError):
            ssl.create_default_context().wrap_socket(socket.create_connection((self.host, self.port)), server_hostname='other.example')

    def test_contexts(self):
        context = ssl.create_default_context()
        self.assertEqual((context.verify_mode, context.check_hostname), (ssl.CERT_REQUIRED, True))
        with self.assertRaises(ValueError):
            context.verify_mode = ssl.CERT_NONE
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        context.options |= ssl.OP_NO_SSLv3
        context.set_ciphers('HIGH')
        self.assertEqual(ssl._create_unverified_context().verify_mode, ssl.CERT_NONE)
        self.assertRaises(IOError, context.load_verify_locations, '/no/such/file')
        with self.assertRaisesRegexp(ssl.SSLError, 'client certificates'):
            context.load_cert_chain('a.pem')
        self.assertRaises(ssl.SSLError, ssl.get_server_certificate, (self.host, self.port))
        self.assertRaises(ssl.SSLError, ssl.wrap_socket, socket.socket(), server_side=True)

    def test_starttls_is_refused(self):
        sock = socket.create_connection(host_and_port(BASE))
        sock.sendall('GET /hello HTTP/1.0\r\n\r\n')
        self.assertRaises(socket.error, ssl.wrap_socket, sock)

    def test_failed_verification(self):
        sock = ssl.wrap_socket(socket.create_connection(('127.0.0.1', self.port)))
        with self.assertRaises(ssl.SSLError) as caught:
            sock.sendall('GET /hello HTTP/1.0\r\n\r\n')
        self.assertEqual(caught.exception.errno, ssl.SSL_ERROR_SSL)
        self.assertIn('has no effect', str(caught.exception))

    def test_wildcards(self):
        def matches(pattern, host):
            try:
                ssl.match_hostname({'subjectAltName': (('DNS', pattern),)}, host)
            except ssl.CertificateError:
                return False
            return True
        self.assertTrue(matches('*.a.example', 'B.a.example'))
        self.assertTrue(matches('b*r.a.example', 'BAR.a.example'))
        for pattern, host in (('*.a.example', 'a.example'), ('*.a.example', 'c.b.a.example'), ('xn--*.example', 'xn--a.example'),
                              ('a.example', 'a.example.'), ('*.*.example', 'b.a.example')):
            self.assertFalse(matches(pattern, host), (pattern, host))

    def test_forms(self):
        pem = ssl.DER_cert_to_PEM_cert('some bytes' * 20)
        self.assertEqual(ssl.PEM_cert_to_DER_cert(pem), 'some bytes' * 20)
        self.assertEqual(ssl.cert_time_to_seconds('Jan  5 09:34:43 2018 GMT'), 1515144883)
        self.assertRaises(ValueError, ssl.cert_time_to_seconds, '2018-01-05')
        self.assertEqual(ssl.get_protocol_name(ssl.PROTOCOL_TLS), 'PROTOCOL_TLS')


unittest.main(argv=sys.argv[:1])
