//! A run ends within its limits, with the outcome named, whatever the script does; and the next run starts clean.

use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::Duration;

use codehook_sandbox::{Metering, Outcome, Purpose, RunLimits, RunReport, Sandbox};
use codehook_tests::{TestRun, block_on, failed_with, run, sandbox_with, stderr, stdout};

const SHORT: Duration = Duration::from_millis(700);

fn stopped(source: &str) -> RunReport {
    let report = TestRun::new(source).within(SHORT).run();
    assert_eq!(report.outcome, Outcome::TimedOut, "{report:?}");
    assert!(
        report.duration >= SHORT,
        "stopped too early: {:?}",
        report.duration
    );
    report
}

#[test]
fn a_busy_loop_is_stopped() {
    let report = stopped("while True: pass");
    assert!(!report.cpu.is_zero());
}

#[test]
fn a_sleeping_script_is_stopped_and_used_no_processor() {
    let report = stopped("import time\nprint 'before'\ntime.sleep(600)");
    assert_eq!(stdout(&report), "before\n");
    assert!(report.cpu < Duration::from_millis(300), "{:?}", report.cpu);
}

#[test]
fn an_endless_print_is_cut_with_a_mark_and_stopped() {
    let report = stopped("while True: print 'x' * 1000");
    assert!(report.stdout.truncated);
    assert!(stdout(&report).ends_with("[output truncated after 1048576 bytes]\n"));
    assert!(report.stdout.bytes.len() < RunLimits::DEFAULT_OUTPUT_BYTES + 100);
}

#[test]
fn a_catastrophic_regular_expression_is_stopped() {
    stopped("import re\nre.match('(a+)+$', 'a' * 40 + 'b')");
}

#[test]
fn a_string_larger_than_memory_is_out_of_memory() {
    let report = run("'a' * 10**10");
    assert_eq!(report.outcome, Outcome::OutOfMemory, "{report:?}");
    assert!(stderr(&report).contains("MemoryError"));
}

#[test]
fn a_list_that_grows_for_ever_is_out_of_memory() {
    let report = run("items = []\nwhile True: items.append('x' * 100000 + str(len(items)))");
    assert_eq!(report.outcome, Outcome::OutOfMemory, "{report:?}");
    assert!(report.peak_memory_bytes <= RunLimits::DEFAULT_MEMORY_BYTES as u64);
    assert!(report.peak_memory_bytes > 200 << 20);
}

#[test]
fn a_script_can_recover_from_a_memory_error() {
    let report = run("try:\n    x = 'a' * (400 << 20)\nexcept MemoryError:\n    print 'recovered'");
    assert_eq!(report.outcome, Outcome::Succeeded, "{report:?}");
    assert_eq!(stdout(&report), "recovered\n");
}

/// Every way a script can recurse: each must raise `RuntimeError` before the stack ends.
#[test]
fn deep_recursion_raises_whatever_limit_is_asked_for() {
    let kinds = [
        "def f(n):\n    return f(n + 1)\nf(0)",
        "class A(object):\n    def __getattr__(self, name): return getattr(self, name + 'x')\nA().y",
        "class A(object):\n    def __repr__(self): return repr(self)\nrepr(A())",
        "class A(object):\n    def __eq__(self, other): return A() == A()\nA() == A()",
        "class A(object):\n    def __call__(self): return self()\nA()()",
        "class A:\n    def __getitem__(self, i): return self[i]\nA()[0]",
        "class A(object):\n    def __add__(self, other): return self + other\nA() + A()",
        "class A(object):\n    def __cmp__(self, other): return cmp(self, other)\ncmp(A(), A())",
        "class A(object):\n    def __hash__(self): return hash(self)\nhash(A())",
        "class A(object):\n    def __init__(self): A()\nA()",
        "f = lambda x: sorted([x, x], key=f)\nf(1)",
        "f = lambda x: map(f, [x])\nf(1)",
        "import re\nf = lambda m: re.sub('x', f, 'x')\nf(1)",
        "x = []\nfor i in xrange(100000): x = [x]\nrepr(x)",
        "x = []\nfor i in xrange(100000): x = [x]\ny = []\nfor i in xrange(100000): y = [y]\nx == y",
        "import json\nx = []\nfor i in xrange(100000): x = [x]\njson.dumps(x)",
        "import json\njson.loads('[' * 100000)",
        "import cPickle\nx = []\nfor i in xrange(100000): x = [x]\ncPickle.dumps(x)",
        "import pickle\nx = []\nfor i in xrange(100000): x = [x]\npickle.dumps(x)",
        "import copy\nx = []\nfor i in xrange(100000): x = [x]\ncopy.deepcopy(x)",
        "def f(*a, **k):\n    return f(*a, **k)\nf(1, b=2)",
        "def g():\n    for x in g(): yield x\nlist(g())",
        "class M(type):\n    def __call__(c): return c()\nclass A: __metaclass__ = M\nA()",
        "class A(object):\n    @property\n    def x(self): return self.x\nA().x",
        "isinstance(1, reduce(lambda t, _: (t,), xrange(100000), int))",
    ];
    for body in kinds {
        let indented = body.replace('\n', "\n    ");
        let source = format!(
            "import sys\nsys.setrecursionlimit(10**6)\ntry:\n    {indented}\n    print 'ended'\nexcept RuntimeError as e:\n    print 'RuntimeError'\n"
        );
        let report = run(&source);
        assert_eq!(
            report.outcome,
            Outcome::Succeeded,
            "{body}\n{}",
            stderr(&report)
        );
        assert_eq!(stdout(&report), "RuntimeError\n", "{body}");
    }
}

