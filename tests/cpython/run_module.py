# Runs one module of CPython's own tests, Lib/test, and says what became of every case of it.
#
#     run_module.py MODULE [--needs] [--skip ID]...
#
# It is the same under the native interpreter and in the sandbox. Results are lines of their own on descriptor 1, whatever the tests
# do to sys.stdout: "\x1e", then fields separated by tabs, each as str.encode('string_escape') has it:
#
#     start  ID                          a case begins: if nothing follows, it took the interpreter with it
#     case   ID OUTCOME NEEDS TEXT       pass, fail or skip; NEEDS is words separated by commas; TEXT says why not
#     module OUTCOME NEEDS TEXT          the end: the module as a whole (its import and what it does beside cases)
#
# With --needs, each case is watched for what it asks of the system: thread, process, socket. What a module asks for before its cases, or a
# class in setUpClass, counts for all of them; what an import asks for does not.
import os
import sys

write = os.write
reasons = set()


def say(*fields):
    line = '\t'.join([field.encode('string_escape') for field in fields])
    data = '\n\x1e%s\n' % line
    while data:
        data = data[write(1, data):]


class Watched(object):
    """A function of the system that is noted when called. No Python function: those turn into methods in a class."""

    def __init__(self, function, need):
        self.function = function
        self.need = need
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__

    def __call__(self, *arguments, **named):
        if not importing():
            reasons.add(self.need)
        return self.function(*arguments, **named)


def importing():
    """Whether a module is being imported. Some try out what the system has, such as uuid with ldconfig, and go on without it."""
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_code.co_name == '<module>' and frame.f_globals.get('__name__') != '__main__':
            return True
        frame = frame.f_back
    return False


def watch(module, names, need):
    for name in names:
        if hasattr(module, name):
            setattr(module, name, Watched(getattr(module, name), need))


def watch_all():
    import posix
    import thread
    # Not wait: tests tidy up with it, whether they started a process or not.
    processes = ('fork', 'forkpty', 'openpty', 'system', 'popen', 'execv', 'execve')
    watch(posix, processes, 'process')
    watch(os, processes, 'process')
    watch(thread, ('start_new_thread', 'start_new'), 'thread')
    try:
        import _socket
    except ImportError:
        return
    plain = _socket.socket

    class socket(plain):
        __doc__ = plain.__doc__

        def __init__(self, *arguments, **named):
            reasons.add('socket')
            plain.__init__(self, *arguments, **named)

    _socket.socket = _socket.SocketType = socket
    names = ('getaddrinfo', 'getnameinfo', 'gethostbyname', 'gethostbyname_ex', 'gethostbyaddr', 'socketpair', 'fromfd',
             'getservbyname', 'getservbyport', 'getprotobyname')
    watch(_socket, names, 'socket')


if '--needs' in sys.argv:
    watch_all()

import traceback
import unittest
from unittest import suite as unittest_suite


class Cases(unittest.TestResult):
    """Says each result at once."""

    seen = {}
    # What the module did before its cases, and what the class did in setUpClass.
    outside = set()

    def __init__(self, skipped=()):
        unittest.TestResult.__init__(self)
        self.skipped_ids = skipped
        self.running = None
        self.verdict = None

    def name(self, test):
        """The case's id; the second and later runs of one are numbered."""
        name = test.id()
        count = self.seen[name] = self.seen.get(name, 0) + 1
        return name if count == 1 else '%s#%d' % (name, count)

    def startTest(self, test):
        unittest.TestResult.startTest(self, test)
        self.running = self.name(test)
        self.outside.update(reasons)
        reasons.clear()
        self.verdict = ('pass', '')
        say('start', self.running)

    def stopTest(self, test):
        outcome, text = self.verdict
        say('case', self.running, outcome, ','.join(sorted(reasons | self.outside)), text)
        reasons.clear()
        self.running = None
        unittest.TestResult.stopTest(self, test)

    def settle(self, test, outcome, text):
        if self.running is not None:
            # The first bad news counts: a failing tearDown does not hide a failing test.
            if self.verdict[0] == 'pass':
                self.verdict = (outcome, text)
        else:
            say('case', self.name(test), outcome, ','.join(sorted(reasons)), text)

    def addError(self, test, error):
        self.settle(test, 'fail', brief(error))

    def addFailure(self, test, error):
        self.settle(test, 'fail', brief(error))

    def addSkip(self, test, reason):
        self.settle(test, 'skip', str(reason))

    def addUnexpectedSuccess(self, test):
        self.settle(test, 'fail', 'a failure was expected')


def brief(error):
    try:
        return ''.join(traceback.format_exception(*error))[-1500:]
    except Exception:
        return 'an error that cannot be shown'


def without(tests, skipped):
    """The same suite less the cases that are to be left out."""
    kept = []
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            kept.append(without(test, skipped))
        elif test.id() not in skipped:
            kept.append(test)
    left = tests.__class__()
    left.addTests(kept)
    return left


def report_cases(skipped):
    """Makes test.test_support run its suites through Cases."""
    from test import test_support
    # It asks for sockets and processes to know what there is; that is no need of the tests'.
    reasons.clear()

    def run_suite(tests):
        if skipped:
            tests = without(tests, skipped)
        cases = Cases()
        tests(cases)

    def run_doctest(module, verbosity=None):
        import doctest
        tests = doctest.DocTestSuite(module)
        run_suite(tests)
        return 0, tests.countTestCases()

    test_support._run_suite = run_suite
    test_support.run_doctest = run_doctest
    test_support.verbose = 0
    test_support.use_resources = []
    return test_support


def note_classes():
    """What setUpClass and setUpModule do counts for the cases that follow in the class or the module."""
    original = unittest_suite.TestSuite._handleClassSetUp
    of_module = set()

    def set_up(self, test, result):
        if test.__class__ != getattr(result, '_previousTestClass', None):
            of_module.update(reasons)
            reasons.clear()
            original(self, test, result)
            Cases.outside.clear()
            Cases.outside.update(of_module | reasons)
            reasons.clear()
        else:
            original(self, test, result)

    unittest_suite.TestSuite._handleClassSetUp = set_up


def main():
    module = sys.argv[1]
    skipped = [sys.argv[i + 1] for i, word in enumerate(sys.argv) if word == '--skip']
    place = os.path.join(os.environ.get('TMPDIR', '/tmp'), 'work')
    os.mkdir(place)
    os.chdir(place)
    sys.argv[1:] = []
    # As test.regrtest has it: the tests' helpers are not beside the script.
    sys.path[0] = ''
    test_support = report_cases(set(skipped))
    note_classes()
    outcome, text = 'pass', ''
    try:
        package = __import__('test.' + module)
        test_main = getattr(getattr(package, module), 'test_main', None)
        if test_main is not None:
            test_main()
    except test_support.TestDidNotRun:
        pass
    except unittest.SkipTest as error:
        outcome, text = 'skip', str(error)
    except:
        outcome, text = 'fail', brief(sys.exc_info())
    say('module', outcome, ','.join(sorted(reasons | Cases.outside)), text)
    sys.stdout.flush()
    # Threads that a test left behind are of no interest.
    os._exit(0)


if __name__ == '__main__':
    main()
