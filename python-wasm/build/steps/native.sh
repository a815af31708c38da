# A native python2.7 of the very same source: benchmarks and CPython's tests compare with it. It writes down where it
# was built.
# after: source
# makes: native
# kept: no

cp -a "$OUT/source" "$RESULT/native"
cd "$RESULT/native"
# The same modules on every machine, whatever libraries it happens to have.
same_modules setup.py
./configure --prefix=/usr --enable-unicode=ucs4 --without-ensurepip
make
./python -c 'import zlib, bz2, json, urllib2, _ssl, _sqlite3, _ctypes'
# As an installed one has it: compiled modules beside their sources. Tests with bad syntax do not compile.
PYTHONDONTWRITEBYTECODE= ./python -m compileall -q -x '/test|lib2to3/tests' Lib
mkdir bin
# shellcheck disable=SC2016
printf '#!/bin/sh\nexec %s/native/python "$@"\n' "$OUT" > bin/python2.7
chmod +x bin/python2.7
