#!/usr/bin/env bash
# Makes one self-contained program: the program without its symbols, filled up to a multiple of 4096 bytes, and the
# runtime file after it.
#
#     attach-runtime.sh PROGRAM RUNTIME OUT
#
# OUT is replaced at once or not at all. The runtime file is a zip archive, which is read from its end; its members lie
# at multiples of 4096 so that they can be mapped, and still do so behind the program. `strip` would cut it off again.
set -euo pipefail

[ $# -eq 3 ] || { echo "usage: attach-runtime.sh PROGRAM RUNTIME OUT" >&2; exit 2; }
program=$1 runtime=$2 out=$3
page=4096

[ "$(head -c 4 "$program")" = $'\x7fELF' ] || { echo "$program is no program (ELF)" >&2; exit 1; }
[ "$(head -c 4 "$runtime")" = $'PK\x03\x04' ] || {
    echo "$runtime is no runtime file (zip): make it with \`make python\`" >&2
    exit 1
}

new=$(mktemp "$out.XXXXXX")
trap 'rm -f "$new"' EXIT
strip -o "$new" "$program"
truncate --size "%$page" "$new"
cat "$runtime" >> "$new"
chmod 755 "$new"
mv "$new" "$out"
