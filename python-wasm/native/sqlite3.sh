# SQLite with Debian's patches, as one source file, and with what Debian's offers to SQL. Not there: extensions, which
# would be machine code.
# reads: native/sqlite3
# tools: gcc tclsh make
mkdir source build
tar -xf "$OUT"/cache/sqlite3_*.orig.tar.xz -C source --strip-components=1
tar -xf "$OUT"/cache/sqlite3_*.debian.tar.xz -C source
for patch in $(grep -v '^#' source/debian/patches/series); do
    patch -p1 -s -N -d source < "source/debian/patches/$patch"
done
cd build
# Natively: it is the parser's generator that is compiled here.
env -u CC -u AR -u RANLIB CC=gcc ../source/configure --disable-tcl --disable-readline --disable-shared --enable-update-limit
make sqlite3.c
cd ..
cp build/sqlite3.h include/

# One process, whose threads take turns: no mutex. unix-excl keeps the index of a write-ahead log in the program's own
# memory, since memory cannot be shared through a file here.
engine='-DSQLITE_THREADSAFE=0 -DSQLITE_OS_UNIX=1 -DSQLITE_DEFAULT_UNIX_VFS="unix-excl" -DSQLITE_EXTRA_INIT=codehook_sqlite_init'
engine+=' -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_MAX_MMAP_SIZE=0 -DSQLITE_USE_URI=1 -DHAVE_USLEEP=1 -DHAVE_GMTIME_R=1'
engine+=' -DHAVE_LOCALTIME_R=1'
# As Debian has it.
engine+=' -DSQLITE_SECURE_DELETE -DSQLITE_OMIT_LOOKASIDE=1 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -DSQLITE_ALLOW_ROWID_IN_VIEW'
engine+=' -DSQLITE_MAX_SCHEMA_RETRY=25 -DSQLITE_MAX_VARIABLE_NUMBER=250000'
engine+=' -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_ENABLE_UPDATE_DELETE_LIMIT=1 -DSQLITE_ENABLE_DBSTAT_VTAB -DSQLITE_SOUNDEX=1'
engine+=' -DSQLITE_ENABLE_FTS3 -DSQLITE_ENABLE_FTS3_PARENTHESIS -DSQLITE_ENABLE_FTS4 -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_RTREE=1'
engine+=' -DSQLITE_ENABLE_MATH_FUNCTIONS'
for file in build/sqlite3.c "$HERE/native/sqlite3/wasi.c"; do
    $CC $LIBRARY_CFLAGS -Iinclude $engine -Wcast-function-type-mismatch \
        -Werror=cast-function-type-mismatch -Werror=incompatible-function-pointer-types -c "$file"
done
$AR rcs libsqlite3.a sqlite3.o wasi.o
rm -r source build
