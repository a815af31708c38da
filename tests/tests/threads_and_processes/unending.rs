//! Waits that could never end: an error at once, with what to do, and never a hang.

use codehook_sandbox::Outcome;
use codehook_tests::{run, stderr, stdout};

use crate::prints;

const NEVER: &str = "this wait would never end: no thread is left";

#[test]
fn a_wait_that_nobody_can_end_is_an_error_at_once() {
    let waits = [
        "thread.allocate_lock().acquire() and held.acquire()",
        "Queue.Queue().get()",
        "Queue.Queue(1).put(1) or full.put(1)",
        "unfinished.join()",
        "threading.Event().wait()",
        "threading.Semaphore(0).acquire()",
        "stuck.join()",
    ];
    for wait in waits {
        let report = run(&format!(
            r"
import Queue, thread, threading
held = thread.allocate_lock()
held.acquire()
full = Queue.Queue(1)
full.put(1)
unfinished = Queue.Queue()
unfinished.put(1)
stuck = threading.Thread(target=held.acquire)
stuck.daemon = True
stuck.start()
try: {wait}
except thread.error as error: print error
"
        ));
        let said = stdout(&report);
        assert!(said.starts_with(NEVER), "{wait}: {said}{}", stderr(&report));
        assert!(said.contains("wait with a timeout"), "{wait}: {said}");
    }
}

#[test]
fn the_error_names_the_threads_that_wait_and_where() {
    let report = run(
        "import threading\ndef first():\n    threading.Event().wait()\n\
         worker = threading.Thread(target=first, name='Fetcher')\nworker.start()\nworker.join()\n",
    );
    assert_eq!(report.outcome, Outcome::Failed);
    let errors = stderr(&report);
    assert!(errors.contains(NEVER), "{errors}");
    assert!(
        errors.contains("Fetcher waits at /hook/hook.py, line 3"),
        "{errors}"
    );
}

#[test]
fn a_thread_that_can_never_end_fails_the_run_at_its_end() {
    let report = run(
        "import Queue, threading\nthreading.Thread(target=Queue.Queue().get).start()\nprint 'end'\n",
    );
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.exit_code, Some(1));
    assert_eq!(stdout(&report), "end\n");
    assert!(stderr(&report).contains(NEVER), "{}", stderr(&report));
}

#[test]
fn a_wait_with_a_timeout_takes_its_time_and_no_longer() {
    prints(
        r"
import Queue, threading, time
began = time.time()
print threading.Event().wait(0.1)
try: Queue.Queue().get(True, 0.1)
except Queue.Empty: print 'empty'
stuck = threading.Thread(target=threading.Event().wait)
stuck.daemon = True
stuck.start()
stuck.join(0.1)
print stuck.is_alive(), 0.3 <= time.time() - began < 15
",
        "False\nempty\nTrue True\n",
    );
}

/// `sorted` calls the key function from C, whose frames cannot be left: the main thread lies below and cannot go on.
const STUCK_IN_C: &str = r"
import Queue, threading
queue = Queue.Queue()
def work(): sorted([1], key=lambda item: queue.get())
worker = threading.Thread(target=work)
worker.daemon = DAEMON
worker.start()
queue.put(1)
worker.join()
print 'on'
";

#[test]
fn a_thread_that_keeps_the_others_from_going_on_says_so() {
    let report = prints(&STUCK_IN_C.replace("DAEMON", "False"), "on\n");
    let errors = stderr(&report);
    assert!(
        errors.contains("error: this wait cannot be made here"),
        "{errors}"
    );
    assert!(errors.contains("wait in a plain function"), "{errors}");
}

#[test]
fn a_daemon_that_keeps_the_others_from_going_on_ends_without_a_word() {
    let report = prints(&STUCK_IN_C.replace("DAEMON", "True"), "on\n");
    assert_eq!(stderr(&report), "");
}

#[test]
fn a_wait_inside_c_code_is_fine_while_others_can_end_it() {
    prints(
        r"
import Queue, threading
queue, seen = Queue.Queue(), []
def feed():
    for item in range(3): queue.put(item)
def work(): seen.extend(map(lambda item: queue.get(), range(3)))
feeder, worker = threading.Thread(target=feed), threading.Thread(target=work)
feeder.start()
worker.start()
worker.join()
print seen
",
        "[0, 1, 2]\n",
    );
}
