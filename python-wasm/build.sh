#!/usr/bin/env bash
# Builds the interpreter: CPython 2.7.18 with Debian's patches and ours, for wasm32-wasi, and its library. Everything lands in
# target/python-wasm/; a step runs again only when something that it reads has changed.
#
#     build.sh            all up to the interpreter as linked, the native python2.7, lib.tar and tests.tar
#     build.sh snapshot   the snapshot as well (needs the python-snapshot program in target/release)
#
# SOURCE=DIR: see fetch-sources.sh.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
out=$(cd "$here/.." && pwd)/target/python-wasm
mkdir -p "$out/logs"
jobs=$(nproc)

say() { echo "python: $*" >&2; }

# Runs the step's function, unless its inputs (files, folders, words) are as they were when it last succeeded. A step named
# extension.lxml runs step_extension with the word lxml.
step() {
    local name=$1 stamp key
    shift
    stamp=$out/$name.stamp
    key=$(inputs "step_${name%%.*}" "$@" | sha256sum | cut -d' ' -f1)
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$key" ]; then
        return 0
    fi
    rm -f "$stamp"
    say "$name"
    local started=$SECONDS
    # In a condition the shell would go on after a command that failed, so the status is taken apart from it.
    local status=0
    set +e
    (
        set -e
        "step_${name%%.*}" "${name#*.}"
    ) > "$out/logs/$name.log" 2>&1
    status=$?
    set -e
    if [ $status -ne 0 ]; then
        tail -n 30 "$out/logs/$name.log" >&2
        say "$name failed; the whole log is $out/logs/$name.log"
        exit 1
    fi
    echo "$key" > "$stamp"
    say "$name took $((SECONDS - started)) s"
}

# What sources.lock says of one source.
locked() { grep " $1=" "$here/sources.lock"; }

# What a step depends on: its own recipe, the flags, and what it is said to read.
inputs() {
    declare -f "$1"
    shift
    # Flags shape the result as files do; the paths in them do not, so that a moved folder is not rebuilt.
    echo "$cc $flags $wide $layout $emulation $emulated"
    local input
    for input in "$@"; do
        if [ -e "$input" ]; then
            find "$input" -type f ! -name '*.pyc' -print0 | sort -z | xargs -0 sha256sum
        else
            echo "$input"
        fi
    done
}

# The source tree that both builds start from.
step_source() {
    rm -rf "$out/source"
    mkdir -p "$out/source"
    tar -xf "$out/cache/python2.7_2.7.18.orig.tar.gz" -C "$out/source" --strip-components=1
    cd "$out/source"
    zcat "$out/cache/python2.7_2.7.18-8+deb11u1.diff.gz" | patch -p1 -s
    local name
    # Debian's series is written for the C preprocessor: patches for other architectures and systems drop out.
    for name in $(cpp -P -undef debian/patches/series.in); do
        echo "debian: $name"
        patch -p1 -s -N < "debian/patches/$name"
    done
    for name in "$here"/patches/*.patch; do
        echo "ours: $(basename "$name")"
        patch -p1 -s -N < "$name"
    done
    autoconf -f
    rm -rf autom4te.cache
}

# A native python2.7 of the very same source: it compiles the library, and benchmarks compare with it.
step_native() {
    rm -rf "$out/native"
    cp -r "$out/source" "$out/native"
    cd "$out/native"
    # The same modules on every machine, whatever libraries it happens to have: no windows, terminals, sound, databases of other
    # systems.
    sed -i 's/^disabled_module_list = .*/disabled_module_list = "_tkinter readline _curses _curses_panel ossaudiodev linuxaudiodev nis gdbm dbm _bsddb".split()/' setup.py
    ./configure --prefix=/usr --enable-unicode=ucs4 --without-ensurepip
    make -j"$jobs"
    ./python -c 'import zlib, bz2, json, urllib2, _ssl, _sqlite3, _ctypes'
    # As an installed one has it: compiled modules beside their sources. Tests with bad syntax do not compile.
    PYTHONDONTWRITEBYTECODE= ./python -m compileall -q -x '/test|lib2to3/tests' Lib
    mkdir -p "$out/native/bin"
    printf '#!/bin/sh\nexec %s/native/python "$@"\n' "$out" > "$out/native/bin/python2.7"
    chmod +x "$out/native/bin/python2.7"
}

