//! Every run starts fresh and alone: nothing of an earlier or a simultaneous run, and nothing of the host, is there to
//! be found; and its `/tmp` behaves as a directory on Linux does.

use std::collections::HashSet;
use std::fs;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use codehook_sandbox::{Outcome, Purpose, RunReport};
use codehook_tests::{TestRun, stderr, stdout};
use tokio::runtime::Builder;
use tokio::task::JoinSet;

const SIMULTANEOUS: usize = 16;

/// Answers the name of the error that a call raises, or what it returns.
const OUTCOME: &str = "
import errno, os
def outcome(call, *arguments):
    try: return call(*arguments)
    except EnvironmentError as e: return errno.errorcode.get(e.errno) or str(e)
";

/// Held by whoever runs something; wholly by the test that takes every place the sandbox has.
static PLACES: RwLock<()> = RwLock::new(());

fn perform(script: &TestRun) -> RunReport {
    let _place = PLACES.read().unwrap_or_else(PoisonError::into_inner);
    script.run()
}

fn printed(source: &str) -> String {
    let report = perform(&TestRun::new(source));
    assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
    stdout(&report)
}

#[track_caller]
fn assert_prints(source: &str, expected: &str) {
    assert_eq!(printed(&format!("{OUTCOME}{source}")), expected, "{source}");
}

/// What one run could leave behind for another, a line each.
const LOOK: &str = "
import __builtin__, decimal, gc, json, logging, mimetypes, os, random, signal, socket, string, sys, urllib, urllib2, warnings
print '__main__', sorted(set(globals()) & set(['mark', 'look']))
print 'modules', 'mark' in sys.modules, hasattr(sys, 'mark'), hasattr(json, 'mark')
print 'environment', os.environ.get('MARK'), os.getenv('HOME')
print 'files', os.listdir('/tmp')
print 'directory', os.getcwd()
print 'opener', urllib2._opener
print 'timeout', socket.getdefaulttimeout()
print 'builtin', len('four')
print 'library', json.dumps([1])
print 'path', 'mark' in sys.path
print 'hooks', sys.excepthook is sys.__excepthook__, len(sys.meta_path)
print 'logging', len(logging.root.handlers), logging.root.level
print 'warnings', len(warnings.filters)
print 'precision', decimal.getcontext().prec
print 'collector', gc.isenabled()
print 'recursion', sys.getrecursionlimit()
print 'types', mimetypes.guess_type('a.mark')
print 'interval', sys.getcheckinterval()
print 'mask', os.umask(022)
print 'descriptor', os.open('/dev/null', os.O_RDONLY)
";

const CHANGE: &str = "
import __builtin__, decimal, gc, json, logging, mimetypes, os, socket, sys, urllib2, warnings
mark = 1
sys.modules['mark'] = sys; sys.mark = json.mark = 1
os.environ['MARK'] = 'x'
os.mkdir('/tmp/kept'); open('/tmp/file', 'w').write('x'); os.chdir('/tmp/kept')
urllib2.install_opener(urllib2.build_opener())
socket.setdefaulttimeout(5)
__builtin__.len = lambda text: 'patched'
json.dumps = lambda value: 'patched'
sys.path.append('mark')
sys.excepthook = None
logging.basicConfig(level=logging.DEBUG)
warnings.simplefilter('error')
decimal.getcontext().prec = 5
gc.disable()
sys.setrecursionlimit(2000)
mimetypes.add_type('text/mark', '.mark')
sys.setcheckinterval(7)
os.umask(077)
kept = open('/dev/null')
";

#[test]
fn nothing_that_a_run_changes_is_there_for_the_next() {
    let fresh = printed(LOOK);
    let changed = printed(&format!("{CHANGE}{LOOK}"));
    for (fresh, changed) in fresh.lines().zip(changed.lines()) {
        assert_ne!(fresh, changed, "the change was not made");
    }
    assert_eq!(printed(LOOK), fresh);
}

#[test]
fn a_run_that_was_stopped_or_crashed_leaves_nothing_either() {
    let fresh = printed(LOOK);
    for end in ["while True: pass", "os._exit(9)", "'x' * 10**10", "1 / 0"] {
        let stopped = TestRun::new(format!("{CHANGE}\n{end}")).within(Duration::from_millis(700));
        assert_ne!(perform(&stopped).outcome, Outcome::Succeeded, "{end}");
        assert_eq!(printed(LOOK), fresh, "{end}");
    }
}

