"""What is not HTTP ends at once, with a text that says what to do."""
import errno
import ftplib
import imaplib
import os
import poplib
import smtplib
import socket
import subprocess
import sys
import telnetlib
import unittest

# Put in front of the test by what runs it in the sandbox, or given as arguments.
BASE = globals().get('BASE_URL') or sys.argv[1]
SECURE = globals().get('TLS_URL') or sys.argv[2]


def host_and_port(url):
    host, _, port = url.partition('://')[2].partition(':')
    return host, int(port)


HOST, PORT = host_and_port(BASE)
ONLY_HTTP = 'a hook reaches other systems by HTTP only'


class Protocols(unittest.TestCase):
    def assertRefused(self, kind, function, *args):
        with self.assertRaises(kind) as caught:
            function(*args)
        self.assertIn(ONLY_HTTP, str(caught.exception))

    def test_server_speaks_first(self):
        self.assertRefused(smtplib.SMTPException, smtplib.SMTP, HOST, PORT)
        self.assertRefused(Exception, smtplib.SMTP_SSL, HOST, PORT)
        self.assertRefused(socket.error, ftplib.FTP, HOST)
        self.assertRefused(socket.error, poplib.POP3, HOST)
        self.assertRefused(socket.error, imaplib.IMAP4, HOST)

    def test_telnet(self):
        client = telnetlib.Telnet(HOST, PORT)
        self.assertRefused(socket.error, client.read_all)
        client = telnetlib.Telnet(HOST, PORT)
        self.assertRefused(socket.error, client.read_until, 'login:')
        self.assertRefused(socket.error, client.read_until, 'login:', 60)

    def test_other_bytes(self):
        for data in ('EHLO me\r\n', '*1\r\n$4\r\nPING\r\n', '\x16\x03\x01\x02\0\1', '\0\0\0\x08\x04\xd2\x16/', 'GET /\r\n',
                     'USER anonymous\r\n', '{"json": 1}\n', '\xff\xfb\x01', 'PRI * HTTP/2.0\r\n\r\n'):
            sock = socket.create_connection((HOST, PORT))
            with self.assertRaises(socket.error) as caught:
                sock.sendall(data)
                sock.recv(1)
            self.assertEqual(caught.exception.errno, errno.EPROTONOSUPPORT, data)
            self.assertIn(ONLY_HTTP, str(caught.exception))
            # And stays refused.
            self.assertRaises(socket.error, sock.send, 'GET / HTTP/1.0\r\n\r\n')

    def test_kinds_of_sockets(self):
        for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
            self.assertRefused(socket.error, socket.socket, socket.AF_INET, kind)
        self.assertRefused(socket.error, socket.socket, 1)
        sock = socket.socket()
        for function, args in ((sock.bind, ('', 0)), (sock.listen, 1)):
            self.assertRefused(socket.error, function, args)
        self.assertRefused(socket.error, sock.accept)
        self.assertRefused(socket.error, socket.socketpair)
        self.assertRefused(socket.error, socket.fromfd, 0, socket.AF_INET, socket.SOCK_STREAM)

    def test_states(self):
        sock = socket.socket()
        for function in (lambda: sock.send('x'), lambda: sock.recv(1), sock.getpeername, lambda: sock.shutdown(2)):
            with self.assertRaises(socket.error) as caught:
                function()
            self.assertEqual(caught.exception.errno, errno.ENOTCONN)
        sock.connect((HOST, PORT))
        self.assertEqual(sock.getpeername(), (HOST, PORT))
        self.assertRaises(socket.error, sock.connect, (HOST, PORT))
        sock.close()
        self.assertRaises(socket.error, sock.recv, 1)
        self.assertRaises(TypeError, socket.socket().connect, HOST)
        self.assertRaises(OverflowError, socket.socket().connect, (HOST, 70000))

    def test_hosts_that_would_change_the_url(self):
        for host in ('good.example/@127.0.0.1', 'a b', 'a@b', 'a:80', 'a?b', 'a#b', 'a\r\nb', '', '[::1]'):
            self.assertRaises(socket.gaierror, socket.create_connection, (host, 80))

    def test_no_file_number(self):
        import io
        self.assertRaises(io.UnsupportedOperation, socket.socket().fileno)
        self.assertRaises(socket.error, socket.socket().fileno)

    def test_asyncore(self):
        import asyncore
        self.assertRaises(socket.error, asyncore.dispatcher().create_socket, socket.AF_INET, socket.SOCK_DGRAM)


class Processes(unittest.TestCase):
    def test_subprocess(self):
        for function in (subprocess.call, subprocess.check_call, subprocess.check_output, subprocess.Popen):
            for args, options in ((['ls', '-l'], {}), ('ls', {'shell': True})):
                with self.assertRaises(OSError) as caught:
                    function(args, **options)
                self.assertEqual(caught.exception.errno, errno.ENOSYS)
        with self.assertRaises(OSError):
            subprocess.Popen(['ls'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, close_fds=True)
        self.assertEqual(subprocess.CalledProcessError(1, 'ls').returncode, 1)
        self.assertEqual(subprocess.list2cmdline(['a b', 'c']), '"a b" c')

    def test_os(self):
        for function, args in ((os.system, ('ls',)), (os.popen, ('ls',)), (os.fork, ()), (os.execv, ('/bin/ls', ['ls'])),
                               (os.kill, (1, 9))):
            self.assertRaises(OSError, function, *args)


unittest.main(argv=sys.argv[:1])
