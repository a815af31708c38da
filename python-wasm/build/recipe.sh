# What every recipe starts with: flags, and a loop for make's job server. Recipes run in an empty folder and are given
#   HERE     python-wasm/              OUT     target/python-wasm/, for reading what other steps made
#   RESULT   where the result goes     TARGET  the same for what belongs into target/
#   NAME     the X of a step NAME.X
# shellcheck shell=bash disable=SC2034

# A compiler that is told where things are writes it down in places: these say the same in every folder.
mapped="-ffile-prefix-map=$OUT=/build -ffile-prefix-map=$HERE=/python-wasm -ffile-prefix-map=$PWD=/build"
sysroot=$OUT/sysroot/usr
cc="clang-19 --target=wasm32-wasi --sysroot=$sysroot -isystem $sysroot/include/wasm32-wasi $mapped"
emulation="-D_WASI_EMULATED_SIGNAL -D_WASI_EMULATED_MMAN -D_WASI_EMULATED_GETPID -D_WASI_EMULATED_PROCESS_CLOCKS"
emulated="-lwasi-emulated-signal -lwasi-emulated-mman -lwasi-emulated-getpid -lwasi-emulated-process-clocks"
flags="-O2 -g0 -D_GNU_SOURCE=1 -Wno-macro-redefined $emulation -include $HERE/runtime/libc/wasi_compat.h"
# For sources that wide_long.py has rewritten.
wide="$flags -include $HERE/runtime/wide_long.h"
wide+=" -Werror=incompatible-pointer-types -Werror=incompatible-function-pointer-types"
wide+=" -Wno-error=incompatible-pointer-types-discards-qualifiers"
# The profile tells as well which functions were called through a pointer, most often those of an object's type. The
# compiler asks for the common ones and calls them directly.
values="-mllvm -enable-value-profiling=true"
# For CPython itself: optimised as a whole, and for what the profile says is common. A function that differs from the
# profiled one goes without; profile-fit.py counts these.
optimised="-O3 -flto $values -fprofile-instr-use=$OUT/python.profdata"
optimised+=" -Wprofile-instr-out-of-date -Wprofile-instr-missing -Wno-profile-instr-unprofiled"
# Functions of wasi-libc that wasi_files.c completes.
wrapped="-Wl,--wrap=stat -Wl,--wrap=lstat -Wl,--wrap=fstat -Wl,--wrap=access -Wl,--wrap=mkdir -Wl,--wrap=strftime"
wrapped+=" -Wl,--wrap=statvfs -Wl,--wrap=fstatvfs -Wl,--wrap=chdir -Wl,--wrap=fdopen"
wrapped+=" -Wl,--wrap=fpathconf -Wl,--wrap=ioctl"
wrapped+=" -Wl,--wrap=__wasilibc_find_relpath_alloc"
# The stack comes first in memory, so that an overflow traps instead of overwriting data.
layout="-Wl,-z,stack-size=16777216 -Wl,--stack-first"

# each COMMAND...: runs the command for every word of standard input, which takes the place of {}; as many side by side
# as make's job server allows.
each() {
    EACH_COMMAND=$(printf '%q ' "$@") make -s --no-print-directory -f "$HERE/build/each.mk" ITEMS="$(tr '\n' ' ')"
}
export HERE
export -f each

# Leaves out of CPython's setup.py what depends on the libraries that a machine happens to have: windows, terminals,
# sound, databases of other systems.
same_modules() {
    local left_out="_tkinter readline _curses _curses_panel ossaudiodev linuxaudiodev nis gdbm dbm _bsddb"
    sed -i "s/^disabled_module_list = .*/disabled_module_list = \"$left_out\".split()/" "$1"
}
