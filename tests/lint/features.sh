#!/usr/bin/env bash
# The tests take the crates that the program was built with: no dev-dependency turns on a feature of one of them. Such a
# feature would have that crate, and all that need it, compiled a second time.
set -euo pipefail
cd "$(dirname "$0")/../.."
crates() {
    cargo tree --locked --workspace --target "$(rustc --print host-tuple)" --edges "$1" \
        --prefix none --no-dedupe --format '{p} {f}' |
        sed 's/ (\*)$//' | LC_ALL=C sort -u
}
program=$(crates normal,build)
tests=$(crates normal,build,dev)
different=$(LC_ALL=C comm -23 <(echo "$program") <(echo "$tests"))
[ -z "$different" ] || {
    echo "a dev-dependency changes the features of these crates: move it to [dependencies]" >&2
    echo "$different" >&2
    exit 1
}
