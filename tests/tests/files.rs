//! Files in `/tmp` behave as scripts written for Linux expect, and more runs than the pool holds wait for their turn.

use codehook_sandbox::{Outcome, Purpose};
use codehook_tests::{TestRun, block_on, prints, run, stderr, stdout};

#[test]
fn an_empty_path_names_nothing() {
    prints(
        "import os\n\
         open('/tmp/here', 'w').close()\n\
         os.chdir('/tmp')\n\
         for call in (lambda: open(''), lambda: open('', 'w'), lambda: os.open('', os.O_RDONLY), lambda: os.mkdir(''), lambda: os.listdir(''),\n\
         \x20            lambda: os.rmdir(''), lambda: os.unlink(''), lambda: os.rename('', 'there'), lambda: os.rename('here', ''),\n\
         \x20            lambda: os.stat(''), lambda: os.lstat(''), lambda: os.chdir(''), lambda: os.utime('', None), lambda: os.readlink(''),\n\
         \x20            lambda: os.link('here', ''), lambda: os.symlink('here', ''), lambda: os.chmod('', 0600), lambda: os.statvfs('')):\n\
         \x20   try:\n\
         \x20       print call()\n\
         \x20   except EnvironmentError as error:\n\
         \x20       print error.errno,\n\
         print os.access('', os.F_OK), os.listdir('.'), os.getcwd()\n",
        "2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 False ['here'] /tmp\n",
    );
}

#[test]
fn a_link_is_told_from_what_it_points_to() {
    prints(
        concat!(
            "import os, shutil\n",
            "os.mkdir('/tmp/keep')\nopen('/tmp/keep/x', 'w').close()\n",
            "os.mkdir('/tmp/tree')\nos.symlink('../keep', '/tmp/tree/link')\n",
            "print os.path.islink('/tmp/tree/link'), os.path.isdir('/tmp/tree/link'), os.path.islink('/tmp/keep')\n",
            "os.symlink('nothing', '/tmp/dangling')\n",
            "print os.path.lexists('/tmp/dangling'), os.path.exists('/tmp/dangling')\n",
            "shutil.rmtree('/tmp/tree')\n",
            "print os.listdir('/tmp/keep'), os.path.exists('/tmp/tree')\n",
        ),
        "True True False\nTrue False\n['x'] False\n",
    );
}

#[test]
fn an_open_file_is_the_one_its_path_names() {
    prints(
        concat!(
            "import os\n",
            "open('/tmp/f', 'w').close()\n",
            "for path in (__file__, os.__file__, '/tmp/f'):\n",
            "    with open(path) as f: print os.path.samestat(os.fstat(f.fileno()), os.stat(path))\n",
        ),
        "True\nTrue\nTrue\n",
    );
}

#[test]
fn a_loop_of_links_reads_as_one() {
    prints(
        "import os, errno\nos.symlink('a', '/tmp/b')\nos.symlink('b', '/tmp/a')\ntry: open('/tmp/a')\nexcept IOError as e: print e.errno == errno.ELOOP\n",
        "True\n",
    );
}

#[test]
fn what_a_hook_packs_up_can_be_read_where_it_is_unpacked() {
    prints(
        concat!(
            "import os, stat, tarfile, zipfile\n",
            "open('/tmp/f', 'w').close()\nos.mkdir('/tmp/d')\n",
            "print oct(stat.S_IMODE(os.stat('/tmp/f').st_mode)), oct(stat.S_IMODE(os.stat('/tmp/d').st_mode))\n",
            "print os.stat('/tmp/f').st_uid == os.getuid()\n",
            "zipfile.ZipFile('/tmp/z', 'w').write('/tmp/f')\n",
            "print oct(int(zipfile.ZipFile('/tmp/z').infolist()[0].external_attr >> 16))\n",
            "tarfile.open('/tmp/t', 'w').add('/tmp/f')\n",
            "print os.access('/tmp/f', os.R_OK)\n",
        ),
        "0644 0755\nTrue\n0100644\nTrue\n",
    );
}

