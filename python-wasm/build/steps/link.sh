# The interpreter: CPython, the modules in C of all packages, and what connects them with the engine.
# after: wasm zlib bzip2 sysroot profdata c_library.% extension.%
# reads: runtime extensions/*/modules tools/wide_long.py
# tools: clang-19 wasm-ld-19
# makes: python.wasm

cp "$HERE/runtime/codehook_main.c" "$HERE/runtime/unwind.c" .
# The table of all built-in modules of packages, under their dotted names.
modules() { cat "$HERE"/extensions/*/modules | grep -v '^#'; }
{
    echo '#include "Python.h"'
    modules | while read -r name init; do echo "extern void $init(void);"; done
    echo 'struct _inittab codehook_extensions[] = {'
    modules | while read -r name init; do echo "    {\"$name\", $init},"; done
    echo '    {NULL, NULL}'
    echo '};'
} > inittab.c
python3 "$HERE/tools/wide_long.py" codehook_main.c unwind.c inittab.c
$cc $wide $optimised -I"$OUT/wasm" -I"$OUT/wasm/Include" -DPy_BUILD_CORE -I"$HERE/runtime" \
    -c codehook_main.c unwind.c inittab.c
# Only what is declared: a folder may hold what an older version of the build has left.
archives=$(cd "$HERE" && printf '%s\n' extensions/*/build.sh native/*.sh |
    sed -E 's#/build\.sh$##; s#^native/(.*)\.sh$#libraries/\1#' |
    while read -r folder; do printf '%s\n' "$OUT/$folder"/*.a; done | sort)
# Not -O2 for clang itself: it would run binaryen's optimizer where that happens to be installed.
$cc -flto -Wl,-O2 -Wl,--lto-O3 -mexec-model=reactor -L"$sysroot/lib/wasm32-wasi" $layout $wrapped \
    -Wl,--gc-sections -Wl,--strip-all -o "$RESULT/python.wasm" \
    codehook_main.o unwind.o inittab.o "$OUT/wasm/Modules/getbuildinfo.o" "$OUT/wasm/libpython2.7.a" \
    "$OUT"/wasm/wasi_{shims,files,memory}.o $archives -L"$OUT/zlib" -lz -L"$OUT/bzip2" -lbz2 $emulated -lcrypt -lm
