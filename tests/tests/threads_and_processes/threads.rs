//! Threads have a pace of their own: they wait, are fed again, are told to stop, and see what others do.

use codehook_tests::stderr;

use crate::prints;

#[test]
fn workers_that_wait_are_fed_again_and_again_through_a_bounded_queue() {
    prints(
        r"
import Queue, threading
queue, done = Queue.Queue(3), []
def work(number):
    while True:
        done.append((queue.get(), number))
        queue.task_done()
for number in range(3):
    worker = threading.Thread(target=work, args=(number,))
    worker.daemon = True
    worker.start()
for start in (0, 20):
    for item in range(start, start + 20): queue.put(item)
    queue.join()
    print len(done)
print sorted(item for item, number in done) == range(40), threading.active_count()
",
        "20\n40\nTrue 4\n",
    );
}

#[test]
fn every_kind_of_queue_keeps_its_order_between_threads() {
    prints(
        r"
import Queue, threading
for kind in (Queue.Queue, Queue.LifoQueue, Queue.PriorityQueue):
    queue, done = kind(), []
    def work():
        for item in iter(queue.get, None): done.append(item)
    for item in (2, 3, 1): queue.put(item)
    worker = threading.Thread(target=work)
    worker.start()
    while len(done) < 3: pass
    queue.put(None)
    worker.join(10)
    print done, worker.is_alive()
",
        "[2, 3, 1] False\n[1, 3, 2] False\n[1, 2, 3] False\n",
    );
}

#[test]
fn a_sleep_is_over_in_time_beside_threads_whose_every_call_is_much_work() {
    // A whole turn is 8,000 and more of these calls.
    prints(
        r"
import hashlib, threading, time
data, hashed, flag = 'x' * 65536, [], []
def hash_until_told():
    while not flag: hashed.append(hashlib.sha1(data).digest()[0])
workers = [threading.Thread(target=hash_until_told) for _ in range(2)]
for worker in workers: worker.start()
for _ in range(10): time.sleep(0.001)
flag.append(1)
for worker in workers: worker.join()
print len(hashed) < 5000
del hashed[:], flag[:]
def sleep_and_tell():
    for _ in range(10): time.sleep(0.001)
    flag.append(1)
threading.Thread(target=sleep_and_tell).start()
hash_until_told()
print len(hashed) < 5000
",
        "True\nTrue\n",
    );
}

#[test]
fn a_busy_loop_sees_what_another_thread_sets_and_a_busy_thread_is_stopped() {
    prints(
        r"
import threading, time
flag, stop, turns = [], threading.Event(), []
def later():
    time.sleep(0.02)
    flag.append(1)
def busy():
    while not stop.is_set(): turns.append(1)
threading.Thread(target=later).start()
while not flag: pass
worker = threading.Thread(target=busy)
worker.start()
while len(turns) < 1000: pass
stop.set()
worker.join()
print 'stopped'
",
        "stopped\n",
    );
}

#[test]
fn a_worker_that_polls_with_a_timeout_stops_when_it_is_told_and_finishes_what_it_does() {
    prints(
        r"
import Queue, threading
queue, stop, done = Queue.Queue(), threading.Event(), []
def work():
    while not stop.is_set():
        try: item = queue.get(timeout=0.01)
        except Queue.Empty: continue
        done.append(item)
        queue.task_done()
    done.append('end')
worker = threading.Thread(target=work)
worker.start()
for item in range(3): queue.put(item)
queue.join()
stop.set()
worker.join()
print done
",
        "[0, 1, 2, 'end']\n",
    );
}

#[test]
fn a_timer_fires_in_time_and_can_be_cancelled_before() {
    prints(
        r"
import threading, time
fired, began = [], time.time()
watchdog = threading.Timer(15, fired.append, ['watchdog'])
watchdog.start()
timer = threading.Timer(0.1, fired.append, ['timer'])
timer.start()
print fired
timer.join()
watchdog.cancel()
watchdog.join()
print fired, 0.1 <= time.time() - began < 10
",
        "[]\n['timer'] True\n",
    );
}