/// The compiler meets the limit in odd places, natively too (`KeyError: unknown symbol table entry`).
#[test]
fn deep_recursion_through_the_compiler_raises() {
    for call in ["exec 'f()'", "eval('f()')", "execfile('/hook/hook.py')"] {
        let source = format!(
            "import sys\nsys.setrecursionlimit(10**6)\ndef f():\n    {call}\ntry:\n    f()\nexcept Exception as e:\n    pass\nprint 'raised'\n"
        );
        let report = run(&source);
        assert_eq!(
            report.outcome,
            Outcome::Succeeded,
            "{call}\n{}",
            stderr(&report)
        );
        assert!(stdout(&report).ends_with("raised\n"), "{call}");
    }
}

#[test]
fn tmp_has_a_byte_quota_that_reads_as_no_space() {
    let report = run(concat!(
        "f = open('/tmp/big', 'wb')\n",
        "try:\n",
        "    while True: f.write('x' * 65536)\n",
        "except IOError as e:\n",
        "    print e\n",
        "import os\nos.remove('/tmp/big')\n",
        "f.close()\n",
        "open('/tmp/after', 'w').write('y' * 1000000)\nprint os.path.getsize('/tmp/after')\n",
    ));
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    assert_eq!(
        stdout(&report),
        "[Errno 28] No space left on device\n1000000\n"
    );
    assert_eq!(
        (report.tmp_leftovers.files, report.tmp_leftovers.bytes),
        (1, 1_000_000)
    );
}

#[test]
fn tmp_has_a_file_quota() {
    let report = run(concat!(
        "n = 0\n",
        "try:\n    while True:\n        open('/tmp/f%d' % n, 'w').close()\n        n += 1\n",
        "except IOError as e: print n, e.strerror\n",
    ));
    assert_eq!(
        stdout(&report),
        "1000 No space left on device\n",
        "{}",
        stderr(&report)
    );
}

#[test]
fn descriptors_are_limited() {
    let report = run(
        "files = []\ntry:\n    while True: files.append(open('/tmp/x', 'w'))\nexcept IOError as e: print e.strerror\n",
    );
    assert_eq!(
        stdout(&report),
        "No file descriptors available\n",
        "{}",
        stderr(&report)
    );
}

#[test]
fn exit_codes_and_tracebacks_are_those_of_python() {
    let report = run("import sys\nprint >>sys.stderr, 'bye'\nsys.exit(3)");
    assert_eq!(
        (report.outcome, report.exit_code),
        (Outcome::Failed, Some(3))
    );
    assert_eq!(stderr(&report), "bye\n");
    let report = run("def f():\n    return 1 / 0\n\nf()\n");
    assert_eq!(
        (report.outcome, report.exit_code),
        (Outcome::Failed, Some(1))
    );
    let expected = concat!(
        "Traceback (most recent call last):\n",
        "  File \"/hook/hook.py\", line 4, in <module>\n    f()\n",
        "  File \"/hook/hook.py\", line 2, in f\n    return 1 / 0\n",
        "ZeroDivisionError: integer division or modulo by zero\n",
    );
    assert_eq!(stderr(&report), expected);
    assert_eq!(run("import sys; sys.exit()").outcome, Outcome::Succeeded);
    let report = run("import sys; sys.exit('message')");
    assert_eq!(
        (stderr(&report).as_str(), report.exit_code),
        ("message\n", Some(1))
    );
    // A number that no C long holds is -1 to Python.
    let report = run("import sys; sys.exit(1 << 256)");
    assert_eq!(report.exit_code, Some(255));
    let report = run("import os; os._exit(7)");
    assert_eq!(report.exit_code, Some(7));
    let report = run("import os; os._exit(200)");
    assert_eq!(
        (report.outcome, report.exit_code),
        (Outcome::Failed, Some(200))
    );
}