#[test]
fn clocks_are_the_hosts_and_go_on_between_runs() {
    let source = "import logging, time\nlogging.basicConfig(format='%(relativeCreated)d')\n\
        print repr(time.time())\nlogging.error('')";
    let mut last = 0.0;
    for _ in 0..3 {
        let report = perform(&TestRun::new(source));
        let guest: f64 = stdout(&report).trim().parse().unwrap();
        let host = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap()
            .as_secs_f64();
        assert!(guest > last, "{guest} is not after {last}");
        assert!((host - guest).abs() < 10.0, "{guest} is far from {host}");
        let since_start: u32 = stderr(&report).trim().parse().unwrap();
        assert!(
            since_start < 5000,
            "log records count from {since_start} ms ago"
        );
        last = guest;
    }
}

/// Leaves its number everywhere, waits for the others to do so, and shows what it finds.
const LEAVE_NUMBER: &str = "
import os, sys, time, tempfile
number = @NUMBER@
sys.modules['number'] = number; os.environ['NUMBER'] = str(number); time.number = number
open('/tmp/number', 'w').write(str(number)); open('/tmp/%d' % number, 'w').close()
began = time.time()
time.sleep(1.5)
print repr(began), repr(time.time()), tempfile.mktemp()
print number, sys.modules['number'], os.environ['NUMBER'], time.number, open('/tmp/number').read(), sorted(os.listdir('/tmp'))
";

async fn perform_all(scripts: Vec<TestRun>) -> Vec<RunReport> {
    let performed = scripts
        .into_iter()
        .map(|script| async move { script.perform(Purpose::Run).await });
    performed.collect::<JoinSet<_>>().join_all().await
}

#[test]
fn runs_at_the_same_time_see_only_themselves() {
    let _places = PLACES.write().unwrap_or_else(PoisonError::into_inner);
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let scripts = (0..SIMULTANEOUS)
        .map(|each| TestRun::new(LEAVE_NUMBER.replace("@NUMBER@", &each.to_string())));
    let (mut last_began, mut first_ended) = (0.0, f64::MAX);
    let (mut names, mut numbers) = (HashSet::new(), HashSet::new());
    for report in runtime.block_on(perform_all(scripts.collect())) {
        let shown = stdout(&report);
        assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
        let (times, found) = shown.split_once('\n').expect("two lines");
        let number = found.split(' ').next().unwrap_or_default();
        let own = format!("{number} {number} {number} {number} {number} ['{number}', 'number']\n");
        assert_eq!(found, own);
        assert!(numbers.insert(number.to_owned()), "two runs were {number}");
        let times: Vec<&str> = times.split(' ').collect();
        last_began = f64::max(last_began, times[0].parse().unwrap());
        first_ended = f64::min(first_ended, times[1].parse().unwrap());
        assert!(
            names.insert(times[2].to_owned()),
            "{} was drawn twice",
            times[2]
        );
    }
    assert_eq!(numbers.len(), SIMULTANEOUS);
    assert!(
        last_began < first_ended,
        "they did not run at the same time"
    );
}

#[test]
fn the_environment_is_the_documented_one() {
    assert_prints(
        "for name in sorted(os.environ): print '%s=%s' % (name, os.environ[name])",
        "HOME=/tmp\nLANG=en_US.UTF-8\nPATH=/usr/local/bin:/usr/bin:/bin\nPYTHONDONTWRITEBYTECODE=1\n\
        PYTHONIOENCODING=UTF-8\nTMPDIR=/tmp\nTZ=UTC\nUSER=codehook\n",
    );
    assert_prints(
        "import getpass, sys\nprint sys.argv, __file__, __name__, os.getcwd(), getpass.getuser(), sys.stdin.read() == ''",
        "['/hook/hook.py'] /hook/hook.py __main__ /tmp codehook True\n",
    );
}

#[test]
fn the_only_directories_are_the_documented_ones() {
    assert_prints(
        "for path in '/', '/hook', '/tmp', '/usr', '/dev': print path, sorted(os.listdir(path))",
        "/ ['dev', 'hook', 'tmp', 'usr']\n/hook ['hook.py']\n/tmp []\n/usr ['bin', 'lib']\n/dev ['full', 'null', 'random', 'urandom', 'zero']\n",
    );
    let host = env!("CARGO_MANIFEST_DIR");
    for path in [
        "/etc/passwd",
        "/proc/self/environ",
        "/home",
        "/root",
        "/dev/tty",
        "/sys",
        "/var/tmp",
        host,
    ] {
        let source = format!(
            "print outcome(open, '{path}'), outcome(os.listdir, '{path}'), os.path.exists('{path}')"
        );
        assert_prints(&source, "ENOENT ENOENT False\n");
    }
}

