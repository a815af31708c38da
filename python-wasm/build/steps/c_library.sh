# A C library that modules of packages need: native/NAME.sh (NAME as in build/sources.lock) leaves headers in include/,
# and *.a beside it.
# each: native/%.sh
# after: sysroot zlib
# waits: sources
# locked: %
# reads: native/%.sh runtime/libc/wasi_compat.h runtime/codehook_unwind.h
# tools: clang-19 llvm-ar-19 llvm-ranlib-19
# makes: libraries/%

mkdir include
CC=$cc LIBRARY_CFLAGS=$flags AR=llvm-ar-19 RANLIB=llvm-ranlib-19 bash -euo pipefail "$HERE/native/$NAME.sh"
mkdir -p "$RESULT/libraries/$NAME"
cp -r include ./*.a "$RESULT/libraries/$NAME"
