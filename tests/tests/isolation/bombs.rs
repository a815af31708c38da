//! What takes time or memory without end: the limit is reached, the report says which.

use crate::attack::{Attack, MEMORY, TIME, contained, ends, fails, sees};

/// `print` descends through the list without a count of its own, on the native stack. Whether that or the time ends first is a
/// matter of the machine.
const STACK_OR_TIME: &[&str] = &["crashed", "timed_out"];

const TIMES: &[Attack] = &[
    ends("an empty loop", "while True: pass", TIME),
    ends(
        "a loop that catches everything",
        "while True:\n    try:\n        while True: pass\n    except: pass",
        TIME,
    ),
    ends(
        "finally again and again",
        "def f():\n    try: 1 / 0\n    finally: return f\nwhile True: f()",
        TIME,
    ),
    ends(
        "__del__ that never ends",
        "class A(object):\n    def __del__(self):\n        while True: pass\nA()",
        TIME,
    ),
    ends(
        "atexit that never ends",
        "import atexit\n@atexit.register\ndef last():\n    while True: pass",
        TIME,
    ),
    ends(
        "a trace function that never ends",
        "import sys\ndef trace(*_):\n    while True: pass\nsys.settrace(trace)\n(lambda: 1)()",
        TIME,
    ),
    ends(
        "a profile function that never ends",
        "import sys\ndef trace(*_):\n    while True: pass\nsys.setprofile(trace)\n(lambda: 1)()",
        TIME,
    ),
    ends(
        "an exit hook that never ends",
        "import sys\ndef hook(*_):\n    while True: pass\nsys.excepthook = hook\n1 / 0",
        TIME,
    ),
    ends(
        "a codec that never ends",
        "import codecs\ndef look(name):\n    while True: pass\ncodecs.register(look)\n'x'.decode('nothing')",
        TIME,
    ),
    ends(
        "an import hook that never ends",
        "import sys\nclass F(object):\n    def find_module(self, *_):\n        while True: pass\nsys.meta_path.append(F())\nimport nothing",
        TIME,
    ),
    ends("sleep", "import time\ntime.sleep(1e9)", TIME),
    ends(
        "sleep in small pieces",
        "import time\nwhile True: time.sleep(0.0001)",
        TIME,
    ),
    ends(
        "select",
        "import select\nselect.select([], [], [], 1e9)",
        TIME,
    ),
    ends(
        "a regular expression",
        "import re\nre.match('(a+)+$', 'a' * 64 + 'b')",
        TIME,
    ),
    ends(
        "a regular expression with back references",
        "import re\nre.match(r'(a*)*\\1b', 'a' * 200)",
        TIME,
    ),
    ends("a power tower", "9 ** 9 ** 9", TIME),
    ends("digits of a large number", "str(7 ** 3000000)", TIME),
    ends("a number of many digits", "int('9' * 3000000)", TIME),
    ends(
        "a large product",
        "x = 3 ** 10000000\nwhile True: x * x",
        TIME,
    ),
    ends(
        "a large quotient",
        "x = 3 ** 1000000\ny = 7 ** 300000\nwhile True: x // y",
        TIME,
    ),
    ends("pow", "pow(3, 10 ** 100000, 10 ** 100000 + 1)", TIME),
    ends(
        "one string in another",
        "('a' * 4000000).count('a' * 1000000 + 'b')\nwhile True: ('a' * 10000000).find('a' * 5000000 + 'b')",
        TIME,
    ),
    ends(
        "a pass over much memory again and again",
        "x = 'a' * 30000000\nwhile True: x.find('b')",
        TIME,
    ),
    ends("sums over ranges", "sum(xrange(2 ** 31 - 1))", TIME),
    ends(
        "a sort with a comparison that never ends",
        "def compare(a, b):\n    while True: pass\nsorted([1, 2], compare)",
        TIME,
    ),
    ends(
        "keys that collide",
        "class K(object):\n    def __init__(self, n): self.n = n\n    def __hash__(self): return 1\n    def __eq__(self, other): return self.n == other.n\nd = {}\nfor n in xrange(10 ** 6): d[K(n)] = n",
        TIME,
    ),
    ends(
        "numbers that collide",
        "d = {}\nfor n in xrange(10 ** 6): d[n << 32] = n\nwhile True: pass",
        MEMORY,
    ),
    ends(
        "products of iterators",
        "import itertools\nfor x in itertools.product(range(100), repeat=10): pass",
        TIME,
    ),
    ends(
        "itertools in C alone",
        "import itertools, collections\ncollections.deque(itertools.repeat(1), maxlen=0)",
        TIME,
    ),
    fails(
        "a list that contains itself compared",
        "a = []; a.append(a)\nb = []; b.append(b)\na == b",
        "RuntimeError: maximum recursion depth exceeded in cmp",
    ),
    ends(
        "generators that call each other",
        "def g(): yield\nx = g()\nwhile True:\n    for _ in g(): pass",
        TIME,
    ),
    ends(
        "threads without end",
        "import threading\ndef run():\n    while True: pass\nwhile True: threading.Thread(target=run).start()",
        TIME,
    ),
    ends(
        "host calls without end",
        "import os\nwhile True: os.stat('/hook/hook.py')",
        TIME,
    ),
    sees(
        "a million host calls",
        "import os\nfor _ in xrange(10 ** 6): os.getcwd()\n",
        "",
    ),
    ends(
        "requests without end",
        "import urllib2\nwhile True:\n    try: urllib2.urlopen('http://10.0.0.1/')\n    except Exception: pass",
        TIME,
    ),
    ends("output without end", "while True: print 'x' * 1000", TIME),
    ends(
        "errors without end",
        "import sys\nwhile True: sys.stderr.write('x' * 1000)",
        TIME,
    ),
    sees(
        "source that is long to compile",
        "exec 'x = ' + '+'.join(['1'] * 200000)",
        "",
    ),
    fails(
        "deep copy of a deep list",
        "import copy\nx = []\nfor _ in range(100000): x = [x]\ncopy.deepcopy(x)",
        "RuntimeError: maximum recursion depth exceeded while calling a Python object",
    ),
];

