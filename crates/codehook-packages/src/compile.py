# Compiles every module below SOURCES as one below PACKAGES, and writes the code to standard output. It runs in the sandbox and
# imports nothing of what it compiles. Both names are set by whoever runs it.
import imp
import marshal
import os
import struct
import sys

BUILT_IN_NAMES, CODE, COMPLAINT = range(3)
# The day of the 2.7.18 release, as in the interpreter's own library. With no source beside it nothing compares it.
HEADER = imp.get_magic() + struct.pack('<I', 1587340800)


def tell(kind, path, content):
    data = struct.pack('<BII', kind, len(path), len(content)) + path + content
    while data:
        data = data[os.write(1, data[:65536]):]


def compile_one(path):
    stream = open(os.path.join(SOURCES, path), 'U')
    try:
        text = stream.read()
    finally:
        stream.close()
    # The path is what tracebacks show. dont_inherit, or this file's own future statements would leak in.
    return marshal.dumps(compile(text, os.path.join(PACKAGES, path), 'exec', 0, True))


def main():
    tell(BUILT_IN_NAMES, '', ' '.join(sys.builtin_module_names))
    for directory, _, names in os.walk(SOURCES):
        for name in names:
            path = os.path.relpath(os.path.join(directory, name), SOURCES)
            try:
                code = compile_one(path)
            except Exception, error:
                reason = ' '.join(str(error).split())
                tell(COMPLAINT, path, '%s: %s' % (error.__class__.__name__, reason))
            else:
                tell(CODE, path, HEADER + code)


main()
