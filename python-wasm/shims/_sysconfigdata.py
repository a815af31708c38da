"""What sysconfig reads about how the interpreter was built: nothing of the build machine, as a hook can build nothing.

Only the names that programs look at are here; any other lookup answers None, as sysconfig does for unknown names.
"""

build_time_vars = {
    'LIBDEST': '/usr/lib/python2.7',
    'BINLIBDEST': '/usr/lib/python2.7',
    'LIBDIR': '/usr/lib',
    'INCLUDEPY': '/usr/include/python2.7',
    'MACHDEP': 'linux2',
    'SO': '.so',
    'VERSION': '2.7',
    'prefix': '/usr',
    'exec_prefix': '/usr',
    'Py_ENABLE_SHARED': 0,
    'Py_UNICODE_SIZE': 4,
    'WITH_THREAD': 1,
    'WITH_DOC_STRINGS': 1,
    # Packages read these while they are imported; there is no compiler to start.
    'CC': 'gcc',
    'CXX': 'g++',
    'OPT': '-O2',
    'CFLAGS': '-O2',
    'CCSHARED': '-fPIC',
    'LDSHARED': 'gcc -shared',
    'AR': 'ar',
    'ARFLAGS': 'rc',
}