#[test]
fn threads_wait_inside_whatever_lies_between_them_and_the_wait() {
    prints(
        r"
import contextlib, functools, Queue, threading
def decorated(function):
    @functools.wraps(function)
    def inner(*args, **kwargs): return function(*args, **kwargs)
    return inner
@decorated
def with_decorator(queue, key=None): return queue.get(), key
def with_partial(key, queue): return queue.get(), key
class Callable(object):
    def __call__(self, queue): return queue.get()
class Base(object):
    def take(self, queue): return queue.get()
class Derived(Base):
    def take(self, queue): return Base.take(self, queue)
def generated(queue):
    while True:
        item = queue.get()
        if item is None: return
        yield item
def with_generator(queue):
    queue.put(None)
    return [item for each in [generated(queue)] for item in each]
def with_loop(queue):
    seen = []
    for item in generated(queue):
        seen.append(item)
        queue.put(None)
    return seen
@contextlib.contextmanager
def context(queue):
    yield
    context.seen = queue.get()
class Exit(object):
    def __enter__(self): pass
    def __exit__(self, kind, value, trace):
        self.queue.get()
        return kind is KeyError
def with_exit(queue):
    exit = Exit()
    exit.queue = queue
    with exit: raise KeyError
    queue.put(1)
    with exit: pass
    queue.put(1)
    try:
        with exit: raise ValueError('out')
    except ValueError as error: return str(error)
def in_class(queue):
    class Local(object):
        def __init__(self): self.item = queue.get()
    return Local().item
def with_finally(queue):
    seen = []
    try:
        try: raise KeyError('first')
        finally: seen.append(queue.get())
    except KeyError as error: return seen, str(error)

cases = [with_decorator, functools.partial(with_partial, 'key'), Callable(), Derived().take, with_loop, with_exit, with_finally]
for case in cases:
    queue, results = Queue.Queue(), []
    def collect(): results.append(case(queue))
    worker = threading.Thread(target=collect)
    worker.start()
    queue.put('item')
    worker.join()
    print results[0]
queue, results = Queue.Queue(), []
queue.put('item')
for case in (in_class, with_generator):
    worker = threading.Thread(target=lambda: results.append(case(queue)))
    worker.start()
    worker.join()
    queue.put('again')
print results
",
        "('item', None)\n('item', 'key')\nitem\nitem\n['item']\nout\n(['item'], \"'first'\")\n['item', ['again']]\n",
    );
}

#[test]
fn identities_and_local_data_are_each_threads_own() {
    prints(
        r"
import sys, thread, threading, time
local, seen = threading.local(), []
local.value = 'main'
class Counted(threading.local):
    def __init__(self): self.count = 0
counted = Counted()
def look():
    me = threading.current_thread()
    fresh = not hasattr(local, 'value')
    local.value = me.name
    for turn in range(3):
        counted.count += 1
        time.sleep(0)
    seen.append((fresh, local.value == me.name, counted.count, thread.get_ident() == me.ident, me.ident in sys._current_frames()))
threads = [threading.Thread(target=look) for number in range(3)]
for each in threads: each.start()
print len(set(each.ident for each in threads)), threading.active_count()
for each in threads: each.join()
print set(seen) == set([(True, True, 3, True, True)]), local.value, counted.count
print threading.enumerate() == [threading.current_thread()], threading.current_thread().name, thread._count()
",
        "3 4\nTrue main 0\nTrue MainThread 0\n",
    );
}

#[test]
fn locks_conditions_and_semaphores_work_between_threads() {
    prints(
        r"
import threading, time
inside, most, total = [0], [0], [0]
semaphore, lock, reentrant = threading.BoundedSemaphore(2), threading.Lock(), threading.RLock()
def work():
    for turn in range(20):
        with semaphore:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0)
            inside[0] -= 1
        with lock:
            before = total[0]
            time.sleep(0)
            total[0] = before + 1
        with reentrant:
            with reentrant: time.sleep(0)
threads = [threading.Thread(target=work) for number in range(5)]
for each in threads: each.start()
for each in threads: each.join()
print most[0], total[0], inside[0]
condition, order = threading.Condition(), []
def wait(number):
    with condition:
        while number not in order: condition.wait()
        order.append(number + 1)
        condition.notify_all()
threads = [threading.Thread(target=wait, args=(number,)) for number in (3, 1, 2)]
for each in threads: each.start()
with condition:
    order.append(1)
    condition.notify_all()
for each in threads: each.join()
print order
event = threading.Event()
print event.wait(0.01)
threading.Timer(0.05, event.set).start()
print event.wait()
",
        "2 100 0\n[1, 2, 3, 4]\nFalse\nTrue\n",
    );
}

