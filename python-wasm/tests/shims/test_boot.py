"""What the interpreter is like when a script starts. Outside of the sandbox the test boots it and restores it twice."""
import sys

# What runs the test in the sandbox puts this in front. There the interpreter has been restored already, as for every
# script.
IN_SANDBOX = 'BASE_URL' in globals()
MAIN = sorted(vars(sys.modules['__main__']))

import random
import time
import unittest

boot = None if IN_SANDBOX else __import__('_codehook_boot')


class Boot(unittest.TestCase):
    def test_nothing_odd_is_seen(self):
        if boot is not None:
            boot.restore()
        else:
            own = ['BASE_URL', 'IN_SANDBOX', 'TLS_URL']
            self.assertEqual(MAIN, own + ['__builtins__', '__doc__', '__file__', '__name__', '__package__', 'sys'])
        self.assertEqual([name for name in ('_codehook_boot', '_codehook_missing', '_codehook_packages') if name in sys.modules], [])
        import linecache
        import tempfile
        import urllib
        import urllib2
        import uuid
        self.assertEqual((urllib2._opener, urllib._urlopener, tempfile.tempdir, tempfile._name_sequence), (None,) * 4)
        self.assertEqual((uuid._node, uuid._last_timestamp), (None, None))
        self.assertEqual([name for name, module in sys.modules.items() if hasattr(module, '__warningregistry__')], [])

    @unittest.skipIf(IN_SANDBOX, 'restored by the interpreter itself')
    def test_two_runs_differ(self):
        import imp
        import logging
        import tempfile
        import mimetools
        seen = set()
        for _ in range(3):
            boot.settle()
            random.seed(1)
            before = time.time()
            boot.restore()
            seen.add((random.random(), random.gauss(0, 1)))
            seen.add(next(tempfile._get_candidate_names()))
            self.assertGreaterEqual(logging._startTime, before)
        self.assertEqual(len(seen), 6)
        # Nothing is left of the module but what restore() holds on to.
        self.assertNotIn('_codehook_boot', sys.modules)
        self.assertRaisesRegexp(ImportError, 'terminal', __import__, 'curses')

    @unittest.skipIf(IN_SANDBOX, 'restored by the interpreter itself')
    def test_restoring_is_cheap(self):
        before = time.time()
        for _ in range(100):
            boot.restore()
        self.assertLess((time.time() - before) / 100, 0.001)


unittest.main(argv=sys.argv[:1])
