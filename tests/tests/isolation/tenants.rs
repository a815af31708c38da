//! Tenants that share a machine: nothing is left of one's run for another's.

use std::sync::Arc;

use codehook_sandbox::{Outcome, Purpose, RunReport, Sandbox};
use codehook_tests::{TestRun, block_on, sandbox_with, stderr, stdout};

/// What one tenant's runs hold and another's must never show.
const SECRET: &str = "tenant-a-9d1f3c";

/// Leaves a secret wherever a script can leave something.
const LEAVES: &str = "
import sys, os, __builtin__, socket, random, threading, atexit, gc, decimal, locale, json, urllib2, logging, re
secret = 'tenant-a-' + '9d1f3c'
__builtin__.secret = secret
sys.secret = os.secret = json.secret = secret
sys.modules['secret'] = sys
sys.path.append('/' + secret)
os.environ['SECRET'] = secret
os.chdir('/tmp')
os.umask(0777)
open('/tmp/' + secret, 'w').write(secret)
json.dumps = lambda *_: secret
urllib2.install_opener(secret)
socket.setdefaulttimeout(7)
random.seed(7)
decimal.getcontext().prec = 3
logging.getLogger().addHandler(logging.NullHandler())
logging.getLogger().secret = secret
sys.setcheckinterval(7)
sys.setrecursionlimit(77)
re.compile(secret)
gc.disable()
kept = [secret * 1000 for _ in range(2000)]
print len(kept)
";

/// Looks for it in all of these places, and in every object there is.
const LOOKS: &str = "
import sys, os, __builtin__, socket, random, gc, decimal, json, urllib2, logging, re
print hasattr(__builtin__, 'secret'), hasattr(sys, 'secret'), hasattr(os, 'secret'), hasattr(json, 'secret'), 'secret' in sys.modules
print [p for p in sys.path if 'tenant' in p], [v for v in os.environ.values() if 'tenant' in v], os.getcwd(), oct(os.umask(022)), os.listdir('/tmp')
print json.dumps([1]), urllib2._opener, socket.getdefaulttimeout(), decimal.getcontext().prec
print hasattr(logging.getLogger(), 'secret'), sys.getcheckinterval(), sys.getrecursionlimit(), gc.isenabled()
print [k for k in re._cache if 'tenant' in repr(k)]
wanted = ''.join(['ten', 'ant-a-'])
found = []
for o in gc.get_objects():
    if isinstance(o, dict) and o is not globals():
        found += [v for v in o.values() if isinstance(v, str) and wanted in v]
print len(found)
";

const CLEAN: &str = "\
False False False False False
[] [] /tmp 022 []
[1] None None 28
False 100 1000 True
[]
0
";

fn one_at_a_time() -> Sandbox {
    sandbox_with(|config| config.max_concurrent_runs = 1)
}

fn run_in(sandbox: &Sandbox, source: &str) -> RunReport {
    block_on(TestRun::new(source).perform_in(sandbox, Purpose::Run))
}

#[test]
fn nothing_that_a_run_leaves_is_there_for_the_next_in_the_same_memory() {
    let sandbox = one_at_a_time();
    for _ in 0..20 {
        let left = run_in(&sandbox, LEAVES);
        assert_eq!(left.outcome, Outcome::Succeeded, "{}", stderr(&left));
        let looked = run_in(&sandbox, LOOKS);
        assert_eq!(stdout(&looked), CLEAN, "{}", stderr(&looked));
        assert!(!stdout(&looked).contains(SECRET));
    }
}

#[test]
fn memory_that_python_hands_out_without_writing_to_it_holds_nothing_of_others() {
    let sandbox = one_at_a_time();
    let reads = "
wanted = ''.join(['ten', 'ant-a-'])
pieces = []
for size in [16, 100, 511, 4096, 65536, 1000000, 20000000]:
    b = bytearray(size)
    pieces.append(str(b))
    pieces.append(str(buffer(b)))
print any(wanted in piece for piece in pieces)
";
    for _ in 0..5 {
        run_in(&sandbox, LEAVES);
        let read = run_in(&sandbox, reads);
        assert_eq!(stdout(&read), "False\n", "{}", stderr(&read));
    }
}

#[test]
fn random_numbers_of_two_runs_differ() {
    let source = "import random, os, uuid\nprint random.random(), os.urandom(8).encode('hex'), uuid.uuid4(), hash(object())";
    let sandbox = one_at_a_time();
    let seen: std::collections::HashSet<String> = (0..20)
        .map(|_| {
            let printed = stdout(&run_in(&sandbox, source));
            printed.split(' ').take(3).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(seen.len(), 20);
}

#[test]
fn runs_at_the_same_time_see_nothing_of_each_other() {
    let sandbox = Arc::new(sandbox_with(|config| config.max_concurrent_runs = 8));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime");
    let looks: Vec<_> = (0..64)
        .map(|number| {
            let sandbox = Arc::clone(&sandbox);
            runtime.spawn(async move {
                let source = if number % 2 == 0 { LEAVES } else { LOOKS };
                let report = TestRun::new(source)
                    .perform_in(&sandbox, Purpose::Run)
                    .await;
                (number, report)
            })
        })
        .collect();
    for look in looks {
        let (number, report) = runtime.block_on(look).expect("it ends");
        if number % 2 == 1 {
            assert_eq!(stdout(&report), CLEAN, "{}", stderr(&report));
        }
    }
}
