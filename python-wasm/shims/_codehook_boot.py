"""Prepares the interpreter for its snapshot, and renews state at the start of each run.

Before the snapshot, modules are imported and used once, so that their caches are warm. restore() renews what must
differ between two runs. Neither leaves traces: a script sees an interpreter that has just started.

A program that imports more modules before the snapshot calls settle() afterwards, so that restore() covers them.
"""
import sys

import _codehook_missing
import _codehook_packages

_codehook_missing.install()

# What scripts import most, and what those modules import only when they are first used. Loading costs nothing in a run:
# pages of the snapshot that a script does not touch are never copied.
_PRELOADED = """
    re json urllib urllib2 httplib urlparse socket ssl cookielib Cookie xmlrpclib
    cStringIO StringIO io datetime time calendar random hashlib hmac base64 binascii uuid
    shutil tempfile glob fnmatch logging logging.handlers traceback linecache warnings
    pickle cPickle copy collections heapq bisect itertools functools operator types weakref contextlib
    string struct array zlib gzip zipfile zipimport threading Queue math decimal fractions numbers
    xml.etree.ElementTree xml.etree.cElementTree xml.dom.minidom xml.sax xml.sax.saxutils
    csv cgi HTMLParser htmlentitydefs mimetypes mimetools rfc822 textwrap pprint locale gettext
    email email.message email.parser email.utils email.header email.encoders email.charset email.generator
    email.mime.base email.mime.multipart email.mime.text email.mime.application
    optparse argparse getopt ast inspect platform subprocess
    codecs encodings.ascii encodings.utf_8 encodings.latin_1 encodings.idna encodings.hex_codec
    encodings.base64_codec encodings.unicode_escape encodings.string_escape encodings.raw_unicode_escape
    encodings.utf_16 encodings.cp1252 encodings.punycode stringprep unicodedata _strptime
    lxml.etree
""".split()


def _preload():
    for name in _PRELOADED:
        __import__(name)
    # email has modules that are imported when they are looked at: a script that goes through sys.modules would see it
    # change.
    for module in sys.modules.values():
        hasattr(module, '__file__')


def _warm():
    """Runs the common paths once, for the caches that a first use fills. Nothing here touches a file or the host."""
    import calendar
    import datetime
    import email
    import httplib
    import json
    import logging
    import mimetypes
    import re
    import time
    import urllib
    import urllib2
    import xml.etree.cElementTree as ElementTree

    json.loads(json.dumps({'a': [1, 2.5, None, True, u'\xe9'], 'b': {'c': 'd'}}))
    json.dumps([1], indent=2, sort_keys=True)
    # The formats of the events' own dates first: each is compiled to a regular expression when it is first used.
    for text, form in (('2020-01-02T03:04:05', '%Y-%m-%dT%H:%M:%S'), ('2020-01-02', '%Y-%m-%d'),
                       ('2020-01-02 03:04:05', '%Y-%m-%d %H:%M:%S')):
        datetime.datetime.strptime(text, form).strftime(form)
        calendar.timegm(time.strptime(text, form))
    for codec in ('ascii', 'utf-8', 'latin-1', 'idna', 'hex', 'base64', 'utf-16', 'cp1252'):
        'warm'.encode(codec)
    urllib.quote('a b/\xff')
    urllib.unquote('a%20b')
    urllib.urlencode({'a': u'b'})
    urllib.splithost('//user:word@host:80/path')
    urllib.splituser('user@host')
    urllib.splitport('host:80')
    urllib.splitnport('host:80')
    urllib.splitquery('/path?a=b')
    urllib.splittag('/path#a')
    urllib.splitvalue('a=b')
    # An opener of its own: install_opener() is for scripts.
    urllib2.build_opener()
    urllib2.Request('https://host.invalid/', 'data', {'Accept': '*/*'}).get_host()
    httplib.HTTPSConnection('host.invalid', 443)
    email.message_from_string('Subject: warm\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nbody')
    ElementTree.tostring(ElementTree.fromstring('<a b="c"><d/>e</a>'))
    mimetypes.guess_type('a.pdf')
    logging.Formatter().format(logging.LogRecord('warm', logging.INFO, 'warm', 1, '%s', ('warm',), None))
    re.sub('a', 'b', 'abc')


_seeded = []


def settle():
    """Clears what loading and warming has left behind, and takes down what restore() has to renew."""
    import atexit
    import gc
    import imp
    import linecache
    import mimetools
    import random
    import tempfile
    import urllib
    import urllib2
    import uuid

    for module in sys.modules.values():
        # A warning that was shown, or not shown, here would be missing in the script.
        if module is not None:
            vars(module).pop('__warningregistry__', None)
    # Modules of Cython take themselves apart at the end, which only costs time here: a run's memory is given back as a
    # whole.
    atexit._exithandlers[:] = [handler for handler in atexit._exithandlers if handler[0].__name__ != '__cleanup']
    linecache.clearcache()
    # Directories that did not exist yet, /tmp above all, would never be looked into again.
    for entry, importer in sys.path_importer_cache.items():
        if isinstance(importer, imp.NullImporter):
            del sys.path_importer_cache[entry]
    # Filled by a first use, from the time, the environment or random numbers.
    tempfile.tempdir = tempfile._name_sequence = None
    uuid._node = uuid._last_timestamp = None
    mimetools._prefix = None
    mimetools._counter = 0
    urllib._urlopener = urllib2._opener = None
    sys.exc_clear()
    gc.collect()
    # Every generator that is seeded by now: random's own, and those of modules that keep one.
    _seeded[:] = [found for found in gc.get_objects()
                  if isinstance(found, random.Random) and not isinstance(found, random.SystemRandom)]


_preload()
_warm()
settle()

# restore() must not look anything up in modules: each run would pay for it.
import logging
from binascii import hexlify
from os import urandom
from posix import access
from time import time

# A generator's state is 19,937 bits, and 32 bytes of it chosen by chance are more than can ever be guessed.
_SEED_BYTES = 32
# Where the host shows a run's own packages, if it has any: PACKAGES_DIRECTORY of crates/codehook-packages, which
# tests/tests/tenant_packages.rs compares. Debian's Python has the same folder in sys.path.
_PACKAGES = '/usr/local/lib/python2.7/dist-packages'


def restore(_seeded=_seeded, _logging=logging, _hexlify=hexlify, _urandom=urandom, _time=time, _modules=sys.modules,
            _access=access, _packages=_PACKAGES, _path=sys.path,
            _own=(sys.modules[__name__], _codehook_missing, _codehook_packages)):
    """Renews what was fixed when the snapshot was made. Runs before every script, so it does no more than that.

    What needs no renewal: os.urandom, uuid4 and random.SystemRandom ask the host each time; names of temporary files,
    uuid1 and MIME boundaries start from state that settle() has cleared; strings hash without a seed, as Python 2.7
    does unless asked; the main thread's identity is the same in every run, and so are caches of compiled expressions.
    """
    # random.random() and its like would give every run the same numbers.
    for generator in _seeded:
        generator.seed(long(_hexlify(_urandom(_SEED_BYTES)), 16))
    # The zero of %(relativeCreated)d in log records.
    _logging._startTime = _time()
    # The snapshot knows no such directory. Last, so that nothing in it takes the place of what every run has.
    if _access(_packages, 0):
        _path.append(_packages)
    # The script has no use for these. They live on in `_own`: a module's names are wiped when nothing refers to it.
    for module in _own:
        _modules.pop(module.__name__, None)