#[test]
fn syntax_errors_name_the_line() {
    let report = run("x = 1\nif x:\nprint x\n");
    failed_with(&report, "File \"/hook/hook.py\", line 3");
    failed_with(&report, "IndentationError: expected an indented block");
}

/// A run of `source` with so much fuel, in a sandbox that counts it.
fn fuelled(source: &str, fuel: Option<u64>) -> RunReport {
    static COUNTING: OnceLock<Sandbox> = OnceLock::new();
    let counting = COUNTING.get_or_init(|| sandbox_with(|config| config.metering = Metering::Fuel));
    let mut run = TestRun::new(source).within(RunLimits::DEFAULT_WALL_TIME);
    run.limits.fuel = fuel;
    block_on(run.perform_in(counting, Purpose::Run))
}

#[test]
fn a_script_that_uses_up_its_fuel_is_stopped_and_what_it_said_is_kept() {
    let report = fuelled("print 'before'\nwhile True: pass", Some(50_000_000));
    assert_eq!(report.outcome, Outcome::OutOfFuel, "{report:?}");
    assert_eq!(report.fuel, Some(50_000_000));
    assert_eq!(stdout(&report), "before\n");
}

#[test]
fn the_same_script_takes_about_the_same_fuel_each_time_and_more_work_takes_more() {
    let used = |count: u32| {
        let report = fuelled(&format!("for n in xrange({count}): pass"), None);
        assert_eq!(report.outcome, Outcome::Succeeded, "{report:?}");
        report.fuel.expect("fuel is counted")
    };
    let (once, again) = (used(100_000), used(100_000));
    // What the host gives it (random seeds, the time) may take a few steps more or less.
    assert!(once.abs_diff(again) < once / 100, "{once} and {again}");
    // Each turn of the loop takes the same, beside what every run takes.
    let (twice, four_times) = (used(200_000), used(400_000));
    let (turns, twice_the_turns) = (twice - once, four_times - twice);
    assert!(turns > 100_000, "{turns}");
    assert!(
        twice_the_turns.abs_diff(2 * turns) < turns / 50,
        "{turns} and {twice_the_turns}"
    );
}

#[test]
fn fuel_is_not_counted_unless_it_is_asked_for() {
    assert_eq!(run("pass").fuel, None);
}

#[test]
fn a_long_computation_goes_on_on_the_threads_for_such_and_ends_as_any_other() {
    let sandbox = sandbox_with(|config| {
        config.low_priority_threads = NonZeroUsize::new(2);
        config.max_concurrent_runs = 4;
    });
    let perform = async |source: &str, wall_time: Duration| {
        let run = TestRun::new(source).within(wall_time);
        run.perform_in(&sandbox, Purpose::Run).await
    };
    block_on(async {
        let long = "import time\nn = 0\nwhile n < 3000000: n += 1\ntime.sleep(0.05)\nprint n";
        let ended = perform(long, Duration::from_secs(20)).await;
        assert_eq!(ended.outcome, Outcome::Succeeded, "{}", stderr(&ended));
        assert_eq!(stdout(&ended), "3000000\n");
        assert!(ended.cpu > Duration::from_millis(20), "{:?}", ended.cpu);
        let stopped = perform("print 1\nwhile True: pass", SHORT).await;
        assert_eq!(stopped.outcome, Outcome::TimedOut);
        assert_eq!(stdout(&stopped), "1\n");
        // Nobody waits for this one any more: its place is free again, and so is its thread.
        let forgotten = perform("while True: pass", Duration::from_secs(600));
        let waited = tokio::time::timeout(Duration::from_millis(300), forgotten).await;
        assert!(waited.is_err());
        for _ in 0..8 {
            let ended = perform("print 2", Duration::from_secs(20)).await;
            assert_eq!(stdout(&ended), "2\n");
        }
    });
}
