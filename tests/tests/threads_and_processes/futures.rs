//! The `futures` package as it is: its executor is the one that s3transfer and many scripts use.

use crate::prints;

#[test]
fn a_thread_pool_executor_works_with_idle_workers_and_nested_pools() {
    prints(
        r"
from concurrent import futures
import threading, time
with futures.ThreadPoolExecutor(3) as executor:
    print list(executor.map(lambda x: x * x, range(10)))
    waiting = [executor.submit(time.sleep, 0.01 * n) for n in range(5)]
    print len(list(futures.as_completed(waiting)))
    submitted = [executor.submit(pow, 2, n) for n in range(5)]
    done, not_done = futures.wait(submitted)
    print len(done), len(not_done), [each.result() for each in submitted]
    failed = executor.submit(lambda: 1 / 0)
    try: failed.result()
    except ZeroDivisionError as error: print error, type(failed.exception()).__name__
    gate = threading.Event()
    blocked = [executor.submit(gate.wait) for n in range(3)]
    cancelled = executor.submit(int)
    print cancelled.cancel(), cancelled.cancelled()
    gate.set()
    print [each.result(10) for each in blocked]
    called, future = [], executor.submit(int)
    future.add_done_callback(lambda future: called.append(future.result()))
    future.result()
    print called
    try: executor.submit(time.sleep, 0.5).result(timeout=0.05)
    except futures.TimeoutError: print 'timeout'
    def nested():
        with futures.ThreadPoolExecutor(2) as inner: return sum(inner.map(abs, [-1, -2]))
    print executor.submit(nested).result()
def late():
    time.sleep(0.05)
    print 'late'
futures.ThreadPoolExecutor(1).submit(late)
print 'end'
",
        "[0, 1, 4, 9, 16, 25, 36, 49, 64, 81]\n5\n5 0 [1, 2, 4, 8, 16]\ninteger division or modulo by zero ZeroDivisionError\n\
         True True\n[True, True, True]\n[0]\ntimeout\n3\nend\nlate\n",
    );
}

#[test]
fn a_process_pool_executor_says_what_to_use_instead() {
    prints(
        r"
from concurrent import futures
try: futures.ProcessPoolExecutor(2).submit(abs, 1)
except OSError as error: print 'concurrent.futures.ThreadPoolExecutor' in str(error)
",
        "True\n",
    );
}
