//! What crashes the interpreter: crafted bytecode, compiled files and pickles, and objects used behind its back. A crash is an outcome of
//! the run, and never the program's.

use codehook_sandbox::Outcome;
use codehook_tests::TestRun;
use proptest::prelude::*;
use std::time::Duration;

use crate::attack::{Attack, MEMORY, TIME, contained, ends, fails, sees};

/// A line grows without end, and every piece copies it: the machine's speed decides which limit it meets first.
const MEMORY_OR_TIME: &[&str] = &["out_of_memory", "timed_out"];
/// The bytecode reads or writes beside its own objects, and returns. What lies there is a matter of the interpreter's build: an
/// object, a null pointer, or bytes that are no address.
const WHAT_IS_THERE: &[&str] = &["succeeded", "failed", "crashed"];
/// The same with bytecode that does not return: it goes on with whatever bytes follow, to an error or a trap.
const RUNS_ON: &[&str] = &["failed", "crashed"];

const KNOWN: &[Attack] = &[
    ends(
        "bytecode without end",
        "import types\nexec types.CodeType(0, 0, 0, 0, '\\x04\\x71\\x00\\x00', (), (), (), '', '', 1, '')",
        RUNS_ON,
    ),
    fails(
        "no bytecode at all",
        "import types\nexec types.CodeType(0, 0, 0, 0, '', (), (), (), '', '', 1, '')",
        "SystemError: unknown opcode",
    ),
    ends(
        "a constant that is not there",
        "import types\nexec types.CodeType(0, 0, 1, 0, 'd\\xff\\x7fS', (), (), (), '', '', 1, '')",
        WHAT_IS_THERE,
    ),
    ends(
        "a constant far away",
        "import types\nexec types.CodeType(0, 0, 1, 0, '\\x91\\xff\\x3fd\\xff\\xffS', (), (), (), '', '', 1, '')",
        WHAT_IS_THERE,
    ),
    ends(
        "a local that is not there",
        "import types\nexec types.CodeType(0, 0, 1, 0, '|\\xff\\xffS', (), (), (), '', '', 1, '')",
        WHAT_IS_THERE,
    ),
    ends(
        "a local written far away",
        "import types\nexec types.CodeType(0, 0, 2, 0, 'd\\x00\\x00\\x91\\xff\\x3f}\\xff\\xffd\\x00\\x00S', (None,), (), (), '', '', 1, '')",
        WHAT_IS_THERE,
    ),
    ends(
        "locals written one after the other",
        "import types\ncode = ''.join('d\\x00\\x00}' + chr(n & 255) + chr(n >> 8) for n in range(60000))\nexec types.CodeType(0, 0, 2, 0, code, (1,), (), (), '', '', 1, '')",
        RUNS_ON,
    ),
    ends(
        "a stack that is popped empty",
        "import types\nexec types.CodeType(0, 0, 0, 0, '\\x01' * 60000, (), (), (), '', '', 1, '')",
        RUNS_ON,
    ),
    ends(
        "a stack that is pushed over",
        "import types\nexec types.CodeType(0, 0, 1, 0, 'd\\x00\\x00' * 20000 + 'S', (None,), (), (), '', '', 1, '')",
        WHAT_IS_THERE,
    ),
    ends(
        "a jump out",
        "import types\nexec types.CodeType(0, 0, 0, 0, 'q\\xff\\xff', (), (), (), '', '', 1, '')",
        RUNS_ON,
    ),
    ends(
        "a jump far out",
        "import types\nexec types.CodeType(0, 0, 0, 0, '\\x91\\xff\\x7fq\\xff\\xff', (), (), (), '', '', 1, '')",
        RUNS_ON,
    ),
    ends(
        "a jump backwards by overflow",
        "import types\nexec types.CodeType(0, 0, 0, 0, '\\x91\\xff\\xffn\\xfa\\xff', (), (), (), '', '', 1, '')",
        TIME,
    ),
    ends(
        "jumps to themselves",
        "import types\nexec types.CodeType(0, 0, 0, 0, 'q\\x00\\x00', (), (), (), '', '', 1, '')",
        TIME,
    ),
    ends(
        "a handler that is its own",
        "import types\nexec types.CodeType(0, 0, 9, 0, 'y\\x00\\x00\\x91\\xff\\xffy\\xf7\\xff\\x13', (), (), (), '', '', 1, '')",
        RUNS_ON,
    ),
    fails(
        "a closure without cells",
        "import types\ndef f(): pass\nexec types.CodeType(0, 0, 1, 16, '\\x88\\x00\\x00S', (), (), (), '', '', 1, '', ('x',), ())",
        "TypeError: code object passed to exec may not contain free variables",
    ),
    fails(
        "a generator's frame run again",
        "g = (g.next() for _ in [1])\ng.next()",
        "ValueError: generator already executing",
    ),
    fails(
        "a generator closed in its own frame",
        "def g():\n    try: yield\n    finally: x.close()\nx = g()\nx.next()\nx.close()",
        "ValueError: generator already executing",
    ),
    ends(
        "arguments that are not there",
        "import types\nf = types.FunctionType(types.CodeType(200, 1, 1, 0, 'S', (), (), ('a',), '', '', 1, ''), {})\nf(*range(200))",
        WHAT_IS_THERE,
    ),
    sees(
        "counts below nothing",
        "import types\nattempt(types.CodeType, -1, -1, -1, -1, '', (), (), (), '', '', 1, '')",
        "ValueError ",
    ),
    sees(
        "dictionaries changed while they are compared",
        "class K(object):\n    def __hash__(self): return 0\n    def __eq__(self, other):\n        d.clear()\n        return False\nd = {K(): 1}\nfor _ in range(100):\n    d[K()] = 1",
        "",
    ),
    sees(
        "lists changed while they are sorted",
        "x = range(1000)\ndef compare(a, b):\n    del x[:]\n    return -1\nx.sort(compare)",
        "",
    ),
    sees(
        "lists changed while they are compared",
        "class E(object):\n    def __eq__(self, other):\n        del a[:], b[:]\n        return True\na = [E()] * 10; b = [E()] * 10\na == b",
        "",
    ),
    sees(
        "tuples seen before they are whole",
        "import gc\ndef g():\n    yield 1\n    print [t for t in gc.get_objects() if type(t) is tuple and len(t) > 900][:1]\n    for n in range(1000): yield n\ntuple(g())",
        "[]",
    ),
    sees(
        "bases changed under a class",
        "class A(object): pass\nclass B(A): pass\nclass C(object):\n    def __getattribute__(self, name): B.__bases__ = (C,); return 1\ntry: B.__bases__ = (C,)\nexcept TypeError as e: print e\nB().x",
        "",
    ),
    fails(
        "an order of bases lost",
        "class X(type):\n    def mro(self): return [int]\nclass A(object):\n    __metaclass__ = X\nA()",
        "    mro() returned base with unsuitable layout ('int')",
    ),
    sees(
        "a weak reference called back in collection",
        "import weakref, gc\nclass A(object): pass\ndef back(r):\n    gc.collect(); x.append(r())\nx = []\nfor _ in range(1000):\n    a = A(); a.a = a; x.append(weakref.ref(a, back))\ndel a\ngc.collect()",
        "",
    ),
    sees(
        "the collector's own lists",
        "import gc\nfor o in gc.get_objects():\n    if type(o) is list: del o[:]",
        "",
    ),
    sees(
        "all modules emptied",
        "import sys\nfor m in sys.modules.values():\n    if m: m.__dict__.clear()",
        "",
    ),
    sees(
        "built-ins emptied",
        "import __builtin__\n__builtin__.__dict__.clear()",
        "",
    ),
    fails(
        "a buffer that moves away",
        "b = bytearray('x' * 100)\nm = memoryview(b)\nattempt(b.extend, 'y' * 1000000)\ndel b[:]",
        "BufferError: Existing exports of data: object cannot be re-sized",
    ),
    sees(
        "an old buffer of an array",
        "import array\na = array.array('c', 'x' * 100)\nb = buffer(a)\na.extend(array.array('c', 'y' * 1000000))\nprint len(str(b))",
        "1000100",
    ),
    sees(
        "an iterator freed in its own call",
        "class A(object):\n    def __iter__(self): return self\n    def next(self):\n        global i\n        i = None\n        raise StopIteration\ni = iter(A())\nlist(i)",
        "",
    ),
    sees(
        "slots by another class",
        "class A(object): __slots__ = 'x'\nclass B(object): __slots__ = 'y'\nattempt(A.x.__get__, B())",
        "TypeError ",
    ),
    sees(
        "a class assigned",
        "class A(object): pass\nclass B(list): pass\na = A()\nattempt(setattr, a, '__class__', B)",
        "TypeError ",
    ),
    fails(
        "a state for an iterator",
        "import itertools\nattempt(itertools.count().__reduce__)\nx = iter(bytearray(10))\nattempt(x.__setstate__, -2 ** 31)",
        "AttributeError: 'bytearray_iterator' object has no attribute '__setstate__'",
    ),
    sees(
        "a method of another type",
        "attempt(str.__add__, 1, 2); attempt(dict.__getitem__, [], 0); attempt(object.__new__, file)",
        "TypeError \nTypeError \nTypeError ",
    ),
    sees(
        "a file closed in its own write",
        "class A(object):\n    def __str__(self): f.close(); return 'x'\nf = open('/tmp/x', 'w')\nattempt(f.writelines, iter(lambda: f.close() or 'x', None))",
        "ValueError ",
    ),
    fails(
        "standard output replaced in a print",
        "import sys\nclass A(object):\n    def write(self, text): sys.stdout = None\nsys.stdout = A()\nprint 'x', 'y'",
        "AttributeError: 'NoneType' object has no attribute 'write'",
    ),
    ends(
        "a source that never ends its line",
        "class A(object):\n    def readline(self, *_): return 'x'\nimport tokenize\nlist(tokenize.generate_tokens(A().readline))",
        MEMORY_OR_TIME,
    ),
    sees(
        "operator.c with bad indices",
        "import operator\nattempt(operator.setitem, [], 2 ** 62, 0); attempt(operator.getslice, 'x', -2 ** 62, 2 ** 62)",
        "IndexError \n'x'",
    ),
];

