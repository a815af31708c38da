# The modules in C of one package: extensions/NAME/build.sh leaves static libraries, and extensions/NAME/modules lists
# what they hold. What it is given is described in docs/interpreter.md.
# each: extensions/%/build.sh
# after: sysroot zlib wasm
# waits: packages
# pinned: %
# reads: extensions/% tools/wide_long.py runtime/libc/*.h runtime/wide_long.h runtime/codehook_unwind.h
# reads: packages/source.py packages/lock.py
# tools: clang-19 llvm-ar-19 llvm-ranlib-19
# makes: extensions/%

CC=$cc CFLAGS=$wide LIBRARY_CFLAGS=$flags AR=llvm-ar-19 RANLIB=llvm-ranlib-19 PYTHON_TREE=$OUT/wasm \
    bash -euo pipefail "$HERE/extensions/$NAME/build.sh"
mkdir -p "$RESULT/extensions/$NAME"
cp ./*.a "$RESULT/extensions/$NAME"
