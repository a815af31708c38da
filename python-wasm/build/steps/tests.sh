# CPython's own tests, for `make test-cpython`.
# after: source link tool
# reads: library/assemble.py library/assemble_tests.py stand-ins packages/lock.py packages/unpack.py
# makes: tests.tar

python3 "$HERE/library/assemble_tests.py" --lib "$OUT/source/Lib" --tool "$HERE/../target/release/python-snapshot" \
    --wasm "$OUT/python.wasm" --stand-ins "$HERE/stand-ins" --work "$PWD" --output "$RESULT"
