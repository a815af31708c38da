"""Threads that run to their end when they are started; waits that cannot end are errors, and none hangs."""
import logging
import Queue
import StringIO
import sys
import thread
import threading
import time
import unittest

NEVER = 'this wait would never end'


class Errors(object):
    """Catches what a thread prints."""

    def __enter__(self):
        self.before, sys.stderr = sys.stderr, StringIO.StringIO()
        return sys.stderr

    def __exit__(self, *exc_info):
        sys.stderr = self.before


class Primitives(unittest.TestCase):
    def test_lock(self):
        lock = thread.allocate_lock()
        self.assertIs(lock.acquire(), True)
        self.assertTrue(lock.locked())
        self.assertIs(lock.acquire(0), False)
        self.assertRaisesRegexp(thread.error, NEVER, lock.acquire)
        lock.release()
        self.assertRaises(thread.error, lock.release)
        with lock:
            self.assertTrue(lock.locked())
        self.assertFalse(lock.locked())
        self.assertIsInstance(lock, thread.LockType)

    def test_copies_of_locks_are_refused(self):
        import copy
        import pickle
        self.assertRaises(TypeError, copy.deepcopy, thread.allocate_lock())
        self.assertRaises(TypeError, pickle.dumps, thread.allocate_lock(), 2)

    def test_start(self):
        seen = []
        main = thread.get_ident()
        thread.start_new_thread(lambda *args, **kwargs: seen.append((args, kwargs, thread.get_ident() != main)), (1, 2), {'a': 3})
        self.assertEqual(seen, [((1, 2), {'a': 3}, True)])
        self.assertEqual(thread.get_ident(), main)

    def test_exceptions_stay_in_the_thread(self):
        with Errors() as errors:
            thread.start_new_thread(lambda: 1 / 0, ())
        self.assertIn('Unhandled exception in thread started by', errors.getvalue())
        self.assertIn('ZeroDivisionError', errors.getvalue())
        with Errors() as errors:
            thread.start_new_thread(thread.exit, ())
        self.assertEqual(errors.getvalue(), '')

    def test_interrupt_main(self):
        self.assertRaises(KeyboardInterrupt, thread.start_new_thread, thread.interrupt_main, ())

    def test_arguments(self):
        self.assertRaises(TypeError, thread.start_new_thread, 1, ())
        self.assertRaises(TypeError, thread.start_new_thread, len, [])
        self.assertEqual((thread.stack_size(), thread.stack_size(65536), thread.stack_size(0)), (0, 0, 65536))
        self.assertEqual(thread._count(), 0)

    def test_depth(self):
        deepest = []

        def descend(level):
            deepest.append(level)
            inner = threading.Thread(target=descend, args=(level + 1,))
            inner.start()
            inner.join()

        with Errors() as errors:
            descend(1)
        self.assertGreater(len(deepest), 20)
        self.assertIn("can't start new thread", errors.getvalue())
        self.assertNotIn('recursion', errors.getvalue())


class Threading(unittest.TestCase):
    def test_start_and_join(self):
        results = []
        threads = [threading.Thread(target=results.append, args=(n,)) for n in range(5)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
            self.assertFalse(each.is_alive())
        self.assertEqual(results, range(5))
        self.assertEqual(threading.enumerate(), [threading.current_thread()])
        self.assertEqual(threading.current_thread().name, 'MainThread')

    def test_identity_and_local(self):
        local = threading.local()
        local.value = 'main'
        seen = []

        def look():
            seen.append((threading.current_thread().name, hasattr(local, 'value'), threading.active_count()))
            local.value = 'other'

        worker = threading.Thread(target=look, name='worker')
        worker.start()
        self.assertEqual((seen, local.value), ([('worker', False, 2)], 'main'))

    def test_exception(self):
        with Errors() as errors:
            worker = threading.Thread(target=lambda: 1 / 0)
            worker.start()
            worker.join()
        self.assertIn('ZeroDivisionError', errors.getvalue())

    def test_rlock(self):
        lock = threading.RLock()
        with lock:
            with lock:
                with Errors() as errors:
                    threading.Thread(target=lock.acquire).start()
                self.assertIn(NEVER, errors.getvalue())
        self.assertRaises(RuntimeError, lock.release)

    def test_event(self):
        event = threading.Event()
        before = time.time()
        self.assertFalse(event.wait(0.2))
        self.assertGreaterEqual(time.time() - before, 0.19)
        self.assertRaisesRegexp(thread.error, NEVER, event.wait)
        threading.Thread(target=event.set).start()
        self.assertTrue(event.wait())

    def test_condition(self):
        condition = threading.Condition()
        with condition:
            condition.wait(0.05)
            self.assertRaisesRegexp(thread.error, NEVER, condition.wait)
            condition.notify_all()

    def test_semaphore(self):
        semaphore = threading.BoundedSemaphore(1)
        with semaphore:
            self.assertFalse(semaphore.acquire(False))
            self.assertRaisesRegexp(thread.error, NEVER, semaphore.acquire)
        self.assertRaises(ValueError, semaphore.release)

    def test_timer(self):
        seen, before = [], time.time()
        timer = threading.Timer(0.2, seen.append, ['done'])
        timer.start()
        timer.join()
        self.assertEqual(seen, ['done'])
        self.assertGreaterEqual(time.time() - before, 0.19)

    def test_queue_filled_before(self):
        queue, results = Queue.Queue(), []

        def work():
            while True:
                item = queue.get()
                if item is None:
                    return
                results.append(item * 2)
                queue.task_done()

        for item in [1, 2, 3, None]:
            queue.put(item)
        worker = threading.Thread(target=work)
        worker.start()
        worker.join()
        self.assertEqual(results, [2, 4, 6])
        queue.task_done()
        queue.join()

    def test_queue_waits(self):
        queue = Queue.Queue(1)
        self.assertRaises(Queue.Empty, queue.get, True, 0.05)
        self.assertRaisesRegexp(thread.error, NEVER, queue.get)
        queue.put(1)
        self.assertRaises(Queue.Full, queue.put, 2, True, 0.05)
        self.assertRaisesRegexp(thread.error, NEVER, queue.put, 2)
        self.assertRaisesRegexp(thread.error, NEVER, queue.join)
        self.assertEqual(queue.get(), 1)

    def test_idle_consumer_ends_and_its_work_is_done(self):
        queue, results = Queue.Queue(), []

        def work():
            while True:
                results.append(queue.get())
                queue.task_done()

        for item in range(3):
            queue.put(item)
        worker = threading.Thread(target=work)
        worker.daemon = True
        with Errors() as errors:
            worker.start()
        self.assertIn(NEVER, errors.getvalue())
        queue.join()
        self.assertEqual(results, [0, 1, 2])

    def test_logging(self):
        stream = StringIO.StringIO()
        logger = logging.getLogger('test')
        logger.addHandler(logging.StreamHandler(stream))
        threading.Thread(target=logger.error, args=('from %s', 'a thread')).start()
        self.assertEqual(stream.getvalue(), 'from a thread\n')

    def test_dummies(self):
        import dummy_thread
        import dummy_threading
        import mutex
        import sched
        self.assertTrue(dummy_thread.allocate_lock().acquire())
        seen = []
        scheduler = sched.scheduler(time.time, time.sleep)
        scheduler.enter(0.01, 1, seen.append, (1,))
        scheduler.run()
        self.assertEqual(seen, [1])


unittest.main(argv=sys.argv[:1])
