# SQLite as one file, made from Debian's source with tclsh, with those of Debian's patches that change code.
mkdir source
tar -xf "$OUT"/cache/sqlite3_*.orig.tar.xz -C source --strip-components=1
tar -xf "$OUT"/cache/sqlite3_*.debian.tar.xz -C source
cd source
for name in $(grep -E '^(41|42|000)' debian/patches/series); do
    patch -p1 -s -N < "debian/patches/$name"
done
mkdir amalgamation
cd amalgamation
# Programs of this machine, that write C.
env -u CC -u AR -u RANLIB ../configure --disable-readline --disable-tcl > /dev/null
env -u CC -u AR -u RANLIB make sqlite3.c > /dev/null
cd ../..
cp source/amalgamation/sqlite3.h include/
# One process, no shared memory: no locks between processes, no write-ahead log, no maps. Temporary tables stay in memory.
$CC $LIBRARY_CFLAGS -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_WAL -DSQLITE_MAX_MMAP_SIZE=0 \
    '-DSQLITE_DEFAULT_UNIX_VFS="unix-none"' -DSQLITE_TEMP_STORE=2 -DLONGDOUBLE_TYPE=double \
    -Wcast-function-type-mismatch -c source/amalgamation/sqlite3.c -o sqlite3.o
$AR rcs libsqlite3.a sqlite3.o
rm -rf source
