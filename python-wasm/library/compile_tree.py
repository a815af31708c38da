# Runs under the native python2.7 that was built from the same source as the guest's, in one process for all modules.
# Reads jobs from standard input, one a line: source file, target file, path in the guest, separated by tabs.
# Argument: the time stamp of every .pyc. Writes to standard output a line for each source that is no Python 2.7:
# path in the guest, tab, reason.
#
# Not py_compile: that puts the source's own mtime into the .pyc, and the library must come out the same byte for byte.
# Nothing is imported but built-in modules, for the standard library may not have its C modules yet.
import imp
import marshal
import sys


def little_endian(number):
    return ''.join(chr(number >> shift & 255) for shift in (0, 8, 16, 24))


def compile_one(source, target, guest_path, header):
    stream = open(source, 'U')
    try:
        text = stream.read()
    finally:
        stream.close()
    try:
        # The guest path is what tracebacks show. dont_inherit, or this file's own future statements would leak in.
        code = compile(text, guest_path, 'exec', 0, True)
    except (SyntaxError, TypeError, ValueError), error:
        reason = ' '.join(str(error).split())
        sys.stdout.write('%s\t%s: %s\n' % (guest_path, error.__class__.__name__, reason))
        return
    stream = open(target, 'wb')
    try:
        stream.write(header)
        stream.write(marshal.dumps(code))
    finally:
        stream.close()


def main():
    header = imp.get_magic() + little_endian(int(sys.argv[1]))
    for line in sys.stdin:
        source, target, guest_path = line.rstrip('\n').split('\t')
        compile_one(source, target, guest_path, header)


main()
