# The C library for wasm32-wasi.
# waits: sources
# locked: wasi-libc
# makes: sysroot
# kept: no

mkdir "$RESULT/sysroot"
dpkg -x "$OUT"/cache/wasi-libc_*.deb "$RESULT/sysroot"
