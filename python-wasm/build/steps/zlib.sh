# zlib, with its sources: libxml2 compiles what of it reads compressed files.
# after: sysroot
# waits: sources
# locked: zlib
# tools: clang-19 llvm-ar-19
# makes: zlib

mkdir zlib
tar -xf "$OUT"/cache/zlib_*.orig.tar.bz2 -C zlib --strip-components=1
cd zlib
printf '%s.c\n' adler32 crc32 compress uncompr deflate trees zutil inflate infback inftrees inffast |
    each $cc -O2 -Wno-deprecated-non-prototype -DHAVE_UNISTD_H -c {}
llvm-ar-19 rcs libz.a ./*.o
mkdir "$RESULT/zlib"
cp libz.a ./*.[ch] "$RESULT/zlib"
