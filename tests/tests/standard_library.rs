//! Every module of the standard library does what docs/standard-library.md says of it, and the differences named there hold.

use std::collections::BTreeMap;
use std::fs;

use codehook_sandbox::Outcome;
use codehook_tests::{TestRun, prints, run, stderr, stdout, workspace};

/// Imports every module that is there, and those that a native interpreter has besides; prints what came of each.
const IMPORT_ALL: &str = "
import os, sys
# Those with a dot belong to packages.
names = set(name for name in sys.builtin_module_names if '.' not in name and name != '_pycryptodome')
root = '/usr/lib/python2.7'
for folder, folders, files in os.walk(root):
    if 'dist-packages' in folders: folders.remove('dist-packages')
    inside = folder[len(root) + 1:]
    if inside and '__init__.pyc' not in files: continue
    for name in files:
        if not name.endswith('.pyc') or name == '__main__.pyc': continue
        parts = [part for part in inside.split('/') if part]
        if name != '__init__.pyc': parts.append(name[:-4])
        if parts: names.add('.'.join(parts))
names |= set('_ssl _ctypes _sqlite3 readline _curses _curses_panel bsddb185 fcntl mmap _multiprocessing _bsddb gdbm dbm nis ossaudiodev '
             'Tkinter _tkinter spwd linuxaudiodev dl _hashlib'.split())
for name in sorted(names):
    if name == '__main__' or name.startswith('_codehook'): continue
    try: __import__(name)
    except ImportError as e: print name, 'refused', str(e).replace('\\n', ' ')
    except BaseException as e: print name, 'broken', repr(e)
    else: print name, 'works'
";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Works,
    Refused,
}

/// The table of the page: module or `package.*`, and what is promised of it.
fn promises() -> BTreeMap<String, Promise> {
    let page = fs::read_to_string(workspace().join("docs/standard-library.md"))
        .expect("the page is there");
    let mut promises = BTreeMap::new();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let promise = match cells[1].trim() {
            "works" | "works with limits" => Promise::Works,
            "refused" => Promise::Refused,
            other => panic!("`{other}` is no state a module can be in: {line}"),
        };
        for name in cells[0].split(',') {
            let name = name.trim().trim_matches('`').to_owned();
            assert!(
                promises.insert(name.clone(), promise).is_none(),
                "{name} stands in the table twice"
            );
        }
    }
    promises
}

/// The line for the module itself, or for the nearest package around it.
fn promise_for(promises: &BTreeMap<String, Promise>, module: &str) -> Option<Promise> {
    if let Some(promise) = promises.get(module) {
        return Some(*promise);
    }
    let mut package = module;
    loop {
        if let Some(promise) = promises.get(&format!("{package}.*")) {
            return Some(*promise);
        }
        package = package.rsplit_once('.')?.0;
    }
}

