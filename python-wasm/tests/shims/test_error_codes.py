"""The host's error codes and the names that `_codehook` gives them: each code is provoked under its name."""
import sys
import unittest

import _codehook

# Put in front of the test by what runs it in the sandbox, or given as arguments.
BASE = globals().get('BASE_URL') or sys.argv[1]
SECURE = globals().get('TLS_URL') or sys.argv[2]
NO_BODY = 0
MANY = 100


def get(url, headers='', timeout_ms=10000):
    """Sends a GET request and waits for the head of the response."""
    handle = _codehook.http_open('GET', url, headers, NO_BODY, 0, timeout_ms)
    try:
        _codehook.http_finish(handle)
    finally:
        _codehook.http_close(handle)


class ErrorCodes(unittest.TestCase):
    def provokes(self, name, function, *args, **kwargs):
        with self.assertRaises(_codehook.error) as caught:
            function(*args, **kwargs)
        code, text = caught.exception.args
        names = [known for known in dir(_codehook) if known.startswith('ERR_') and getattr(_codehook, known) == code]
        self.assertEqual(names, [name], text)

    def test_invalid(self):
        self.provokes('ERR_INVALID', get, BASE + '/hello', 'Host: other.example\r\n')

    def test_denied(self):
        self.provokes('ERR_DENIED', get, 'http://denied.example/')

    def test_name(self):
        self.provokes('ERR_NAME', get, 'http://nothing.invalid/')

    def test_refused(self):
        self.provokes('ERR_REFUSED', get, 'http://127.0.0.1:1/')

    def test_tls(self):
        # The certificate is for another name.
        self.provokes('ERR_TLS', get, SECURE.replace('localhost', '127.0.0.1') + '/hello')

    def test_timeout(self):
        self.provokes('ERR_TIMEOUT', get, BASE + '/slow/5', timeout_ms=100)

    def test_limit(self):
        handles = []

        def open_many():
            for _ in range(MANY):
                handles.append(_codehook.http_open('GET', BASE + '/hello', '', NO_BODY, 0, 10000))

        self.provokes('ERR_LIMIT', open_many)
        for handle in handles:
            _codehook.http_close(handle)

    def test_protocol(self):
        self.provokes('ERR_PROTOCOL', get, BASE + '/garbage')

    def test_handle(self):
        self.provokes('ERR_HANDLE', _codehook.http_read, 1000000, 1)

    def test_there_is_a_test_for_each(self):
        tested = ['ERR_' + name[len('test_'):].upper() for name in dir(self) if name.startswith('test_')]
        names = [name for name in dir(_codehook) if name.startswith('ERR_')]
        self.assertEqual(sorted(set(tested) & set(names)), sorted(names))
        self.assertEqual(len(names), 9)


unittest.main(argv=sys.argv[:1])
