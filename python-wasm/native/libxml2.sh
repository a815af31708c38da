# libxml2, libxslt and libexslt, with Debian's patches. Without network, threads and plug-ins; with zlib, and iconv of
# wasi-libc.
# after: source
# locked: libxslt
# reads: native/libxml2

# The file of a source; the cache may hold older versions.
cached() { echo "$OUT/cache/$(awk -v name="$1=" -v part=".$2.tar.xz" 'index($3, name) == 1 && index($4, part) { print $4 }' "$HERE/build/sources.lock")"; }

# Unpacks a library with Debian's patches and ours.
unpack() {
    local name=$1 patch
    mkdir "$name"
    tar -xf "$(cached "$name" orig)" -C "$name" --strip-components=1
    tar -xf "$(cached "$name" debian)" -C "$name"
    for patch in $(grep -v '^#' "$name/debian/patches/series"); do
        patch -p1 -s -N -d "$name" < "$name/debian/patches/$patch"
    done
    for patch in "$HERE/native/libxml2/$name"-*.patch; do
        [ ! -e "$patch" ] || patch -p1 -s -N -d "$name" < "$patch"
    done
    # CPython's knows wasm32-wasi.
    cp "$OUT/source/config.sub" "$name/"
}

configured() {
    # zlib was not installed anywhere: headers and library are both in its folder.
    CC=$CC CFLAGS=$LIBRARY_CFLAGS CPPFLAGS="-I$OUT/zlib" LDFLAGS="-L$OUT/sysroot/usr/lib/wasm32-wasi -L$OUT/zlib" \
        ./configure --host=wasm32-unknown-wasi --disable-shared --disable-dependency-tracking --without-python --without-debug "$@"
}

# Not through their makefiles, which want the automake that made them.
compile() {
    each $CC $LIBRARY_CFLAGS -DHAVE_CONFIG_H -I. "$@" -Wcast-function-type-mismatch \
        -Werror=cast-function-type-mismatch -Werror=incompatible-function-pointer-types -c {}
}

unpack libxml2
cd libxml2
configured --without-threads --without-http --without-ftp --without-lzma --without-modules --without-legacy --without-docbook \
    --without-readline --without-history --with-iconv --with-zlib
# Its destructor would walk through all memory at the end of a run, for nothing.
sed -i '/ATTRIBUTE_DESTRUCTOR/d' config.h
printf '%s.c\n' HTMLparser HTMLtree SAX SAX2 buf c14n catalog chvalid dict encoding entities error globals hash list parser \
    parserInternals pattern relaxng schematron threads tree uri valid xinclude xlink xmlIO xmlmemory xmlreader xmlregexp xmlsave \
    xmlschemas xmlschemastypes xmlstring xmlunicode xmlwriter xpath xpointer xzlib | compile -Iinclude "-I$OUT/zlib"
# What reads and writes compressed files is not in the interpreter's zlib.
printf '%s\n' "$OUT"/zlib/{gzclose,gzlib,gzread,gzwrite}.c | compile -DHAVE_UNISTD_H -Wno-deprecated-non-prototype
$AR rcs ../libxml2.a ./*.o
cd ..
mkdir include/libxml
cp libxml2/include/libxml/*.h include/libxml/

unpack libxslt
cd libxslt
configured --without-crypto --without-plugins --without-debugger --without-mem-debug --with-libxml-src="$PWD/../libxml2"
cd ..
# One by one, for both have a functions.c.
for name in libxslt libexslt; do
    mkdir "include/$name"
    cp "libxslt/$name"/*.h "include/$name/"
    (cd "libxslt/$name" && printf '%s\n' ./*.c | compile -I.. -I../../include)
    $AR rcs "$name.a" "libxslt/$name"/*.o
done
