# CPython's own tests, for `make test-cpython`.
# after: source link tool
# reads: stdlib/assemble.py stdlib/assemble_tests.py shims packages/lock.py packages/unpack.py
# makes: tests.tar

python3 "$HERE/stdlib/assemble_tests.py" --lib "$OUT/source/Lib" --tool "$HERE/../target/release/python-snapshot" \
    --wasm "$OUT/python.wasm" --shims "$HERE/shims" --work "$PWD" --output "$RESULT"