const MEMORIES: &[Attack] = &[
    ends(
        "a list without end",
        "x = []\nwhile True: x.append(x[:])",
        MEMORY,
    ),
    ends(
        "a million small objects and more",
        "x = None\nwhile True: x = (x, object())",
        MEMORY,
    ),
    ends("a string of two gigabytes", "'x' * (2 ** 31 - 1)", MEMORY),
    ends("a string doubled", "x = 'x'\nwhile True: x += x", MEMORY),
    ends(
        "a bytearray that grows",
        "x = bytearray()\nwhile True: x.extend('x' * 100000)",
        MEMORY,
    ),
    ends(
        "a dictionary without end",
        "d = {}\nn = 0\nwhile True:\n    d[n] = n; n += 1",
        MEMORY,
    ),
    ends("a range as a list", "range(10 ** 9)", MEMORY),
    ends("padding", "'%2000000000d' % 1", MEMORY),
    ends("padding by format", "format(1, '2000000000d')", MEMORY),
    ends("unicode", "u'x' * 400000000", MEMORY),
    ends("joined", "''.join(['x' * 1000000] * 1000)", MEMORY),
    ends(
        "replaced",
        "('x' * 1000000).replace('x', 'y' * 1000)",
        MEMORY,
    ),
    fails(
        "expanded tabs",
        "('\\t' * 1000000).expandtabs(1000000)",
        "OverflowError: new string is too long",
    ),
    ends(
        "a struct",
        "import struct\nstruct.pack('2000000000s', '')",
        MEMORY,
    ),
    ends(
        "an array",
        "import array\narray.array('c', 'x') * (2 ** 31 - 1)",
        MEMORY,
    ),
    ends(
        "memory errors caught for ever",
        "x = []\nwhile True:\n    try: x.append('x' * 1000000)\n    except MemoryError: pass",
        TIME,
    ),
    ends(
        "buffers",
        "import cStringIO\nf = cStringIO.StringIO()\nwhile True: f.write('x' * 1000000)",
        MEMORY,
    ),
    ends(
        "a queue",
        "import Queue\nq = Queue.Queue()\nwhile True: q.put('x' * 1000000)",
        MEMORY,
    ),
    ends(
        "an exception that holds on",
        "def f(x):\n    y = 'x' * 1000000\n    f(y + x)\nf('')",
        MEMORY,
    ),
    ends(
        "tee",
        "import itertools\na, b = itertools.tee(itertools.count())\nfor x in a: pass",
        MEMORY,
    ),
];