const FILES: &[Attack] = &[
    sees(
        "a pickle that calls",
        "import pickle\nattempt(pickle.loads, \"cos\\nsystem\\n(S'id'\\ntR.\")",
        "OSError 38",
    ),
    sees(
        "a pickle with a huge memo",
        "import cPickle\nattempt(cPickle.loads, 'r\\xff\\xff\\xff\\xff.')\nattempt(cPickle.loads, 'N' + 'r\\xff\\xff\\xff\\x7f' + '.')",
        "UnpicklingError \nNone",
    ),
    sees(
        "a pickle of huge lengths",
        "import cPickle\nfor x in 'T\\xff\\xff\\xff\\x7f', 'X\\xff\\xff\\xff\\xff', '\\x8b\\xff\\xff\\xff\\x7f', 'U\\xff': attempt(cPickle.loads, x)",
        "EOFError \nUnpicklingError \nEOFError \nEOFError ",
    ),
    sees(
        "a pickle that pops too much",
        "import cPickle\nfor x in '0' * 100, 't.', 's.', 'u.', 'R.', '\\x86.', 'b.': attempt(cPickle.loads, x)",
        "UnpicklingError \nUnpicklingError \nUnpicklingError \nUnpicklingError \nUnpicklingError \nUnpicklingError \nUnpicklingError ",
    ),
    sees(
        "a marshal of huge lengths",
        "import marshal\nfor x in 's\\xff\\xff\\xff\\x7f', '(\\xff\\xff\\xff\\x7f', '[\\xff\\xff\\xff\\x7f', 'l\\xff\\xff\\xff\\x7f', 'l\\x00\\x00\\x00\\x80', 'u\\xff\\xff\\xff\\xff', 'R\\xff\\xff\\xff\\x7f': attempt(marshal.loads, x)",
        "OverflowError \nMemoryError \nMemoryError \nOverflowError \nValueError \nValueError \nValueError ",
    ),
    sees(
        "marshals nested deeply",
        "import marshal\nattempt(marshal.loads, '(\\x01\\x00\\x00\\x00' * 100000)",
        "ValueError ",
    ),
    sees(
        "a compiled file of other things",
        "import imp\nopen('/tmp/x.pyc', 'wb').write(imp.get_magic() + '\\0' * 4 + '(\\xff\\xff\\xff\\x7f')\nattempt(imp.load_compiled, 'x', '/tmp/x.pyc')",
        "MemoryError ",
    ),
    ends(
        "a compiled file of crafted code",
        "import imp, marshal, types\ncode = types.CodeType(0, 0, 1, 0, '|\\xff\\xffS', (), (), (), '', '', 1, '')\nopen('/tmp/x.pyc', 'wb').write(imp.get_magic() + '\\0' * 4 + marshal.dumps(code))\nimport sys\nsys.path.insert(0, '/tmp')\nimport x",
        WHAT_IS_THERE,
    ),
    sees(
        "a database of other things",
        "import sqlite3\nopen('/tmp/x', 'wb').write('SQLite format 3\\0' + '\\xff' * 4000)\nattempt(sqlite3.connect('/tmp/x').execute, 'select * from sqlite_master')",
        "DatabaseError ",
    ),
    sees(
        "an image of other things",
        "from PIL import Image\nimport StringIO\nfor x in '\\x89PNG\\r\\n\\x1a\\n' + '\\xff' * 1000, 'GIF89a' + '\\xff' * 1000, 'BM' + '\\xff' * 1000, '\\xff\\xd8\\xff' + '\\xff' * 1000, 'II*\\0' + '\\xff' * 1000:\n    attempt(lambda: Image.open(StringIO.StringIO(x)).load())",
        "IOError \nIOError \nIOError \nIOError \nIOError ",
    ),
    ends(
        "an image of a billion pixels",
        "from PIL import Image\nImage.new('RGB', (40000, 40000))",
        MEMORY,
    ),
    fails(
        "XML for lxml",
        "import lxml.etree\nx = '<!DOCTYPE l [<!ENTITY a0 \"ha\">' + ''.join('<!ENTITY a%d \"%s\">' % (n, ('&a%d;' % (n - 1)) * 10) for n in range(1, 10)) + ']><l>&a9;</l>'\nlxml.etree.fromstring(x)",
        "lxml.etree.XMLSyntaxError: Detected an entity reference loop, line 1, column 5",
    ),
    sees(
        "an external entity for lxml",
        "import lxml.etree\nopen('/tmp/secret', 'w').write('x')\nx = lxml.etree.fromstring('<!DOCTYPE l [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><l>&a;</l>', lxml.etree.XMLParser(resolve_entities=True, recover=True))\nprint x.text",
        "None",
    ),
];