#[test]
fn an_exception_ends_its_thread_alone_and_is_printed_as_python_prints_it() {
    let report = prints(
        r"
import thread, threading, time
def fails(): {}['missing']
worker = threading.Thread(target=fails, name='Worker')
worker.start()
worker.join()
thread.start_new_thread(fails, ())
thread.start_new_thread(thread.exit, ())
time.sleep(0.01)
print 'on'
",
        "on\n",
    );
    let errors = stderr(&report);
    assert!(
        errors.contains("Exception in thread Worker:\nTraceback"),
        "{errors}"
    );
    assert!(
        errors.contains("Unhandled exception in thread started by <function fails at"),
        "{errors}"
    );
    assert_eq!(errors.matches("KeyError: 'missing'").count(), 2, "{errors}");
}

#[test]
fn an_exception_stays_with_the_thread_that_handles_it() {
    prints(
        r"
import sys, threading, time
seen = []
def handle(text):
    try: raise ValueError(text)
    except ValueError:
        time.sleep(0)
        seen.append(str(sys.exc_info()[1]) == text)
threads = [threading.Thread(target=handle, args=(str(number),)) for number in range(3)]
try: raise KeyError('main')
except KeyError:
    for each in threads: each.start()
    for each in threads: each.join()
    print seen, sys.exc_info()[1]
",
        "[True, True, True] 'main'\n",
    );
}

#[test]
fn nobody_sees_a_module_half_imported() {
    prints(
        r"
import sys, threading
sys.path.insert(0, '/tmp')
open('/tmp/slow_module.py', 'w').write('first = 1\nfor turn in xrange(300000): pass\nlast = 2\n')
seen = []
def use():
    import slow_module
    seen.append(slow_module.last)
threads = [threading.Thread(target=use) for number in range(3)]
for each in threads: each.start()
for each in threads: each.join()
print seen
",
        "[2, 2, 2]\n",
    );
}

#[test]
fn deep_recursion_in_many_threads_is_an_error_and_no_crash() {
    let report = prints(
        r"
import sys, threading
sys.setrecursionlimit(5000)
def deep(depth, at_the_end):
    if depth == 0: return at_the_end()
    return deep(depth - 1, at_the_end)
def endless(): return endless()
def nested(level):
    worker = threading.Thread(target=deep, args=(1200, lambda: sorted([1], key=lambda item: level and nested(level - 1))))
    worker.start()
    worker.join()
nested(8)
worker = threading.Thread(target=endless)
deep(3000, lambda: (worker.start(), worker.join()))
print 'alive'
",
        "alive\n",
    );
    assert!(
        stderr(&report).contains("RuntimeError: maximum recursion depth exceeded"),
        "{}",
        stderr(&report)
    );
}

#[test]
fn a_thousand_threads_wait_side_by_side() {
    prints(
        r"
import threading
gate, passed = threading.Event(), []
def wait():
    gate.wait()
    passed.append(1)
threads = [threading.Thread(target=wait) for number in range(1000)]
for each in threads: each.start()
print len(passed), threading.active_count()
gate.set()
for each in threads: each.join()
print len(passed)
",
        "0 1001\n1000\n",
    );
}

#[test]
fn at_the_end_threads_are_waited_for_and_daemons_are_not() {
    prints(
        r"
import atexit, threading, time
def slow():
    time.sleep(0.1)
    print 'thread'
def endless():
    while True: time.sleep(0.01)
def at_exit(): print 'atexit'
atexit.register(at_exit)
threading.Thread(target=slow).start()
daemon = threading.Thread(target=endless)
daemon.daemon = True
daemon.start()
print 'script'
",
        "script\nthread\natexit\n",
    );
}

#[test]
fn a_profiled_or_traced_script_may_use_threads() {
    prints(
        r"
import cProfile, Queue, sys, threading
queue, done = Queue.Queue(), []
def work():
    for item in iter(queue.get, None): done.append(item)
def main():
    worker = threading.Thread(target=work)
    worker.start()
    queue.put(1)
    queue.put(None)
    worker.join()
profile = cProfile.Profile()
profile.runcall(main)
print done
calls = []
sys.settrace(lambda frame, event, argument: calls.append(event))
main()
sys.settrace(None)
print done, 'call' in calls
",
        "[1]\n[1, 1] True\n",
    );
}

#[test]
fn threads_that_wait_inside_calls_all_the_time_let_the_main_thread_go_on() {
    prints(
        r"
import threading, time
class Slow(object):
    def __init__(self): time.sleep(0.00001)
stop = []
def work():
    while not stop:
        for _ in range(60): Slow()
threads = [threading.Thread(target=work) for _ in range(2)]
for thread in threads: thread.start()
start = time.time()
time.sleep(0.05)
print time.time() - start < 5
stop.append(True)
for thread in threads: thread.join()
",
        "True\n",
    );
}
