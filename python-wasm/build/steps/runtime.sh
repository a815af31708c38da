# The runtime file: the interpreter as it is after its start, compiled for this machine, and its library.
# after: link library tool
# platform: yes
# makes: /lib/codehook/python2.7.runtime

mkdir -p "$TARGET/lib/codehook"
"$HERE/../target/release/python-snapshot" pack --wasm "$OUT/python.wasm" --library "$OUT/lib.tar" \
    --manifest "$OUT/manifest.json" --out "$TARGET/lib/codehook/python2.7.runtime"