#[test]
fn every_module_does_what_the_page_says() {
    let report = TestRun::new(IMPORT_ALL)
        .within(std::time::Duration::from_secs(60))
        .run();
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    let promises = promises();
    let mut wrong = Vec::new();
    let mut modules = Vec::new();
    let out = stdout(&report);
    for line in out.lines().filter(|line| {
        line.split(' ')
            .nth(1)
            .is_some_and(|word| ["works", "refused", "broken"].contains(&word))
    }) {
        let (module, result) = line.split_once(' ').expect("a name and a result");
        modules.push(module);
        let found = match result.split(' ').next() {
            Some("works") => Some(Promise::Works),
            Some("refused") => Some(Promise::Refused),
            _ => None,
        };
        if found.is_none() || promise_for(&promises, module) != found {
            wrong.push(format!(
                "{module}: {result}, the page says {:?}",
                promise_for(&promises, module)
            ));
        }
    }
    for name in promises.keys() {
        let tried = |module: &&str| match name.strip_suffix(".*") {
            Some(package) => module.split('.').next() == Some(package),
            None => module == name,
        };
        if !modules.iter().any(tried) {
            wrong.push(format!("{name} is on the page and no module"));
        }
    }
    let tried = modules.len();
    assert!(tried > 550, "only {tried} modules were tried:\n{out}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_missing_module_says_why_and_what_to_use() {
    for module in [
        "ctypes",
        "multiprocessing.sharedctypes",
        "readline",
        "Tkinter",
    ] {
        let report = run(&format!("import {module}"));
        assert_eq!(report.outcome, Outcome::Failed);
        assert!(stderr(&report).contains(": "), "{}", stderr(&report));
        assert!(
            stderr(&report)
                .lines()
                .last()
                .is_some_and(|line| line.len() > 60),
            "{}",
            stderr(&report)
        );
    }
}

#[test]
fn the_differences_on_the_page_are_the_differences() {
    prints(
        "import sys; print sys.maxint, repr(2**31), sys.platform",
        "9223372036854775807 2147483648 linux2\n",
    );
    prints(
        "import json; print json.dumps([2**31, 2**53, -2**40, 0.1]), json.loads('12345678901')",
        "[2147483648, 9007199254740992, -1099511627776, 0.1] 12345678901\n",
    );
    prints(
        "import struct; print struct.pack('<q', 2**40).encode('hex'), struct.calcsize('l')",
        "0000000000010000 8\n",
    );
    prints(
        "import time; print int(time.time() * 1000) > 2**40, time.tzname[0], time.timezone",
        "True UTC 0\n",
    );
    prints(
        "import datetime; print datetime.datetime.utcfromtimestamp(4102444800)",
        "2100-01-01 00:00:00\n",
    );
    prints(
        "import threading\ntry: threading.Event().wait()\nexcept Exception as e: print type(e).__name__",
        "error\n",
    );
    prints(
        "import os, errno\ntry: os.system('id')\nexcept OSError as e: print e.errno == errno.ENOSYS, e.errno",
        "True 38\n",
    );
    prints("print u'\\xe9'", "é\n");
    prints(
        "import os\nopen('/tmp/a', 'w').close()\nos.chown('/tmp/a', os.getuid(), -1)\nos.chmod('/tmp/a', 0)\nprint os.access('/tmp/a', os.R_OK)",
        "False\n",
    );
    prints("import signal; print signal.alarm(0)", "0\n");
    prints(
        "import os, errno\ntry: open('/nowhere')\nexcept IOError as e: print e.errno, e",
        "2 [Errno 2] No such file or directory: '/nowhere'\n",
    );
}

/// Prints the name of the error and the start of what it says.
const SAY: &str = "
import errno, os
def say(call, *arguments):
    try: print call(*arguments)
    except Exception as e: print type(e).__name__, errno.errorcode.get(getattr(e, 'errno', None)), str(e)[:100]
";

fn says(source: &str, expected: &str) {
    prints(&format!("{SAY}{source}"), expected);
}

#[test]
fn everything_on_sockets_but_http_is_refused() {
    let calls = [
        "socket.socket, socket.AF_INET, socket.SOCK_DGRAM",
        "socket.socket().bind, ('127.0.0.1', 0)",
        "BaseHTTPServer.HTTPServer, ('127.0.0.1', 8000), None",
        "SocketServer.TCPServer, ('127.0.0.1', 8000), None",
        "smtpd.SMTPServer, ('127.0.0.1', 2525), None",
        "smtplib.SMTP, '127.0.0.1'",
        "ftplib.FTP, '127.0.0.1'",
        "imaplib.IMAP4, '127.0.0.1'",
        "poplib.POP3, '127.0.0.1'",
        "nntplib.NNTP, '127.0.0.1'",
        "telnetlib.Telnet('127.0.0.1').read_some",
        "socket.gethostbyname, 'example.com'",
    ];
    for call in calls {
        let imports = "import BaseHTTPServer, SocketServer, ftplib, imaplib, nntplib, poplib, smtpd, smtplib, socket, telnetlib\n";
        let source = format!(
            "{imports}try: apply(lambda call, *rest: call(*rest), ({call},))\nexcept Exception as e: print e"
        );
        let report = run(&source);
        assert!(stdout(&report).contains("a hook "), "{call}: {report:?}");
    }
}

#[test]
fn recursion_ends_at_five_thousand_calls() {
    let source = "import sys\nsys.setrecursionlimit(10**6)\ndef deep(n=1):\n    try: return deep(n + 1)\n    except RuntimeError: return n\n\
        print 4900 < deep() <= 5000";
    prints(source, "True\n");
}

#[test]
fn library_lines_of_a_traceback_have_a_number_and_no_source() {
    let error = stderr(&run("import json\njson.loads('{')"));
    let mut library = error
        .lines()
        .skip_while(|line| !line.contains("/usr/lib/python2.7/json/__init__.py\", line "));
    let next = library.nth(1).unwrap_or_else(|| panic!("{error}"));
    assert!(
        next.contains("/usr/lib/python2.7/json/decoder.py\", line "),
        "{error}"
    );
}

#[test]
fn files_have_times_and_one_owner_and_descriptors_to_double() {
    says(
        "open('/tmp/a', 'w').close()\nos.utime('/tmp/a', (1000, 2000))\nprint os.stat('/tmp/a').st_mtime\n\
        say(os.chmod, '/tmp/none', 0600)\nsay(os.chown, '/tmp/a', 0, 0)\nsay(os.dup, 1)\nsay(os.dup2, 1, 5)",
        "2000.0\nOSError ENOENT [Errno 2] No such file or directory: '/tmp/none'\n\
        OSError EPERM [Errno 1] Operation not permitted: '/tmp/a'\n4\nNone\n",
    );
}

#[test]
fn what_a_native_interpreter_says_of_its_machine_is_different() {
    prints(
        "import os, platform, sys; print os.uname()[0], platform.machine(), sys.platform",
        "Linux wasm32 linux2\n",
    );
    prints(
        "import sys; print sys.maxunicode, sys.byteorder, repr(0.1 + 0.2), sys.float_info.mant_dig",
        "1114111 little 0.30000000000000004 53\n",
    );
    says(
        "import signal; print signal.signal(signal.SIGTERM, lambda *_: None); say(raw_input)",
        "0\nEOFError None EOF when reading a line\n",
    );
}

#[test]
fn what_works_with_limits_works_so_far() {
    prints(
        "import fcntl; f = open('/tmp/a', 'w'); print fcntl.flock(f, fcntl.LOCK_EX), fcntl.lockf(f, fcntl.LOCK_EX)",
        "None None\n",
    );
    prints(
        "import grp, os, pwd; print pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name",
        "codehook codehook\n",
    );
    prints(
        "import webbrowser; print webbrowser.open('http://localhost/')",
        "False\n",
    );
    prints(
        "import select; f = open('/tmp/a', 'w'); print select.select([f], [], [], 0) == ([f], [], []), hasattr(select, 'poll')",
        "True False\n",
    );
    prints(
        "import hashlib\nfor name in hashlib.algorithms: print name, hashlib.new(name, 'x').hexdigest()[:8]",
        "md5 9dd4e461\nsha1 11f6ad8e\nsha224 54a2f7f9\nsha256 2d711642\nsha384 d752c2c5\nsha512 a4abd444\n",
    );
    prints(
        "import os, pty, termios, tty\nfor act in (termios.tcgetattr, tty.setraw, termios.tcdrain):\n  try: act(1)\n  except termios.error as e: print e.args\ntry: pty.openpty()\nexcept OSError as e: print e",
        "(25, 'Inappropriate ioctl for device')\n(25, 'Inappropriate ioctl for device')\n(25, 'Inappropriate ioctl for device')\nout of pty devices\n",
    );
}

#[test]
fn a_message_to_the_system_log_is_a_line_of_standard_error() {
    let report = run(
        "import StringIO, sys, syslog\nsys.stderr = StringIO.StringIO()\nsyslog.openlog('sync', syslog.LOG_PID)\n\
         syslog.syslog('one\\ntwo')\nsyslog.closelog()\nprint syslog.setlogmask(syslog.LOG_UPTO(syslog.LOG_ERR))\n\
         syslog.syslog(syslog.LOG_INFO, 'left out')\nsyslog.syslog(syslog.LOG_ERR | syslog.LOG_MAIL, 'three')",
    );
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    assert_eq!(stdout(&report), "255\n");
    let lines: Vec<String> = stderr(&report).lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(
        lines[0].starts_with("syslog: sync[") && lines[0].ends_with("]: one two"),
        "{lines:?}"
    );
    assert!(
        lines[1].starts_with("syslog: ") && lines[1].ends_with("three"),
        "{lines:?}"
    );
}

#[test]
fn resource_tells_of_use_and_keeps_limits() {
    prints(
        "
import resource
before = resource.getrusage(resource.RUSAGE_SELF)
kept = [list(range(1000)) for _ in range(2000)]
after = resource.getrusage(resource.RUSAGE_SELF)
print after.ru_utime > before.ru_utime >= 0, after.ru_maxrss - before.ru_maxrss > 10000, after[2] == after.ru_maxrss
print resource.getrusage(resource.RUSAGE_CHILDREN)[:3]
print resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_CORE), resource.RLIM_INFINITY
print resource.setrlimit(resource.RLIMIT_AS, (2 ** 29, 2 ** 40)), resource.getrlimit(resource.RLIMIT_AS)
for limit, pair in ((resource.RLIMIT_AS, (0, 2 ** 41)), (resource.RLIMIT_CORE, (1, 0)), (resource.RLIMIT_FSIZE, (1024, -1)), (16, (0, 0))):
    try: resource.setrlimit(limit, pair)
    except ValueError as e: print e
",
        "True True True\n(0.0, 0.0, 0)\n(-1, -1) (0, 0) -1\nNone (536870912, 1099511627776)\n\
         not allowed to raise maximum limit\ncurrent limit exceeds maximum limit\nnot allowed to raise maximum limit\n\
         invalid resource specified\n",
    );
}

#[test]
fn the_table_of_modules_holds_still_while_a_script_goes_through_it() {
    prints(
        "import sys\nprint len([module for module in sys.modules.itervalues() if hasattr(module, '__file__')]) > 100",
        "True\n",
    );
}

/// Waits are as long as they were asked for, to the millisecond; on a busy machine they may take longer.
#[test]
fn waits_know_fractions_of_a_second() {
    prints(
        "import time, select, errno\n\
         def waited(wait, seconds):\n    \
             began = time.time()\n    \
             wait(seconds)\n    \
             took = time.time() - began\n    \
             return seconds <= took + 0.001 and took < seconds + 5\n\
         print [waited(time.sleep, s) for s in (0.003, 0.25, 1.25, 0, 1)]\n\
         print [waited(lambda s: select.select([], [], [], s), s) for s in (0.25, 0)]\n\
         try: time.sleep(-1)\n\
         except IOError as e: print e.errno == errno.EINVAL\n",
        "[True, True, True, True, True]\n[True, True]\nTrue\n",
    );
}
