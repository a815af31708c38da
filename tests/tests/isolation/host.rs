//! Nothing of the machine: no environment, arguments, users, processes, network interfaces, and no way to native code.

use crate::attack::{Attack, TIME, contained, ends, fails, sees};

const ABOUT: &[Attack] = &[
    sees(
        "the environment",
        "import os\nprint 'CANARY' in os.environ, os.getenv('PATH'), os.getenv('HOME')",
        "False /usr/local/bin:/usr/bin:/bin /tmp",
    ),
    sees(
        "the environment's size",
        "import os\nprint sorted(os.environ)",
        "['HOME', 'LANG', 'PATH', 'PYTHONDONTWRITEBYTECODE', 'PYTHONIOENCODING', 'TMPDIR', 'TZ', 'USER']",
    ),
    sees(
        "arguments",
        "import sys\nprint sys.argv",
        "['/hook/hook.py']",
    ),
    sees(
        "the host's name",
        "import socket, platform, os\nprint socket.gethostname(), platform.node(), os.uname()[1]",
        "codehook localhost localhost",
    ),
    sees(
        "users",
        "import os\nprint os.getuid(), os.geteuid(), os.getgid(), os.getgroups()",
        "1000 1000 1000 [1000]",
    ),
    sees(
        "who is logged in",
        "import os, getpass\nprint hasattr(os, 'getlogin'), getpass.getuser()",
        "False codehook",
    ),
    sees(
        "processes",
        "import os\nprint os.getpid(), os.getppid()",
        "42 1",
    ),
    sees(
        "the clock's grain",
        "import time\nsteps = set()\nlast = time.time()\nend = last + 0.2\nwhile last < end:\n    now = time.time()\n    if now != last: steps.add(now - last)\n    last = now\nprint min(steps) >= 0.9e-6",
        "True",
    ),
    sees(
        "load and processors",
        "import os, multiprocessing\nprint hasattr(os, 'getloadavg'), multiprocessing.cpu_count()",
        "False 1",
    ),
    sees(
        "mounts and disks",
        "import os\nprint os.stat('/').st_dev == os.stat('/hook').st_dev, os.stat('/hook/hook.py').st_uid",
        "True 0",
    ),
    sees(
        "the program's path",
        "import sys\nprint repr(sys.executable), sys.prefix",
        "'/usr/bin/python2.7' /usr",
    ),
    sees(
        "name look-ups without leave",
        "import socket\nattempt(socket.gethostbyname, 'localhost'); attempt(socket.getaddrinfo, 'example.com', 80)",
        "'127.0.0.1'\n[(2, 1, 6, '', ('example.com', 80))]",
    ),
];

const PROCESSES: &[Attack] = &[
    sees("fork", "import os\nattempt(os.fork)", "OSError 38"),
    sees(
        "exec",
        "import os\nattempt(os.execv, '/bin/sh', ['sh'])",
        "OSError 38",
    ),
    sees(
        "system",
        "import os\nattempt(os.system, 'id')",
        "OSError 38",
    ),
    sees("popen", "import os\nattempt(os.popen, 'id')", "OSError 38"),
    sees(
        "subprocess",
        "import subprocess\nattempt(subprocess.check_output, ['id'])",
        "OSError 38",
    ),
    sees(
        "multiprocessing",
        "import multiprocessing\nattempt(multiprocessing.Process(target=id).start)",
        "OSError 38",
    ),
    sees(
        "killing others",
        "import os, signal\nattempt(os.kill, 1000000, 9); attempt(os.kill, -1, 9); attempt(os.killpg, 0, 9)",
        "OSError 38\nOSError 38\nOSError 38",
    ),
    fails(
        "killing itself",
        "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)",
        "Killed",
    ),
    ends("aborting", "import os\nos.abort()", &["crashed"]),
    ends("leaving at once", "import os\nos._exit(255)", &["failed"]),
    ends(
        "exit code of 256 bits",
        "import sys\nsys.exit(1 << 256)",
        &["failed"],
    ),
    sees(
        "native code",
        "try: import ctypes; print 'ctypes'\nexcept ImportError: print 'none'",
        "none",
    ),
    sees(
        "a shared object",
        "import imp\nopen('/tmp/evil.so', 'w').write('\\x7fELF')\ntry: print imp.load_dynamic('evil', '/tmp/evil.so')\nexcept (ImportError, AttributeError): print 'none'",
        "none",
    ),
    sees(
        "sockets",
        "import socket\nattempt(socket.socket, socket.AF_INET, socket.SOCK_RAW)\ns = socket.create_connection(('127.0.0.1', 22), 1)\nattempt(s.sendall, 'SSH-2.0-x\\r\\n\\r\\n'); attempt(s.recv, 100)",
        "error 93\nerror 93\nerror 93",
    ),
    sees(
        "a listening socket",
        "import socket\ns = socket.socket()\nattempt(s.bind, ('0.0.0.0', 8080)); attempt(s.listen, 5)",
        "error 13\nerror 13",
    ),
    sees(
        "local sockets",
        "import socket\nattempt(getattr, socket, 'AF_UNIX')",
        "AttributeError",
    ),
    sees(
        "shared memory",
        "import mmap\nattempt(mmap.mmap, -1, 1 << 31)",
        "error 12",
    ),
    sees(
        "limits raised",
        "import resource\nattempt(resource.setrlimit, resource.RLIMIT_AS, (-1, -1))",
        "None",
    ),
    ends(
        "handlers that never give up",
        "import signal\ndef again(*_):\n    while True: pass\nfor s in range(1, 32):\n    try: signal.signal(s, again)\n    except Exception: pass\nwhile True: pass",
        TIME,
    ),
];

#[test]
fn nothing_is_told_of_the_machine() {
    contained("host", "5s", ABOUT);
}

#[test]
fn there_are_no_processes_and_no_native_code() {
    contained("processes", "5s", PROCESSES);
}