#[test]
fn permission_bits_are_kept_and_hold() {
    prints(
        concat!(
            "import os, stat\n",
            "def mode(path): return oct(stat.S_IMODE(os.stat(path).st_mode))\n",
            "open('/tmp/f', 'w').write('x')\nos.chmod('/tmp/f', 0o400)\nprint mode('/tmp/f'), os.access('/tmp/f', os.W_OK)\n",
            "try: open('/tmp/f', 'a')\nexcept IOError as e: print e.strerror\n",
            "os.chmod('/tmp/f', 0)\n",
            "try: open('/tmp/f')\nexcept IOError as e: print e.strerror\n",
            "print oct(os.umask(0o077))\nos.mkdir('/tmp/d')\nos.close(os.open('/tmp/g', os.O_CREAT | os.O_WRONLY, 0o755))\n",
            "open('/tmp/h', 'w').close()\nprint mode('/tmp/d'), mode('/tmp/g'), mode('/tmp/h')\n",
            "os.chmod('/tmp/d', 0o500)\n",
            "try: open('/tmp/d/x', 'w')\nexcept IOError as e: print e.strerror\n",
        ),
        "0400 False\nPermission denied\nPermission denied\n022\n0700 0700 0600\nPermission denied\n",
    );
}

#[test]
fn copies_of_a_descriptor_share_its_position() {
    prints(
        concat!(
            "import os, fcntl\n",
            "a = os.open('/tmp/f', os.O_RDWR | os.O_CREAT)\nb = os.dup(a)\nc = fcntl.fcntl(a, fcntl.F_DUPFD, 20)\n",
            "os.write(a, 'abcdef')\nos.lseek(b, 2, 0)\nprint os.read(a, 2), c\nos.close(a)\nprint os.read(b, 1), os.read(c, 9)\n",
            "saved = os.dup(1)\nos.dup2(c, 1)\nos.write(1, 'in the file')\nos.dup2(saved, 1)\nos.close(saved)\nprint open('/tmp/f').read()\n",
        ),
        "cd 20\ne f\nabcdefin the file\n",
    );
}

#[test]
fn times_that_a_script_sets_are_shown() {
    prints(
        "import os\nopen('/tmp/f', 'w').close()\nos.utime('/tmp/f', (1000000000, 1234567890.5))\ns = os.stat('/tmp/f')\nprint s.st_atime, s.st_mtime\n",
        "1000000000.0 1234567890.5\n",
    );
}

#[test]
fn links_keep_their_text_and_lead_nowhere_outside() {
    prints(
        concat!(
            "import os\n",
            "os.symlink('/etc/passwd', '/tmp/a')\nos.symlink('/tmp/../../../..', '/tmp/b')\nos.symlink('/usr/lib/python2.7', '/tmp/lib')\n",
            "print os.readlink('/tmp/a'), os.path.exists('/tmp/a'), sorted(os.listdir('/tmp/b'))\n",
            "print os.path.exists('/tmp/lib/os.pyc'), os.path.realpath('/tmp/lib/../x')\n",
            "os.mkdir('/tmp/d')\nos.symlink('d/../d', '/tmp/e')\nopen('/tmp/e/f', 'w').write('x')\nprint os.listdir('/tmp/d')\n",
        ),
        "/etc/passwd False ['dev', 'hook', 'tmp', 'usr']\nTrue /usr/lib/x\n['f']\n",
    );
}

#[test]
fn names_may_be_any_bytes() {
    prints(
        "import os\nopen('/tmp/\\xff\\xfe-\\xc3\\xa9', 'w').close()\nprint os.listdir('/tmp'), [repr(n) for n in os.listdir(u'/tmp')]\nos.unlink('/tmp/\\xff\\xfe-\\xc3\\xa9')\nprint os.listdir('/tmp')\n",
        "['\\xff\\xfe-\\xc3\\xa9'] [\"'\\\\xff\\\\xfe-\\\\xc3\\\\xa9'\"]\n[]\n",
    );
}

