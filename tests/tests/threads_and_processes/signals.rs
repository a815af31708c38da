//! Signals that a hook sends itself, and the alarm that old scripts use as a time limit.

use codehook_sandbox::{Outcome, Purpose};
use codehook_tests::servers::{local_access, test_server};
use codehook_tests::{TestRun, block_on, failed_with, run, stderr, stdout};

use crate::prints;

/// A handler that raises, as in every recipe for a time limit, and a way to say that it came in time.
const TIME_LIMIT: &str = r"
import signal, time
class TooLate(Exception): pass
def late(number, frame): raise TooLate(number)
signal.signal(signal.SIGALRM, late)
began = time.time()
def limit(function, *arguments):
    signal.setitimer(signal.ITIMER_REAL, 0.2)
    try: print function(*arguments)
    except TooLate as error: print error, time.time() - began < 15
    finally: signal.alarm(0)
";

#[test]
fn an_alarm_ends_a_loop_a_sleep_and_a_wait() {
    let source = format!(
        r"{TIME_LIMIT}
import Queue, threading
def loop():
    while True: pass
def busy():
    while not stop: pass
stop = []
worker = threading.Thread(target=busy)
limit(loop)
limit(time.sleep, 60)
limit(Queue.Queue().get)
limit(threading.Event().wait, 60)
worker.start()
limit(worker.join)
stop.append(1)
worker.join()
limit(signal.pause)
signal.alarm(1)
limit(lambda: 'in time')
time.sleep(0.3)
print signal.alarm(100), signal.alarm(0), signal.getitimer(signal.ITIMER_REAL)
"
    );
    prints(
        &source,
        "14 True\n14 True\n14 True\n14 True\n14 True\n14 True\nin time\n0 100 (0.0, 0.0)\n",
    );
}

#[test]
fn an_alarm_ends_a_wait_for_http_and_one_that_is_handled_lets_it_go_on() {
    block_on(async {
        let server = test_server().await;
        let port = server.http_addr().port();
        let source = format!(
            r"{TIME_LIMIT}
import urllib2
limit(urllib2.urlopen, 'http://localhost:{port}/slow?ms=60000')
noticed = []
signal.signal(signal.SIGALRM, lambda number, frame: noticed.append(number))
signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
print urllib2.urlopen('http://localhost:{port}/slow?ms=400').getcode(), len(noticed) > 2
signal.setitimer(signal.ITIMER_REAL, 0)
try: urllib2.urlopen('http://localhost:{port}/slow?ms=60000', timeout=0.2)
except IOError as error: print error
"
        );
        let test = TestRun {
            policy: local_access(&[port]),
            ..TestRun::new(source)
        };
        let report = test.perform(Purpose::Run).await;
        assert_eq!(
            stdout(&report),
            "14 True\n200 True\ntimed out\n",
            "{}",
            stderr(&report)
        );
    });
}

#[test]
fn an_alarm_without_a_handler_ends_the_run_as_on_linux() {
    let report = run("import signal, time\nprint 'before'\nsignal.alarm(1)\ntime.sleep(60)\n");
    assert_eq!(report.outcome, Outcome::Failed);
    assert_eq!(report.exit_code, Some(142));
    assert_eq!(stdout(&report), "before\n");
    assert_eq!(stderr(&report), "Alarm clock\n");
}

#[test]
fn a_hook_can_signal_itself_and_nobody_else() {
    prints(
        r"
import os, signal
seen = []
signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
os.kill(os.getpid(), signal.SIGUSR1)
print seen, signal.getsignal(signal.SIGUSR2) == signal.SIG_DFL
signal.signal(signal.SIGUSR1, signal.SIG_IGN)
os.kill(os.getpid(), signal.SIGUSR1)
os.kill(os.getpid(), 0)
os.kill(os.getpid(), signal.SIGCHLD)
print seen
for pid, number in ((1, signal.SIGTERM), (os.getpid(), signal.SIGSTOP), (os.getpid(), 1000)):
    try: os.kill(pid, number)
    except OSError as error: print error
try: os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt: print 'interrupted'
",
        "[10] True\n[10]\n\
         [Errno 38] os.kill: a hook can send signals to itself only, and none that would stop it for good\n\
         [Errno 38] os.kill: a hook can send signals to itself only, and none that would stop it for good\n\
         [Errno 22] Invalid argument\ninterrupted\n",
    );
    let report = run("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\nprint 'never'\n");
    assert_eq!(report.exit_code, Some(143));
    assert_eq!(stdout(&report), "");
}

#[test]
fn a_signal_is_handled_in_the_main_thread_whoever_sends_it() {
    prints(
        r"
import os, signal, thread, threading, time
seen = []
def handle(number, frame): seen.append((number, threading.current_thread().name))
signal.signal(signal.SIGUSR1, handle)
def send():
    time.sleep(0.02)
    os.kill(os.getpid(), signal.SIGUSR1)
threading.Thread(target=send).start()
signal.pause()
print seen
try:
    thread.start_new_thread(thread.interrupt_main, ())
    time.sleep(60)
except KeyboardInterrupt: print 'interrupted'
failed = []
def set_handler():
    try: signal.signal(signal.SIGUSR1, handle)
    except ValueError as error: failed.append(str(error))
worker = threading.Thread(target=set_handler)
worker.start()
worker.join()
print failed
",
        "[(10, 'MainThread')]\ninterrupted\n['signal only works in main thread']\n",
    );
}

#[test]
fn a_pause_for_a_signal_that_cannot_come_is_an_error() {
    let report = run("import signal\nsignal.pause()\n");
    failed_with(&report, "this wait would never end");
}
