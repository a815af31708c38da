# The source tree that all builds of CPython start from.
# waits: sources
# locked: python2.7
# reads: cpython/patches cpython/signatures.txt tools/signatures.py
# tools: autoconf cpp patch
# makes: source
# kept: no

mkdir source
tar -xf "$OUT/cache/python2.7_2.7.18.orig.tar.gz" -C source --strip-components=1
cd source
zcat "$OUT/cache/python2.7_2.7.18-8+deb11u1.diff.gz" | patch -p1 -s
# Debian's series is written for the C preprocessor: patches for other architectures and systems drop out.
for name in $(cpp -P -undef debian/patches/series.in); do
    echo "debian: $name"
    patch -p1 -s -N < "debian/patches/$name"
done
python3 "$HERE/tools/signatures.py" "$HERE/cpython/signatures.txt" .
# Ours must fit exactly. Each folder builds on those before it.
for purpose in port limits threads performance; do
    for name in "$HERE/cpython/patches/$purpose"/*.patch; do
        echo "ours: $purpose/$(basename "$name")"
        patch -p1 -s -N --fuzz=0 --no-backup-if-mismatch < "$name"
    done
done
autoconf -f
rm -rf autom4te.cache
mv "$PWD" "$RESULT/source"
