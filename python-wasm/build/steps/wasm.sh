# CPython for wasm32-wasi, as a library to link; and of its configured tree what modules in C of packages are compiled
# with.
# after: source sysroot zlib bzip2 profdata
# reads: cpython/config.site cpython/Setup.local tools/wide_long.py build/profile-fit.py
# reads: runtime/libc runtime/codehook*.[ch] runtime/wide_long.h
# tools: clang-19 llvm-ar-19 llvm-ranlib-19 make
# makes: wasm profile-fit.json

cp -a "$OUT/source" wasm
cd wasm
sed "s#@DEPS@#$OUT#g" "$HERE/cpython/Setup.local" > Modules/Setup.local
cp "$HERE"/runtime/codehook*.[ch] Modules/
cp "$HERE/runtime/codehook_threads.h" Include/
python3 "$HERE/tools/wide_long.py" Include Objects Parser Python Modules
$cc $flags -DCODEHOOK_SHIMS -c "$HERE/runtime/libc/wasi_shims.c" "$HERE/runtime/libc/wasi_files.c"
# So that its loops do not become calls of the functions that they are.
$cc -O2 -fno-builtin -mbulk-memory -c "$HERE/runtime/libc/wasi_memory.c"
# A Python for the build is asked for, and nothing of the library needs one: should that change, this fails.
PYTHON_FOR_BUILD=/bin/false CONFIG_SITE=$HERE/cpython/config.site CC=$cc AR=llvm-ar-19 RANLIB=llvm-ranlib-19 \
    CFLAGS="$wide" LDFLAGS="-L$sysroot/lib/wasm32-wasi $layout $wrapped" \
    LIBS="$emulated $PWD/wasi_shims.o $PWD/wasi_files.o" \
    ./configure --host=wasm32-unknown-wasi --build="$(./config.guess)" --prefix=/usr --without-threads \
    --disable-shared --disable-ipv6 --enable-unicode=ucs4 --enable-big-digits=30 --without-ensurepip --with-pymalloc
make EXTRA_CFLAGS="$optimised" libpython2.7.a 2>&1 | tee make.log
python3 "$HERE/build/profile-fit.py" make.log "$RESULT/profile-fit.json"
mkdir -p "$RESULT/wasm/Modules"
cp -r Include pyconfig.h libpython2.7.a wasi_{shims,files,memory}.o "$RESULT/wasm"
cp -r Modules/_sqlite Modules/getbuildinfo.o "$RESULT/wasm/Modules"