#[test]
fn known_ways_to_crash_the_interpreter_end_the_run_alone() {
    contained("crashes", "2s", KNOWN);
}

#[test]
fn crafted_files_end_the_run_alone() {
    contained("crafted files", "5s", FILES);
}

/// Runs a code object of these bytes, with things to work with.
fn bytecode(code: &[u8], stack: u8) -> String {
    let bytes: String = code.iter().map(|byte| format!("\\x{byte:02x}")).collect();
    format!(
        "import types\nexec types.CodeType(0, 4, {stack}, 64, '{bytes}', (None, 1, 'text', 1.5, (1, 2)), ('len', 'x', 'os'), ('a', 'b', 'c', 'd'), 'x', 'x', 1, '')\n"
    )
}

proptest! {
    #![proptest_config(codehook_tests::cases(150))]

    #[test]
    fn any_bytecode_ends_its_run_alone(
        code in prop::collection::vec(prop_oneof![Just(0_u8), Just(1), 0..150_u8, any::<u8>()], 1..120),
        stack in 0..40_u8,
    ) {
        let run = TestRun::new(bytecode(&code, stack)).within(Duration::from_millis(300));
        let report = run.run();
        prop_assert!(report.duration < Duration::from_secs(60), "{report:?}");
        // The sandbox is as it was: the next run of it, in the same memory, finds nothing of the kind.
        let next = TestRun::new("import json, urllib2\nprint json.dumps([1, 'x'])").run();
        prop_assert_eq!(next.outcome, Outcome::Succeeded);
        prop_assert_eq!(codehook_tests::stdout(&next), "[1, \"x\"]\n");
    }
}
