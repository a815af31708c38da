#!/usr/bin/env bash
# Runs the isolation tests, prints a line for each attack and, at the end, how many there were and how their runs ended.
set -uo pipefail
cd "$(dirname "$0")/.."
log=target/attacks.log
cargo test --release --locked --workspace --test isolation -- --nocapture > "$log" 2>&1
status=$?
grep '^attack |' "$log" | sort | cut -d '|' -f 2-
if [ "$status" -ne 0 ]; then
    grep -v '^attack |' "$log" >&2
fi
echo
echo "How the attacks' runs ended, by class:"
grep '^attack |' "$log" | awk -F ' [|] ' '{ sub("report: ", "", $5); print $2 ": " $5 }' | sort | uniq -c
attacks=$(grep -c '^attack |' "$log")
contained=$(grep '^attack |' "$log" | grep -vc 'report: not contained')
echo "$attacks attacks, $contained contained; $(grep -c '^test .* ok$' "$log") tests passed"
exit "$status"
