# bzip2.
# after: sysroot
# waits: sources
# locked: bzip2
# tools: clang-19 llvm-ar-19
# makes: bzip2

mkdir bzip2
tar -xf "$OUT"/cache/bzip2_*.orig.tar.gz -C bzip2 --strip-components=1
cd bzip2
printf '%s.c\n' blocksort huffman crctable randtable compress decompress bzlib | each $cc -O2 -c {}
llvm-ar-19 rcs libbz2.a ./*.o
mkdir "$RESULT/bzip2"
cp libbz2.a bzlib.h "$RESULT/bzip2"
