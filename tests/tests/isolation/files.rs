//! No file outside of /tmp and the read-only library, by any name, link or descriptor.

use crate::attack::{Attack, contained, fails, sees};

const NAMES: &[Attack] = &[
    sees("absolute path", "attempt(open, '/etc/passwd')", "IOError 2"),
    sees(
        "the script's neighbour on the host",
        "attempt(open, 'canary.txt'); attempt(open, '/hook/canary.txt')",
        "IOError 2\nIOError 2",
    ),
    sees(
        "dots",
        "attempt(open, '/tmp/../etc/passwd'); attempt(open, '../' * 50 + 'etc/passwd')",
        "IOError 2\nIOError 2",
    ),
    sees(
        "dots below the script",
        "attempt(open, '/hook/../../etc/passwd')",
        "IOError 2",
    ),
    sees(
        "dots below a file",
        "attempt(open, '/hook/hook.py/../../etc/passwd')",
        "IOError 2",
    ),
    sees(
        "slashes",
        "attempt(open, '//etc//passwd'); attempt(open, '/./etc/./passwd')",
        "IOError 2\nIOError 2",
    ),
    sees(
        "/proc",
        "for name in 'self/environ', 'self/root/etc/passwd', '1/cmdline', 'self/fd/3', 'self/mem': attempt(open, '/proc/' + name)",
        "IOError 2\nIOError 2\nIOError 2\nIOError 2\nIOError 2",
    ),
    sees(
        "/sys and /run",
        "for name in '/sys/kernel', '/run', '/var/run/docker.sock', '/root/.ssh': attempt(__import__('os').listdir, name)",
        "OSError 2\nOSError 2\nOSError 2\nOSError 2",
    ),
    sees(
        "devices",
        "for name in 'mem', 'kmsg', 'sda', 'tty', 'fd/0', 'shm', 'ptmx', 'kvm': attempt(open, '/dev/' + name)",
        "IOError 2\nIOError 2\nIOError 2\nIOError 2\nIOError 2\nIOError 2\nIOError 2\nIOError 2",
    ),
    sees(
        "the root's list",
        "import os\nprint sorted(os.listdir('/')), os.listdir('/tmp'), os.listdir('/hook')",
        "['dev', 'hook', 'tmp', 'usr'] [] ['hook.py']",
    ),
    sees(
        "NUL in a name",
        "attempt(open, '/tmp/a\\0/../etc/passwd')",
        "TypeError",
    ),
    sees(
        "a name of a megabyte",
        "attempt(open, '/tmp/' + 'a' * 1000000)",
        "IOError 36",
    ),
    sees(
        "a name of 256 bytes",
        "attempt(open, '/tmp/' + 'a' * 256, 'w')",
        "IOError 36",
    ),
    sees(
        "a path of ten thousand directories",
        "attempt(open, '/tmp/' + 'a/' * 10000 + 'b')",
        "IOError 36",
    ),
    sees(
        "encoded dots stay names",
        "import os\nfor name in '..%2fetc', '..\\\\etc', '\\xc0\\xae\\xc0\\xae', '...', '~', '$HOME':\n    open('/tmp/' + name, 'w').close()\nprint len(os.listdir('/tmp'))",
        "6",
    ),
    sees(
        "line ends and control characters",
        "import os\nnames = ['a\\nb', '\\x1b[2J', '\\r', '\\xff\\xfe']\nfor name in names: open('/tmp/' + name, 'w').close()\nprint sorted(os.listdir('/tmp')) == sorted(names)",
        "True",
    ),
];

