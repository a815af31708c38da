"""fcntl, pwd, grp, select, and the reasons for modules that are missing."""
import errno
import fcntl
import getpass
import grp
import os
import pwd
import select
import sys
import tempfile
import unittest


class System(unittest.TestCase):
    def test_fcntl(self):
        with tempfile.TemporaryFile() as stream:
            flags = fcntl.fcntl(stream, fcntl.F_GETFD)
            fcntl.fcntl(stream, fcntl.F_SETFD, flags | fcntl.FD_CLOEXEC)
            fcntl.fcntl(stream.fileno(), fcntl.F_SETFL, fcntl.fcntl(stream, fcntl.F_GETFL))
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fcntl.lockf(stream, fcntl.LOCK_UN)
            with self.assertRaises(IOError) as caught:
                fcntl.ioctl(stream, 0x5413, 'x')
            self.assertEqual(caught.exception.errno, errno.ENOTTY)
        self.assertRaises(IOError, fcntl.flock, 999, fcntl.LOCK_EX)

    def test_users(self):
        self.assertEqual(pwd.getpwuid(1000), ('codehook', 'x', 1000, 1000, 'codehook', '/tmp', '/bin/false'))
        self.assertEqual(pwd.getpwnam('codehook').pw_dir, '/tmp')
        self.assertEqual((grp.getgrgid(1000).gr_name, grp.getgrnam('codehook')[2]), ('codehook', 1000))
        for function, key in ((pwd.getpwuid, 7), (pwd.getpwnam, 'lp'), (grp.getgrgid, 7), (grp.getgrnam, 'lp')):
            self.assertRaises(KeyError, function, key)
        self.assertEqual(os.path.expanduser('~codehook/x'), '/tmp/x')

    def test_select(self):
        self.assertFalse(hasattr(select, 'poll') or hasattr(select, 'epoll'))
        self.assertRaisesRegexp(AttributeError, 'in a hook', lambda: select.poll)
        with tempfile.TemporaryFile() as stream:
            self.assertEqual(select.select([stream], [stream.fileno()], [stream], 0), ([stream], [stream.fileno()], []))
            number = stream.fileno()
        self.assertEqual(select.select([], [], [], 0.001), ([], [], []))
        for wrong in ((1, 2, 3), ([object()], [], []), ([], [], [], 'soon')):
            self.assertRaises(TypeError, select.select, *wrong)
        self.assertRaises(ValueError, select.select, [-1], [], [])
        for number_of_error, arguments in ((errno.EBADF, ([number], [], [])), (errno.EINVAL, ([], [], [], -1)),
                                           (errno.EDEADLK, ([], [], []))):
            with self.assertRaises(select.error) as caught:
                select.select(*arguments)
            self.assertEqual(caught.exception.args[0], number_of_error)

    def test_reasons(self):
        for name, word in (('ctypes', 'machine code'), ('curses', 'terminal'),
                           ('readline', 'terminal'), ('Tkinter', 'display'), ('dbm', 'database'),
                           ('multiprocessing.sharedctypes', 'machine code')):
            with self.assertRaises(ImportError) as caught:
                __import__(name)
            self.assertIn('No module named', str(caught.exception))
            self.assertIn(word, str(caught.exception))
        self.assertNotIn('curses', sys.modules)

    def test_importable(self):
        for name in ('asyncore asynchat telnetlib SocketServer BaseHTTPServer SimpleXMLRPCServer nntplib ftplib smtplib '
                     'subprocess popen2 commands uuid mailbox getpass pty webbrowser wsgiref.simple_server cookielib '
                     'logging.config tarfile anydbm shelve Queue sched cgi pydoc pdb platform').split():
            __import__(name)

    def test_uuid_without_a_network_card(self):
        import uuid
        self.assertEqual(len(set(uuid.uuid1() for _ in range(10)) | set(uuid.uuid4() for _ in range(10))), 20)
        self.assertEqual(uuid.getnode(), uuid.getnode())


unittest.main(argv=sys.argv[:1])
