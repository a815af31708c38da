"""Threads without threads: a new thread runs to its end at the moment it is started.

It owns the primitives that threading, Queue and logging are built on. The order of events is one that real threads
could have had as well, so code that starts threads and joins them works: it just takes turns.

It refuses to wait for what cannot happen. With only one thread running, a lock that is held stays held: an acquire()
that would wait for it raises thread.error at once and says what to do. So a consumer has to be started after its work
was put into the queue, and has to end by itself (a sentinel, get_nowait(), or a timeout).

Worth knowing:
  * threading.Timer sleeps in start(), then calls its function: cancel() comes too late. As a watchdog use timeouts.
  * A thread that loops for ever, daemon or not, is ended by the run's time limit, as such a loop in the script is.
  * threading.local comes from _threading_local: each thread has an identity of its own while it runs.
"""
import sys as _sys

# Each nested start takes a dozen frames of Python; the recursion limit of 1000 must not be hit half-way inside threading.
_MAX_DEPTH = 40
_MAIN_IDENT = 1

_running = [_MAIN_IDENT]
_last_ident = _MAIN_IDENT
_interrupted = False
_stack_size = 0


class error(Exception):
    __module__ = 'thread'


class lock(object):
    """A lock object: one thread at a time may hold it. Anybody may release it."""

    __module__ = 'thread'
    __slots__ = ('_held', '__weakref__')

    def __init__(self):
        self._held = False

    def acquire(self, wait=1):
        """acquire([wait]) -> bool

        False when the lock is held and wait is false; an error when it is held and wait is true."""
        if not self._held:
            self._held = True
            return True
        if not wait:
            return False
        raise error('this wait would never end: in a hook a thread runs to its end when it is started, so nothing runs '
                    'meanwhile that could release the lock, fill the queue or set the event. Put the work in place '
                    'before the thread starts, let the thread end by itself, or wait with a timeout')

    def release(self):
        """release(): frees the lock."""
        if not self._held:
            raise error('release unlocked lock')
        self._held = False

    def locked(self):
        """locked() -> bool"""
        return self._held

    acquire_lock = acquire
    release_lock = release
    locked_lock = locked
    __enter__ = acquire

    def __exit__(self, *exc_info):
        self.release()

    def __reduce_ex__(self, protocol):
        raise TypeError("can't pickle thread.lock objects")

    def __repr__(self):
        return '<thread.lock object at 0x%x>' % id(self)


LockType = lock


def allocate_lock():
    """allocate_lock() -> lock object"""
    return lock()


allocate = allocate_lock


def start_new_thread(function, args, kwargs=None):
    """start_new_thread(function, args[, kwargs]) -> identity

    Runs the function to its end, in an identity of its own. An exception is printed and goes no further."""
    global _last_ident, _interrupted
    if not callable(function):
        raise TypeError('first arg must be callable')
    if not isinstance(args, tuple):
        raise TypeError('2nd arg must be a tuple')
    if kwargs is None:
        kwargs = {}
    elif not isinstance(kwargs, dict):
        raise TypeError('optional 3rd arg must be a dictionary')
    if len(_running) > _MAX_DEPTH:
        raise error("can't start new thread: %d threads, each started by the one before, are still running" % _MAX_DEPTH)
    _last_ident += 1
    ident = _last_ident
    _running.append(ident)
    try:
        function(*args, **kwargs)
    except SystemExit:
        pass
    except MemoryError:
        # Out of memory is an outcome of the run, and another thread does not get its memory back by going on.
        raise
    except:
        _print_exception(function)
    finally:
        del _running[_running.index(ident):]
    if _interrupted and len(_running) == 1:
        _interrupted = False
        raise KeyboardInterrupt
    return ident


start_new = start_new_thread


def _print_exception(function):
    import traceback
    _sys.stderr.write('Unhandled exception in thread started by %r\n' % (function,))
    traceback.print_exc()


def exit():
    """exit(): ends the thread, by SystemExit."""
    raise SystemExit


exit_thread = exit


def get_ident():
    """get_ident() -> the identity of the thread that runs"""
    return _running[-1]


def interrupt_main():
    """interrupt_main(): raises KeyboardInterrupt in the main thread, once it is its turn."""
    global _interrupted
    if len(_running) == 1:
        raise KeyboardInterrupt
    _interrupted = True


def stack_size(size=0):
    """stack_size([size]) -> the size set before; without effect."""
    global _stack_size
    if size != 0 and size < 32768:
        raise ValueError('size not valid: %d bytes' % size)
    before, _stack_size = _stack_size, size or _stack_size
    return before


def _count():
    """_count() -> how many threads run besides the main thread"""
    return len(_running) - 1