const LINKS: &[Attack] = &[
    sees(
        "a link to a file of the host",
        "import os\nattempt(os.symlink, '/etc/passwd', '/tmp/link')\nattempt(open, '/tmp/link'); attempt(os.stat, '/tmp/link'); attempt(open, '/tmp/link', 'w')",
        "None\nIOError 2\nOSError 2\nIOError 2",
    ),
    sees(
        "a relative link out of /tmp",
        "import os\nattempt(os.symlink, '../etc/passwd', '/tmp/link')\nattempt(open, '/tmp/link')",
        "None\nIOError 2",
    ),
    sees(
        "a link far up",
        "import os\nattempt(os.symlink, '../' * 100 + 'etc/passwd', '/tmp/link')\nattempt(open, '/tmp/link')",
        "None\nIOError 2",
    ),
    sees(
        "a link to /proc/self/root",
        "import os\nattempt(os.symlink, '../proc/self/root', '/tmp/root')\nattempt(os.listdir, '/tmp/root')",
        "None\nOSError 2",
    ),
    sees(
        "links in a circle",
        "import os\nos.symlink('a', '/tmp/b'); os.symlink('b', '/tmp/a')\nattempt(open, '/tmp/a')",
        "IOError 40",
    ),
    sees(
        "forty links one after the other",
        "import os\nos.symlink('.', '/tmp/l0')\nfor n in range(60): os.symlink('l%d' % n, '/tmp/l%d' % (n + 1))\nattempt(os.stat, '/tmp/l60')",
        "OSError 40",
    ),
    sees(
        "a directory swapped for a link",
        "import os\nos.mkdir('/tmp/d'); os.rename('/tmp/d', '/tmp/e'); os.symlink('../etc', '/tmp/d')\nattempt(open, '/tmp/d/passwd')",
        "IOError 2",
    ),
    sees(
        "writing through a link",
        "import os\nos.symlink('../hook/hook.py', '/tmp/link')\nattempt(open, '/tmp/link', 'w')",
        "IOError 30",
    ),
    sees(
        "a hard link to a file of the host",
        "import os\nattempt(os.link, '/etc/passwd', '/tmp/x')",
        "OSError 2",
    ),
    sees(
        "a hard link to the library",
        "import os\nattempt(os.link, '/hook/hook.py', '/tmp/x'); attempt(os.link, '/usr/lib/python2.7', '/tmp/y')",
        "OSError 30\nOSError 30",
    ),
    sees(
        "renames across",
        "import os\nopen('/tmp/a', 'w').close()\nattempt(os.rename, '/tmp/a', '/a'); attempt(os.rename, '/hook/hook.py', '/tmp/b'); attempt(os.rename, '/usr', '/tmp/usr')",
        "OSError 30\nOSError 30\nOSError 30",
    ),
    sees(
        "renaming /tmp itself",
        "import os\nattempt(os.rename, '/tmp', '/tmp2'); attempt(os.rmdir, '/tmp')\nprint os.path.isdir('/tmp')",
        "OSError 30\nOSError 1\nTrue",
    ),
    sees(
        "what a link says is its own",
        "import os\nattempt(os.readlink, '/proc/self/exe'); attempt(os.readlink, '/usr')",
        "OSError 2\nOSError 22",
    ),
];