#[test]
fn nothing_can_be_written_outside_tmp() {
    assert_prints(
        "
open('/tmp/file', 'w').close()
for path in '/x', '/usr/x', '/usr/lib/python2.7/x', '/hook/x', '/dev/x', '/tmp/../x', '/usr/lib/python2.7/os.pyc', '/hook/hook.py':
    calls = [(open, path, 'w'), (open, path, 'a'), (os.mkdir, path + 'd'), (os.rename, '/tmp/file', path), (os.remove, path),
             (os.rename, path, '/tmp/x'), (os.symlink, '/tmp/file', path), (os.link, '/tmp/file', path), (os.rmdir, path)]
    print set(outcome(*call) for call in calls) - set(['EROFS', 'EEXIST', 'ENOENT'])
print os.listdir('/tmp'), len(open('/hook/hook.py').read()) > 500
",
        &format!("{}['file'] True\n", "set([])\n".repeat(8)),
    );
    let writes = "print [outcome(open, path, 'w') for path in '/x', '/usr/x', '/hook/x', '/hook/hook.py', '/tmp/../x']";
    assert_prints(writes, "['EROFS', 'EROFS', 'EROFS', 'EROFS', 'EROFS']\n");
}

#[test]
fn no_link_and_no_parent_directory_leads_out_of_tmp() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("secret"), "reached").unwrap();
    let path = outside.path().to_str().unwrap();
    let source = "
host = '@HOST@'
os.mkdir('/tmp/d'); os.chdir('/tmp/d')
up = '../' * 12 + host[1:]
targets = [host, host + '/secret', up, up + '/secret', '/', '..', '../..', '/proc/self/root' + host, '/tmp/..' + host, '/tmp/d/../..' + host]
reached = []
def attempt(path):
    for call in (lambda: open(path).read(), lambda: os.listdir(path), lambda: open(path + '/secret').read(),
                 lambda: open(path + '/written', 'w').write('x'), lambda: os.mkdir(path + '/made'), lambda: os.remove(path + '/secret'),
                 lambda: os.rename(path + '/secret', '/tmp/taken'), lambda: os.link(path, '/tmp/linked'), lambda: os.chdir(path) or os.listdir('.')):
        found = outcome(call)
        os.chdir('/tmp/d')
        if 'reached' in str(found) or 'secret' in str(found): reached.append((path, found))
for number, target in enumerate(targets):
    attempt(target)
    for folder in '/tmp', '/tmp/d':
        link = '%s/link%d' % (folder, number)
        outcome(os.symlink, target, link)
        attempt(link)
        attempt(link + '/' + host)
        attempt(link + '/../' + up)
print reached
"
    .replace("@HOST@", path);
    assert_prints(&source, "[]\n");
    let left: Vec<_> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(left, ["secret"]);
    assert_eq!(
        fs::read_to_string(outside.path().join("secret")).unwrap(),
        "reached"
    );
}

#[test]
fn links_inside_tmp_work() {
    assert_prints(
        "
open('/tmp/file', 'w').write('text'); os.mkdir('/tmp/folder')
os.symlink('file', '/tmp/soft'); os.symlink('/tmp/folder', '/tmp/absolute'); os.link('/tmp/file', '/tmp/hard')
open('/tmp/absolute/inside', 'w').close()
print os.readlink('/tmp/soft'), open('/tmp/soft').read(), os.listdir('/tmp/folder'), os.stat('/tmp/hard').st_nlink
print os.path.samefile('/tmp/file', '/tmp/soft'), outcome(os.symlink, 'file', '/tmp/soft'), outcome(os.readlink, '/tmp/file')
os.remove('/tmp/soft'); os.remove('/tmp/file')
print open('/tmp/hard').read(), os.listdir('/tmp/folder'), outcome(open, '/tmp/file')
",
        "file text ['inside'] 2\nTrue EEXIST EINVAL\ntext ['inside'] ENOENT\n",
    );
}

#[test]
fn renaming_and_removing_go_by_the_rules_of_linux() {
    assert_prints(
        "
for name in 'ab': open('/tmp/' + name, 'w').write(name)
os.mkdir('/tmp/empty'); os.makedirs('/tmp/full/sub')
os.rename('/tmp/a', '/tmp/b')
print open('/tmp/b').read(), sorted(os.listdir('/tmp'))
print outcome(os.rename, '/tmp/empty', '/tmp/b'), outcome(os.rename, '/tmp/b', '/tmp/empty'), outcome(os.rename, '/tmp/empty', '/tmp/full')
print outcome(os.mkdir, '/tmp/full'), outcome(os.rmdir, '/tmp/full'), outcome(os.remove, '/tmp/full'), outcome(os.rmdir, '/tmp/b')
print outcome(open, '/tmp/full', 'w'), outcome(open, '/tmp/b/x'), outcome(os.listdir, '/tmp/b'), outcome(open, '/tmp/' + 'x' * 300, 'w')
print outcome(os.open, '/tmp/b', os.O_CREAT | os.O_EXCL | os.O_WRONLY), outcome(os.remove, '/tmp/none'), outcome(os.rename, '/tmp/full', '/tmp/full/sub/x')
os.rename('/tmp/full', '/tmp/moved'); os.removedirs('/tmp/moved/sub')
print sorted(os.listdir('/tmp')), os.access('/tmp/b', os.W_OK), os.access('/tmp/none', os.F_OK)
",
        "a ['b', 'empty', 'full']\nENOTDIR EISDIR ENOTEMPTY\nEEXIST ENOTEMPTY EISDIR ENOTDIR\n\
        EISDIR ENOTDIR ENOTDIR ENAMETOOLONG\nEEXIST ENOENT EINVAL\n['b', 'empty'] True False\n",
    );
}

