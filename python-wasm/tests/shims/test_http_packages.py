"""requests, urllib3 and httplib2, unchanged, over the sockets' shim. All three come with the interpreter's packages."""
import io
import sys
import unittest

import httplib2
import requests
import urllib3

# Put in front of the test by what runs it in the sandbox, or given as arguments.
BASE = globals().get('BASE_URL') or sys.argv[1]
SECURE = globals().get('TLS_URL') or sys.argv[2]


def host_and_port(url):
    host, _, port = url.partition('://')[2].partition(':')
    return host, int(port)


class Requests(unittest.TestCase):
    def test_get_and_post(self):
        for base in (BASE, SECURE):
            answer = requests.get(base + '/hello', params={'a': 'b c'})
            self.assertEqual((answer.status_code, answer.text), (200, 'hello'))
            seen = requests.post(base + '/echo', json={'a': 1}, auth=('user', 'word')).json()
            self.assertEqual(seen['headers']['Content-Type'], 'application/json')
            self.assertTrue(seen['headers']['Authorization'].startswith('Basic '))

    def test_session(self):
        with requests.Session() as session:
            for path, expected in (('/redirect/2', 'hello'), ('/chunked/2', 'piece 0;piece 1;'), ('/cookies', ''),
                                   ('/cookies', 'seen=yes'), ('/gzip', 'unpacked'), ('/closing', 'until the end'), ('/empty', '')):
                self.assertEqual(session.get(SECURE + path).text, expected)
            self.assertEqual(session.head(SECURE + '/hello').headers['Content-Length'], '5')
            self.assertEqual(session.get(SECURE + '/status/404').status_code, 404)

    def test_chunked_and_multipart_upload(self):
        seen = requests.post(BASE + '/echo', data=('x' * 1000 for _ in range(100))).json()
        self.assertEqual((seen['length'], seen['headers']['Transfer-Encoding']), (100000, 'chunked'))
        seen = requests.post(BASE + '/echo', data=io.BytesIO('y' * 100000)).json()
        self.assertEqual(seen['headers']['Content-Length'], '100000')
        seen = requests.post(BASE + '/echo', files={'file': ('a.pdf', '%PDF-1.4', 'application/pdf')}, data={'k': 'v'}).json()
        self.assertTrue(seen['headers']['Content-Type'].startswith('multipart/form-data; boundary='))

    def test_streamed_download(self):
        answer = requests.get(SECURE + '/bytes/5000000', stream=True)
        self.assertEqual(sum(len(piece) for piece in answer.iter_content(8192)), 5000000)
        with requests.get(SECURE + '/bytes/5000000', stream=True) as answer:
            self.assertEqual(answer.raw.read(10), '0123456789')

    def test_timeouts(self):
        self.assertRaises(requests.exceptions.ReadTimeout, requests.get, BASE + '/slow/8', timeout=2)
        # The first is for connecting only. It is ample for a busy machine, and still shorter than the wait for the
        # answer.
        self.assertEqual(requests.get(BASE + '/slow/4', timeout=(2, 20)).text, 'late')

    def test_failures(self):
        for url in ('http://nowhere.invalid/', 'http://denied.example/', BASE.rpartition(':')[0] + ':1/'):
            self.assertRaises(requests.exceptions.ConnectionError, requests.get, url)
        with self.assertRaises(requests.exceptions.SSLError):
            requests.get(SECURE.replace('localhost', '127.0.0.1') + '/hello')

    def test_verify_false_changes_nothing(self):
        urllib3.disable_warnings()
        self.assertEqual(requests.get(SECURE + '/hello', verify=False).text, 'hello')
        with self.assertRaisesRegexp(requests.exceptions.SSLError, 'has no effect'):
            requests.get(SECURE.replace('localhost', '127.0.0.1') + '/hello', verify=False)

    def test_fingerprints_and_client_certificates_are_refused(self):
        pool = urllib3.HTTPSConnectionPool(*host_and_port(SECURE), assert_fingerprint='00' * 20, retries=False)
        self.assertRaises(urllib3.exceptions.SSLError, pool.request, 'GET', '/hello')
        with self.assertRaises(requests.exceptions.SSLError):
            requests.get(SECURE + '/hello', cert=__file__)

    def test_urllib3(self):
        pool = urllib3.PoolManager()
        for _ in range(3):
            self.assertEqual(pool.request('GET', SECURE + '/hello').data, 'hello')
        self.assertEqual(pool.connection_from_url(SECURE).num_connections, 1)
        with self.assertRaises(urllib3.exceptions.MaxRetryError):
            pool.request('GET', BASE + '/slow/5', timeout=0.2, retries=1)


class Httplib2(unittest.TestCase):
    def test_requests(self):
        client = httplib2.Http()
        for base in (BASE, SECURE):
            for method, path, status, body in (('GET', '/hello', 200, 'hello'), ('GET', '/redirect/1', 200, 'hello'),
                                               ('GET', '/chunked/2', 200, 'piece 0;piece 1;'), ('HEAD', '/hello', 200, ''),
                                               ('GET', '/gzip', 200, 'unpacked'), ('GET', '/status/404', 404, 'status 404')):
                answer, content = client.request(base + path, method)
                self.assertEqual((answer.status, content), (status, body))
            answer, content = client.request(base + '/echo', 'POST', body='x' * 50000)
            self.assertIn('50000', content)

    def test_failures(self):
        self.assertRaises(httplib2.ServerNotFoundError, httplib2.Http().request, 'http://nowhere.invalid/')
        import ssl
        self.assertRaises(ssl.SSLError, httplib2.Http(disable_ssl_certificate_validation=True).request,
                          SECURE.replace('localhost', '127.0.0.1') + '/hello')


unittest.main(argv=sys.argv[:1])