const WRITING: &[Attack] = &[
    sees(
        "the library",
        "attempt(open, '/usr/lib/python2.7/os.py', 'w'); attempt(open, '/usr/lib/python2.7/os.py', 'r+')",
        "IOError 30\nIOError 30",
    ),
    sees(
        "a new module in the library",
        "attempt(open, '/usr/lib/python2.7/evil.py', 'w')",
        "IOError 30",
    ),
    sees(
        "the script",
        "import os\nattempt(open, '/hook/hook.py', 'a'); attempt(os.unlink, '/hook/hook.py'); attempt(os.chmod, '/hook/hook.py', 0777)",
        "IOError 30\nOSError 30\nOSError 30",
    ),
    sees(
        "directories elsewhere",
        "import os\nfor name in '/x', '/hook/x', '/usr/x', '/dev/x': attempt(os.mkdir, name)",
        "OSError 30\nOSError 30\nOSError 30\nOSError 30",
    ),
    sees(
        "devices made",
        "import os\nattempt(os.mknod, '/tmp/d', 020666, 0x103); attempt(os.mkfifo, '/tmp/f'); print hasattr(os, 'chroot')",
        "OSError 1\nOSError 38\nFalse",
    ),
    sees(
        "set-user-id",
        "import os\nopen('/tmp/x', 'w').close()\nattempt(os.chmod, '/tmp/x', 04777)\nprint oct(os.stat('/tmp/x').st_mode & 07777)",
        "None\n04777",
    ),
    sees(
        "a file of a terabyte",
        "f = open('/tmp/x', 'w')\nf.seek(1 << 40)\nattempt(f.write, 'x'); attempt(f.flush)",
        "None\nIOError 28",
    ),
    sees(
        "truncated to a terabyte",
        "f = open('/tmp/x', 'w')\nattempt(f.truncate, 1 << 40)",
        "IOError 28",
    ),
    sees(
        "beyond 64 bits",
        "import os\nf = os.open('/tmp/x', os.O_CREAT | os.O_RDWR)\nattempt(os.lseek, f, -1, 0); attempt(os.lseek, f, (1 << 63) - 1, 0); attempt(os.lseek, f, (1 << 63) - 1, 1)",
        "OSError 22\n9223372036854775807\nOSError 22",
    ),
    fails(
        "/tmp filled",
        "f = open('/tmp/x', 'w')\nwhile True: f.write('x' * 65536)",
        "IOError: [Errno 28] No space left on device",
    ),
    fails(
        "files without end",
        "import itertools\nfor n in itertools.count(): open('/tmp/%d' % n, 'w').close()",
        "IOError: [Errno 28] No space left on device: '/tmp/1000'",
    ),
    fails(
        "directories without end",
        "import os\nos.chdir('/tmp')\nwhile True:\n    os.mkdir('d'); os.chdir('d')",
        "OSError: [Errno 28] No space left on device: 'd'",
    ),
];

const DESCRIPTORS: &[Attack] = &[
    sees(
        "the host's descriptors",
        "import os\nfor fd in range(4, 64): \n    try: os.read(fd, 1); print 'read', fd\n    except OSError as error: assert error.errno == 9\nprint 'none'",
        "none",
    ),
    sees(
        "the root's descriptor",
        "import os\nattempt(os.read, 3, 1); attempt(os.close, 3); attempt(os.listdir, '/tmp')",
        "OSError 21\nOSError 95\n[]",
    ),
    sees(
        "numbers out of range",
        "import os\nfor fd in -1, 2 ** 31 - 1, -2 ** 31: attempt(os.fstat, fd)",
        "OSError 9\nOSError 9\nOSError 9",
    ),
    sees(
        "standard error for another's",
        "import os\nattempt(os.dup2, 2, 63)\nattempt(os.write, 63, '')",
        "None\n0",
    ),
    sees(
        "descriptors left open",
        "files = [open('/hook/hook.py') for _ in range(200)]\nimport os; os._exit(0)",
        "",
    ),
    fails(
        "descriptors without end",
        "import os\nwhile True: os.dup(1)",
        "OSError: [Errno 24] No file descriptors available",
    ),
    fails(
        "pipes without end",
        "import os\nwhile True: os.pipe()",
        "OSError: [Errno 24] No file descriptors available",
    ),
    sees("everything closed", "import os\nos.closerange(0, 256)", ""),
];

#[test]
fn no_file_of_the_host_has_a_name() {
    contained("names", "5s", NAMES);
}

#[test]
fn no_link_leads_out() {
    contained("links", "5s", LINKS);
}

#[test]
fn nothing_but_tmp_can_be_written_and_that_within_its_quota() {
    contained("writing", "5s", WRITING);
}

#[test]
fn descriptors_are_the_runs_own() {
    contained("descriptors", "5s", DESCRIPTORS);
}