#[test]
fn a_pipe_carries_bytes_between_threads_and_never_hangs() {
    prints(
        concat!(
            "import os, threading, errno\n",
            "r, w = os.pipe()\n",
            "try: os.read(r, 1)\nexcept OSError as e: print e.errno == errno.EDEADLK\n",
            "got = []\nt = threading.Thread(target=lambda: got.append(os.read(r, 100)))\nt.start()\n",
            "os.write(w, 'hello')\nt.join()\nprint got\nos.close(w)\nprint repr(os.read(r, 1))\n",
        ),
        "True\n['hello']\n''\n",
    );
}

#[test]
fn devices_are_there() {
    prints(
        concat!(
            "import os, errno\n",
            "print repr(open('/dev/zero').read(3)), len(open('/dev/urandom', 'rb').read(16)), repr(open('/dev/null').read())\n",
            "try: os.write(os.open('/dev/full', os.O_WRONLY), 'x')\nexcept OSError as e: print e.errno == errno.ENOSPC\n",
            "print sorted(os.listdir('/dev')), os.isatty(os.open('/dev/null', 0))\n",
        ),
        "'\\x00\\x00\\x00' 16 ''\nTrue\n['full', 'null', 'random', 'urandom', 'zero'] False\n",
    );
}

#[test]
fn a_memory_map_is_written_back_to_its_file() {
    prints(
        concat!(
            "import mmap\n",
            "open('/tmp/f', 'w').write('hello world')\n",
            "f = open('/tmp/f', 'r+b')\nm = mmap.mmap(f.fileno(), 0)\nm[0:5] = 'HELLO'\nm.flush()\nprint open('/tmp/f').read()\n",
            "m[6:] = 'WORLD'\nm.close()\nprint open('/tmp/f').read()\n",
        ),
        "HELLO world\nHELLO WORLD\n",
    );
}

#[test]
fn the_space_that_a_script_sees_is_its_quota() {
    let report =
        run("import os\ns = os.statvfs('/tmp')\nprint s.f_blocks * s.f_frsize, s.f_files\n");
    let limits = codehook_sandbox::RunLimits::default();
    assert_eq!(
        stdout(&report),
        format!("{} {}\n", limits.tmp_bytes, limits.tmp_files)
    );
}

#[test]
fn sqlite_keeps_a_database_in_a_file_or_in_memory() {
    prints(
        concat!(
            "import sqlite3\n",
            "for where in (':memory:', '/tmp/a.db'):\n",
            "    c = sqlite3.connect(where)\n",
            "    c.execute('create table users (name text, score real)')\n",
            "    c.executemany('insert into users values (?, ?)', [(u'j\\xe9', 1.5), ('k', 2)])\n",
            "    c.commit()\n",
            "    print c.execute('select count(*), sum(score) from users where name like ?', ('%',)).fetchone()\n",
            "c.close()\nprint sqlite3.connect('/tmp/a.db').execute('select name from users order by score').fetchall()\n",
        ),
        "(2, 3.5)\n(2, 3.5)\n[(u'j\\xe9',), (u'k',)]\n",
    );
}

#[test]
fn clock_starts_with_the_run() {
    prints(
        "import time\na = time.clock()\nx = sum(range(10**5))\nb = time.clock()\nprint 0 <= a < 5, b > a\n",
        "True True\n",
    );
}

#[test]
fn more_runs_than_the_pool_holds_wait_for_a_place() {
    const RUNS: usize = 40;
    block_on(async {
        let mut runs = tokio::task::JoinSet::new();
        for number in 0..RUNS {
            runs.spawn(async move {
                let source = format!("import time\ntime.sleep(0.05)\nprint {number}");
                let report = TestRun::new(source).perform(Purpose::Run).await;
                assert_eq!(report.outcome, Outcome::Succeeded, "{}", stderr(&report));
                assert_eq!(stdout(&report), format!("{number}\n"));
            });
        }
        while let Some(done) = runs.join_next().await {
            done.expect("a run that succeeds");
        }
    });
}
