#!/usr/bin/env bash
# Runs the isolation tests, prints a line for each attack and, at the end, how many there were and how their runs ended.
set -euo pipefail
cd "$(dirname "$0")/.."
log=target/attacks.log
status=0
cargo test --release --locked --workspace --test isolation -- --nocapture > "$log" 2>&1 || status=$?
# There may be none, if the tests do not compile.
{ grep '^attack |' "$log" || true; } | sort | cut -d '|' -f 2-
if [ "$status" -ne 0 ]; then
    { grep -v '^attack |' "$log" || true; } >&2
fi
echo
echo "How the attacks' runs ended, by class:"
awk -F ' [|] ' '/^attack [|]/ { sub("report: ", "", $5); print $2 ": " $5 }' "$log" | sort | uniq -c
awk '/^attack [|]/ { attacks++; contained += !/report: not contained/ }
    /^test .* ok$/ { passed++ }
    END { printf "%d attacks, %d contained; %d tests passed\n", attacks, contained, passed }' "$log"
exit "$status"