const ARCHIVES: &[Attack] = &[
    ends(
        "gzip",
        "import zlib\nx = zlib.compress('\\0' * 50000000, 9)\nzlib.decompress(zlib.decompress(zlib.compress(x * 20)) )\ndata = [zlib.decompress(x) for _ in range(20)]",
        MEMORY,
    ),
    ends(
        "gzip in a file",
        "import gzip\nf = gzip.open('/tmp/x.gz', 'w')\nfor _ in range(300): f.write('\\0' * 1000000)\nf.close()\ngzip.open('/tmp/x.gz').read()",
        MEMORY,
    ),
    fails(
        "gzip out into /tmp",
        "import gzip, shutil\nf = gzip.open('/tmp/x.gz', 'w')\nfor _ in range(100): f.write('\\0' * 1000000)\nf.close()\nshutil.copyfileobj(gzip.open('/tmp/x.gz'), open('/tmp/y', 'w'))",
        "IOError: [Errno 28] No space left on device",
    ),
    ends(
        "bzip2",
        "import bz2\nx = bz2.compress('\\0' * 40000000)\ndata = [bz2.decompress(x) for _ in range(20)]",
        MEMORY,
    ),
    ends(
        "zip",
        "import zipfile\nz = zipfile.ZipFile('/tmp/x.zip', 'w', zipfile.ZIP_DEFLATED)\nfor n in range(10): z.writestr(str(n), '\\0' * 20000000)\nz.close()\nz = zipfile.ZipFile('/tmp/x.zip')\ndata = [z.read(n) for n in z.namelist()]",
        MEMORY,
    ),
    sees(
        "zip with paths out",
        "import zipfile, os\nz = zipfile.ZipFile('/tmp/x.zip', 'w')\nfor name in '../../etc/cron.d/x', '/etc/x', 'a/../../x': z.writestr(name, 'x')\nz.close()\nzipfile.ZipFile('/tmp/x.zip').extractall('/tmp/out')",
        "",
    ),
    fails(
        "tar with paths and links out",
        "import tarfile, StringIO\nt = tarfile.open('/tmp/x.tar', 'w')\ni = tarfile.TarInfo('l'); i.type = tarfile.SYMTYPE; i.linkname = '/etc'; t.addfile(i)\ni = tarfile.TarInfo('l/x'); i.size = 1; t.addfile(i, StringIO.StringIO('x'))\nt.close()\ntarfile.open('/tmp/x.tar').extractall('/tmp/out')",
        "OSError: [Errno 17] File exists: '/tmp/out/l'",
    ),
    ends(
        "a billion laughs",
        "import xml.dom.minidom\nx = '<!DOCTYPE l [<!ENTITY a0 \"ha\">' + ''.join('<!ENTITY a%d \"%s\">' % (n, ('&a%d;' % (n - 1)) * 10) for n in range(1, 10)) + ']><l>&a9;</l>'\nxml.dom.minidom.parseString(x)",
        MEMORY,
    ),
    ends(
        "a quadratic entity",
        "import xml.etree.ElementTree as E\nE.fromstring('<!DOCTYPE l [<!ENTITY a \"' + 'x' * 100000 + '\">]><l>' + '&a;' * 100000 + '</l>')",
        MEMORY,
    ),
    fails(
        "an external entity",
        "import xml.sax, xml.sax.handler\nclass H(xml.sax.handler.ContentHandler):\n    def characters(self, text): print text\nimport StringIO\nxml.sax.parse(StringIO.StringIO('<!DOCTYPE l [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><l>&a;</l>'), H())",
        "IOError: [Errno 2] No such file or directory: '/etc/passwd'",
    ),
    fails(
        "deep XML",
        "import xml.etree.ElementTree as E\nE.tostring(E.fromstring('<a>' * 100000 + '</a>' * 100000))",
        "RuntimeError: maximum recursion depth exceeded in cmp",
    ),
    fails(
        "deep JSON",
        "import json\njson.loads('[' * 100000)",
        "RuntimeError: maximum recursion depth exceeded while decoding a JSON array from a byte string",
    ),
    fails(
        "JSON without end",
        "import json\na = []\na.append(a)\njson.dumps(a)",
        "ValueError: Circular reference detected",
    ),
];

