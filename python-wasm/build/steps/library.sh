# The standard library, shims and packages, compiled by the interpreter itself.
# after: source fonts link tool
# waits: packages
# reads: packages stdlib/assemble.py shims extensions/*/modules
# makes: lib.tar manifest.json

python3 "$HERE/stdlib/assemble.py" --lib "$OUT/source/Lib" --tool "$HERE/../target/release/python-snapshot" \
    --wasm "$OUT/python.wasm" --shims "$HERE/shims" --packages "$OUT/packages" --extensions "$HERE/extensions" \
    --additions "$OUT/fonts" --work "$PWD" --output "$RESULT"