#[test]
fn files_are_read_written_cut_and_extended_as_on_linux() {
    assert_prints(
        "
descriptor = os.open('/tmp/f', os.O_RDWR | os.O_CREAT)
os.write(descriptor, '0123456789'); os.ftruncate(descriptor, 4); os.lseek(descriptor, 1, os.SEEK_SET)
print os.read(descriptor, 100), os.fstat(descriptor).st_size
file = os.fdopen(descriptor, 'r+'); file.seek(-1, os.SEEK_END); file.write('XY'); file.close()
print open('/tmp/f').read(), outcome(os.read, descriptor, 1)
file = open('/tmp/f', 'a+'); file.seek(0); file.write('end'); file.seek(0); print file.read(), file.tell(); file.close()
file = open('/tmp/f', 'r+'); file.truncate(2); file.seek(5); file.write('z'); file.close(); print repr(open('/tmp/f').read())
file = open('/tmp/gone', 'w+'); os.remove('/tmp/gone'); file.write('still'); file.seek(0); print file.read(), os.listdir('/tmp')
print outcome(open('/tmp/f').write, 'x'), outcome(open('/tmp/f', 'w').read), os.path.getsize('/tmp/f')
print open('/dev/null').read() == '', outcome(open('/dev/null', 'w').write, 'x')
",
        "123 4\n012XY EBADF\n012XYend 8\n'01\\x00\\x00\\x00z'\nstill ['f']\nFile not open for writing File not open for reading 0\nTrue None\n",
    );
}

#[test]
fn the_librarys_file_tools_work() {
    assert_prints(
        "
import glob, shutil, shelve, tempfile, zipfile
with tempfile.NamedTemporaryFile(suffix='.pdf') as file:
    file.write('x'); file.flush(); name = file.name
    print name.startswith('/tmp/tmp') and name.endswith('.pdf'), os.path.getsize(name)
print os.path.exists(name), tempfile.gettempdir(), outcome(os.chmod, name, 0600), outcome(os.utime, name, None)
file = tempfile.TemporaryFile(); file.write('y' * 5000); file.seek(4999); print file.read(), os.listdir('/tmp'); file.close()
os.makedirs('/tmp/a/b'); open('/tmp/a/b/c', 'w').write('deep')
os.chmod('/tmp/a/b/c', 0600); os.utime('/tmp/a/b/c', None)
shutil.copytree('/tmp/a', '/tmp/copy'); shutil.copy('/hook/hook.py', '/tmp/a'); shutil.copy2('/tmp/a/b/c', '/tmp/a/d')
shutil.move('/tmp/a/d', '/tmp/copy/b'); shutil.rmtree('/tmp/a')
print [(folder, sorted(files)) for folder, _, files in os.walk('/tmp')], glob.glob('/tmp/*/b/?')
zipped = zipfile.ZipFile('/tmp/z.zip', 'w'); zipped.write('/tmp/copy/b/c', 'c'); zipped.close(); print zipfile.ZipFile('/tmp/z.zip').read('c')
shelf = shelve.open('/tmp/shelf'); shelf['key'] = [1]; shelf.close(); print dict(shelve.open('/tmp/shelf'))
",
        "True 1\nFalse /tmp ENOENT ENOENT\ny []\n\
        [('/tmp', []), ('/tmp/copy', []), ('/tmp/copy/b', ['c', 'd'])] ['/tmp/copy/b/c', '/tmp/copy/b/d']\ndeep\n{'key': [1]}\n",
    );
}

#[test]
fn a_directory_of_many_files_and_names_outside_ascii_are_listed_whole() {
    assert_prints(
        "
names = ['%04d-%s' % (number, 'n' * (number % 200)) for number in range(900)]
for name in names: open('/tmp/' + name, 'w').close()
print sorted(os.listdir('/tmp')) == names
open(u'/tmp/\\xe9', 'w').write('x')
print '\\xc3\\xa9' in os.listdir('/tmp'), u'\\xe9' in os.listdir(u'/tmp'), open('/tmp/\\xc3\\xa9').read()
",
        "True\nTrue True x\n",
    );
}