# Which ways through the interpreter are common: the same source for this machine, instrumented, and what it was seen to do. Counts
# belong to functions of the source, so that they hold for another target.
step_profile() {
    rm -rf "$out/profile"
    cp -r "$out/source" "$out/profile"
    cd "$out/profile"
    cp "$out/native/setup.py" setup.py
    # What is counted for a function counts only for one that has the same branches: the eval loop and its kin as the guest has them.
    sed -i 's/^#ifdef __wasi__$/#if 1/; s/^#ifndef __wasi__$/#if 0/; s/^#elif defined(__wasi__)$/#elif 1/' \
        Python/ceval.c Objects/{dict,gen,iter,frame}object.c Include/{dict,frame}object.h
    cat "$here/training_stubs.c" >> Python/ceval.c
    CC=clang-19 CFLAGS="-O2 -fprofile-instr-generate $values -I$here/src" LDFLAGS=-fprofile-instr-generate \
        ./configure --prefix=/usr --enable-unicode=ucs4 --without-ensurepip
    export LLVM_PROFILE_FILE=$out/profile/build.profraw
    make -j"$jobs"
    mkdir counts
    export LLVM_PROFILE_FILE=$out/profile/counts/%p.profraw
    local name
    # Each in a process of its own: one that starts threads crashes, since such an eval loop has no lock, and leaves no counts.
    for name in $(grep -v '^#' "$here/training.txt"); do
        ./python -m test.regrtest -q "$name" < /dev/null || echo "$name failed here; what it ran counts all the same"
    done
    ./python Tools/pybench/pybench.py -n 1 -w 1
    llvm-profdata-19 merge -o "$out/python.profdata" counts/*.profraw
    cd "$out"
    rm -rf "$out/profile"
}

# The profile tells as well which functions were called through a pointer, most often those of an object's type. The compiler asks for
# the common ones and calls them directly.
values="-mllvm -enable-value-profiling=true"
sysroot=$out/sysroot/usr
cc="clang-19 --target=wasm32-wasi --sysroot=$sysroot -isystem $sysroot/include/wasm32-wasi"
emulation="-D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_MMAN -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_PROCESS_CLOCKS"
emulated="-lwasi-emulated-signal -lwasi-emulated-mman -lwasi-emulated-getpid -lwasi-emulated-process-clocks"
flags="-O2 -g0 -D_GNU_SOURCE=1 -Wno-macro-redefined $emulation -include $here/src/wasi_compat.h"
# For sources that wide_long.py has rewritten.
wide="$flags -include $here/src/wide_long.h -Werror=incompatible-pointer-types -Werror=incompatible-function-pointer-types"
wide+=" -Wno-error=incompatible-pointer-types-discards-qualifiers"
# For CPython itself: optimised as a whole, and for what the profile says is common. A function that differs from the profiled one goes
# without.
optimised="-O3 -flto $values -fprofile-instr-use=$out/python.profdata -Wno-profile-instr-out-of-date -Wno-profile-instr-unprofiled"
# Functions of wasi-libc that wasi_files.c completes.
wrapped="-Wl,--wrap=stat -Wl,--wrap=lstat -Wl,--wrap=fstat -Wl,--wrap=access -Wl,--wrap=mkdir -Wl,--wrap=strftime"
wrapped+=" -Wl,--wrap=statvfs -Wl,--wrap=fstatvfs -Wl,--wrap=chdir -Wl,--wrap=fdopen -Wl,--wrap=fpathconf -Wl,--wrap=ioctl"
wrapped+=" -Wl,--wrap=__wasilibc_find_relpath_alloc"
# The stack comes first in memory, so that an overflow traps instead of overwriting data.
layout="-Wl,-z,stack-size=16777216 -Wl,--stack-first"

step_libraries() {
    rm -rf "$out/sysroot" "$out/zlib" "$out/bzip2"
    mkdir -p "$out/sysroot" "$out/zlib" "$out/bzip2"
    dpkg -x "$out"/cache/wasi-libc_*.deb "$out/sysroot"
    tar -xf "$out"/cache/zlib_*.orig.tar.bz2 -C "$out/zlib" --strip-components=1
    tar -xf "$out"/cache/bzip2_*.orig.tar.gz -C "$out/bzip2" --strip-components=1
    cd "$out/zlib"
    $cc -O2 -Wno-deprecated-non-prototype -DHAVE_UNISTD_H -c adler32.c crc32.c compress.c uncompr.c deflate.c trees.c zutil.c \
        inflate.c infback.c inftrees.c inffast.c
    llvm-ar-19 rcs libz.a ./*.o
    cd "$out/bzip2"
    $cc -O2 -c blocksort.c huffman.c crctable.c randtable.c compress.c decompress.c bzlib.c
    llvm-ar-19 rcs libbz2.a ./*.o
}

step_wasm() {
    rm -rf "$out/wasm"
    cp -r "$out/source" "$out/wasm"
    cd "$out/wasm"
    sed "s#@DEPS@#$out#g" "$here/Setup.local" > Modules/Setup.local
    cp "$here"/src/codehook*.[ch] Modules/
    cp "$here/src/codehook_threads.h" Include/
    python3 "$here/wide_long.py" Include Objects Parser Python Modules
    $cc $flags -DCODEHOOK_SHIMS -c "$here/src/wasi_shims.c" "$here/src/wasi_files.c"
    # So that its loops do not become calls of the functions that they are.
    $cc -O2 -fno-builtin -mbulk-memory -c "$here/src/wasi_memory.c"
    PATH=$out/native/bin:$PATH CONFIG_SITE=$here/config.site CC=$cc AR=llvm-ar-19 RANLIB=llvm-ranlib-19 \
        CFLAGS="$wide" LDFLAGS="-L$sysroot/lib/wasm32-wasi $layout $wrapped" LIBS="$emulated $PWD/wasi_shims.o $PWD/wasi_files.o" \
        ./configure --host=wasm32-unknown-wasi --build="$(./config.guess)" --prefix=/usr --without-threads --disable-shared \
        --disable-ipv6 --enable-unicode=ucs4 --enable-big-digits=30 --without-ensurepip --with-pymalloc
    make -j"$jobs" EXTRA_CFLAGS="$optimised" PYTHON_FOR_BUILD="$out/native/python" libpython2.7.a
}

# A C library that modules of packages need: libraries/NAME.sh (NAME as in sources.lock) leaves its headers and static libraries in
# target/python-wasm/libraries/NAME.
step_c_library() {
    local name=$1 build=$out/libraries/$1
    rm -rf "$build"
    mkdir -p "$build/include"
    cd "$build"
    CC=$cc LIBRARY_CFLAGS=$flags AR=llvm-ar-19 RANLIB=llvm-ranlib-19 HERE=$here OUT=$out JOBS=$jobs \
        bash -euo pipefail "$here/libraries/$name.sh"
    ls ./*.a
}

# The modules in C of one package: extensions/NAME/build.sh leaves static libraries in target/python-wasm/extensions/NAME, and
# extensions/NAME/modules lists what they hold. What it is given is described in docs/interpreter.md.
step_extension() {
    local name=$1 build=$out/extensions/$1
    rm -rf "$build"
    mkdir -p "$build"
    cd "$build"
    CC=$cc CFLAGS=$wide LIBRARY_CFLAGS=$flags AR=llvm-ar-19 RANLIB=llvm-ranlib-19 HERE=$here OUT=$out JOBS=$jobs PYTHON_TREE=$out/wasm \
        bash -euo pipefail "$here/extensions/$name/build.sh"
    ls ./*.a
}

step_link() {
    rm -rf "$out/link"
    mkdir -p "$out/link"
    cd "$out/link"
    cp "$here/src/codehook_main.c" "$here/src/unwind.c" .
    # The table of all built-in modules of packages, under their dotted names.
    local name init
    {
        echo '#include "Python.h"'
        cat "$here"/extensions/*/modules | grep -v '^#' | while read -r name init; do echo "extern void $init(void);"; done
        echo 'struct _inittab codehook_extensions[] = {'
        cat "$here"/extensions/*/modules | grep -v '^#' | while read -r name init; do echo "    {\"$name\", $init},"; done
        echo '    {NULL, NULL}'
        echo '};'
    } > inittab.c
    python3 "$here/wide_long.py" codehook_main.c unwind.c inittab.c
    $cc $wide $optimised -I"$out/wasm" -I"$out/wasm/Include" -DPy_BUILD_CORE -I"$here/src" -c codehook_main.c unwind.c inittab.c
    # Not -O2 for clang itself: it would run binaryen's optimizer where that happens to be installed.
    $cc -flto -Wl,-O2 -Wl,--lto-O3 -mexec-model=reactor -L"$sysroot/lib/wasm32-wasi" $layout $wrapped -Wl,--gc-sections -Wl,--strip-all -o "$out/python.wasm" \
        codehook_main.o unwind.o inittab.o "$out/wasm/Modules/getbuildinfo.o" "$out/wasm/libpython2.7.a" "$out"/wasm/wasi_{shims,files,memory}.o \
        $(find "$out/extensions" "$out/libraries" -maxdepth 2 -name '*.a' | sort) -L"$out/zlib" -lz -L"$out/bzip2" -lbz2 $emulated -lcrypt -lm
}

step_packages() {
    python3 "$here/packages/fetch.py" "$out/packages"
}

# The fonts that reportlab draws bitmaps with, under the names of those that it came with.
step_fonts() {
    local theirs ours
    rm -rf "$out/fonts"
    mkdir -p "$out/fonts/reportlab/fonts"
    dpkg -x "$out"/cache/tex-gyre_*.deb "$out/fonts/package"
    grep -v '^#' "$here/library/type1-fonts" | while read -r ours theirs; do
        cp "$out/fonts/package/usr/share/texmf/fonts/type1/public/tex-gyre/$theirs.pfb" "$out/fonts/reportlab/fonts/$ours.pfb"
    done
    cp "$out/fonts/package/usr/share/doc/tex-gyre/copyright" "$out/fonts/reportlab/fonts/tex-gyre-license.txt"
    rm -rf "$out/fonts/package"
}

step_library() {
    python3 "$here/library/assemble.py" --lib "$out/source/Lib" --python "$out/native/python" \
        --stand-ins "$here/stand-ins" --packages "$out/packages" --extensions "$here/extensions" \
        --additions "$out/fonts" --output "$out"
    rm -rf "$out/tree"
}

# CPython's own tests, for `make test-cpython`.
step_tests() {
    python3 "$here/library/assemble_tests.py" --lib "$out/source/Lib" --python "$out/native/python" \
        --stand-ins "$here/stand-ins" --output "$out"
}

step_snapshot() {
    "$here/../target/release/python-snapshot" pack --wasm "$out/python.wasm" --library "$out/lib.tar" \
        --manifest "$out/manifest.json" --out "$here/../target/lib/codehook/python2.7.runtime"
}

build() {
    "$here/fetch-sources.sh" "$out/cache"
    local recipe=("$(locked python2.7)" "$here/patches")
    step source "${recipe[@]}"
    step native "${recipe[@]}"
    step profile "${recipe[@]}" "$values" "$here/training.txt" "$here/training_stubs.c" "$here/src/codehook_threads.h"
    step libraries "$(locked zlib)" "$(locked bzip2)" "$(locked wasi-libc)"
    local interpreter=("${recipe[@]}" "$(locked wasi-libc)" "$optimised" "$out/profile.stamp" "$here/config.site" "$here/Setup.local" "$here"/src/w*.h "$here/wide_long.py")
    step wasm "${interpreter[@]}" "$layout" "$wrapped" "$here"/src/codehook{,_calls,_locks,_resource,_signals,_stuck,_threads}.c "$here"/src/codehook_{green,locks,resource,threads}.h "$here"/src/wasi_{shims,files,memory}.c
    step packages "$here/packages"
    local folder name recipe_file
    for recipe_file in "$here"/libraries/*.sh; do
        name=$(basename "$recipe_file" .sh)
        step "c_library.$name" "$here/sources.lock" "$here/src/wasi_compat.h" "$here/src/codehook_unwind.h" "$here/libraries/$name"*
    done
    for folder in "$here"/extensions/*/; do
        name=$(basename "$folder")
        step "extension.$name" "${interpreter[@]}" "$here/libraries" "$folder" "$(grep -i "^$name==" "$here/packages/requirements.lock")"
    done
    step link "${interpreter[@]}" "$layout" "$wrapped" "$here/src" "$here/libraries" "$here/extensions" "$here/packages/requirements.lock"
    step fonts "$(locked tex-gyre)" "$here/library/type1-fonts"
    step library "${recipe[@]}" "$out/fonts" "$here/packages" "$here/library" "$here/stand-ins" "$here/extensions"
    step tests "${recipe[@]}" "$here/library" "$here/stand-ins"
}

build
if [ "${1:-}" = snapshot ]; then
    step snapshot "$out/python.wasm" "$out/lib.tar" "$out/manifest.json" "$here/../target/release/python-snapshot"
fi