const DEPTHS: &[Attack] = &[
    fails(
        "recursion",
        "import sys\nsys.setrecursionlimit(2 ** 31 - 1)\ndef f(): f()\nf()",
        "RuntimeError: maximum recursion depth exceeded",
    ),
    fails(
        "recursion by repr",
        "class A(object):\n    def __repr__(self): return repr(self)\nrepr(A())",
        "RuntimeError: maximum recursion depth exceeded",
    ),
    fails(
        "recursion by attributes",
        "class A(object):\n    def __getattr__(self, name): return getattr(self, name + 'x')\nA().x",
        "RuntimeError: maximum recursion depth exceeded while calling a Python object",
    ),
    fails(
        "recursion by comparison",
        "class A(object):\n    def __cmp__(self, other): return cmp(self, other)\nA() < A()",
        "RuntimeError: maximum recursion depth exceeded",
    ),
    fails(
        "recursion by call",
        "class A(object): pass\nA.__call__ = A()\nA()()",
        "RuntimeError: maximum recursion depth exceeded while calling a Python object",
    ),
    ends(
        "a deep list printed",
        "x = []\nfor _ in xrange(200000): x = [x]\nprint x",
        STACK_OR_TIME,
    ),
    sees(
        "a deep tuple hashed",
        "x = ()\nfor _ in xrange(200000): x = (x,)\nhash(x)",
        "",
    ),
    sees(
        "a deep tuple freed",
        "x = ()\nfor _ in xrange(500000): x = (x,)\ndel x",
        "",
    ),
    sees(
        "a deep chain of instances freed",
        "class A: pass\nx = A()\nfor _ in xrange(100000):\n    y = A(); y.x = x; x = y\ndel x, y",
        "",
    ),
    fails(
        "a deep chain of iterators",
        "x = iter([])\nimport itertools\nfor _ in xrange(200000): x = itertools.chain(x)\nnext(x)",
        "StopIteration",
    ),
    fails(
        "a deep chain of methods",
        "x = id\nimport functools\nfor _ in xrange(200000): x = functools.partial(x)\nx(1)",
        "RuntimeError: maximum recursion depth exceeded while calling a Python object",
    ),
    ends("deep brackets", "eval('(' * 10000 + ')' * 10000)", MEMORY),
    ends("deep minus signs", "eval('-' * 100000 + '1')", MEMORY),
    ends("deep lambdas", "eval('lambda: ' * 50000 + '1')", MEMORY),
    ends(
        "a long chain of comparisons",
        "eval('1' + '<1' * 200000)",
        MEMORY,
    ),
    sees(
        "a long chain of attributes",
        "compile('a' + '.a' * 200000, 'x', 'eval')",
        "",
    ),
    fails(
        "deep indentation",
        "exec '\\n'.join(' ' * n + 'if 1:' for n in range(150)) + '\\n' + ' ' * 150 + 'pass'",
        "IndentationError: too many levels of indentation",
    ),
    fails(
        "a deep regular expression",
        "import re\nre.compile('(' * 20000 + ')' * 20000)",
        "RuntimeError: maximum recursion depth exceeded",
    ),
    sees(
        "a regular expression of many repeats",
        "import re\nre.compile('((((a{1,1000}){1,1000}){1,1000}){1,1000})').match('a' * 100000)",
        "",
    ),
    fails(
        "a deep pickle",
        "import cPickle\nx = []\nfor _ in xrange(100000): x = [x]\ncPickle.dumps(x, 2)",
        "RuntimeError: maximum recursion depth exceeded while pickling an object",
    ),
    fails(
        "a deep marshal",
        "import marshal\nx = []\nfor _ in xrange(100000): x = [x]\nmarshal.dumps(x)",
        "ValueError: object too deeply nested to marshal",
    ),
];

#[test]
fn time_without_end_is_cut() {
    contained("time", "1s", TIMES);
}

#[test]
fn memory_without_end_is_refused() {
    contained("memory", "5s", MEMORIES);
}

#[test]
fn archives_and_documents_are_no_larger_inside() {
    contained("archives", "5s", ARCHIVES);
}

#[test]
fn depth_without_end_is_an_error() {
    contained("depth", "5s", DEPTHS);
}
