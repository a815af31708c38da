//! Pools of threads, as scripts know them from multiprocessing.

use crate::prints;

#[test]
fn multiprocessing_dummy_does_with_threads_what_multiprocessing_does_with_processes() {
    prints(
        r"
from multiprocessing import dummy
import time
pool = dummy.Pool(4)
print pool.map(lambda x: x * 2, range(10))
print list(pool.imap(abs, [-1, -2], 1)), sorted(pool.imap_unordered(abs, [-3, -4]))
print pool.apply(pow, (2, 3)), pool.apply_async(pow, (2, 4)).get(10)
waits = pool.map_async(time.sleep, [0.01] * 4)
waits.wait()
print waits.ready(), waits.successful()
try: pool.map(lambda x: 1 / x, [1, 0])
except ZeroDivisionError as error: print error
called = []
pool.apply_async(pow, (2, 5), callback=called.append).get()
pool.close()
pool.join()
print called
queue = dummy.Queue()
process = dummy.Process(target=queue.put, args=(1,))
process.start()
process.join()
print queue.get(), process.exitcode
ours, theirs = dummy.Pipe()
def answer(): theirs.send(theirs.recv() + 1)
dummy.Process(target=answer).start()
ours.send(1)
print ours.recv()
",
        "[0, 2, 4, 6, 8, 10, 12, 14, 16, 18]\n[1, 2] [3, 4]\n8 16\nTrue True\ninteger division or modulo by zero\n[32]\n1 0\n2\n",
    );
}

#[test]
fn a_thread_pool_of_multiprocessing_works_and_can_be_terminated() {
    prints(
        r"
from multiprocessing.pool import ThreadPool
import threading
pool = ThreadPool(3)
print pool.map(len, ['a', 'bb', 'ccc'])
print len(set(pool.map(lambda n: threading.current_thread().name, range(9), 1))) > 1
pool.terminate()
pool.join()
print threading.active_count()
",
        "[1, 2, 3]\nTrue\n1\n",
    );
}

#[test]
fn there_is_one_processor() {
    prints(
        "import multiprocessing\nprint multiprocessing.cpu_count(), multiprocessing.current_process().name",
        "1 MainProcess\n",
    );
}
