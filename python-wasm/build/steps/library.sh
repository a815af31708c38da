# The standard library, stand-ins and packages, compiled by the interpreter itself.
# after: source fonts link tool
# waits: packages
# reads: packages library/assemble.py stand-ins extensions/*/modules
# makes: lib.tar manifest.json

python3 "$HERE/library/assemble.py" --lib "$OUT/source/Lib" --tool "$HERE/../target/release/python-snapshot" \
    --wasm "$OUT/python.wasm" --stand-ins "$HERE/stand-ins" --packages "$OUT/packages" --extensions "$HERE/extensions" \
    --additions "$OUT/fonts" --work "$PWD" --output "$RESULT"
