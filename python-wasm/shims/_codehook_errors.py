"""Exceptions of `socket` and `ssl`, which the modules below both of them raise."""

SSL_ERROR_SSL = 1


class error(IOError):
    __module__ = 'socket'


class herror(error):
    __module__ = 'socket'


class gaierror(error):
    __module__ = 'socket'


class timeout(error):
    __module__ = 'socket'


class SSLError(error):
    """An error occurred in the TLS implementation, which is the host's."""
    __module__ = 'ssl'
    library = 'SSL'
    reason = None

    def __str__(self):
        return str(self.strerror if self.strerror is not None else self.args)


class SSLZeroReturnError(SSLError):
    """The TLS session was closed cleanly."""
    __module__ = 'ssl'


class SSLWantReadError(SSLError):
    """A non-blocking read could not be completed: never raised here."""
    __module__ = 'ssl'


class SSLWantWriteError(SSLError):
    """A non-blocking write could not be completed: never raised here."""
    __module__ = 'ssl'


class SSLSyscallError(SSLError):
    """A system call failed under the TLS session: never raised here."""
    __module__ = 'ssl'


class SSLEOFError(SSLError):
    """The TLS connection ended abruptly."""
    __module__ = 'ssl'
