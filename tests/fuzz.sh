#!/usr/bin/env bash
# Fuzzes each target for a while, one after the other, coverage-guided by libFuzzer; then the properties that need the sandbox.
#   MINUTES  how long each target runs (10)
#   FACTOR   how many times as many random programs, code objects, templates and host calls run in the sandbox as in the tests (20)
#   TARGETS  which ones (all)
# What is found is kept in target/fuzz/corpus for the next time. A failure ends with the input's path and how to run it alone.
set -euo pipefail
cd "$(dirname "$0")/.."
minutes=${MINUTES:-10}
factor=${FACTOR:-20}
targets=${TARGETS:-template event mapping url response safepoints sandbox}
fuzz=(target/tools/bin/cargo-fuzz fuzz)
[ -x "${fuzz[0]}" ] || cargo install --locked --root target/tools cargo-fuzz@0.13.1

# Without a sanitizer no nightly compiler is needed; there is no unsafe code in what these targets reach.
with=(--fuzz-dir tests/fuzz --sanitizer none --features libfuzzer)
mkdir -p target/fuzz/logs
failed=()
for target in $targets; do
    log=target/fuzz/logs/$target.log
    echo "== $target"
    if [ "$target" = sandbox ]; then
        CODEHOOK_PROPERTY_FACTOR=$factor cargo test --release --locked --workspace --test isolation --test run_interruption --test rendering -- \
            calls_with any_ every_value > "$log" 2>&1 || failed+=("$target")
        grep -E '^test result|panicked' "$log" || true
        continue
    fi
    found=target/fuzz/corpus/$target
    mkdir -p "$found" "target/fuzz/artifacts/$target"
    dictionary=tests/fuzz/dictionaries/$target.dict
    words=()
    [ ! -f "$dictionary" ] || words=("-dict=$dictionary")
    "${fuzz[@]}" run "${with[@]}" "$target" "$found" "tests/fuzz/corpus/$target" -- \
        "${words[@]}" -artifact_prefix="target/fuzz/artifacts/$target/" \
        -max_len=2048 -timeout=10 -rss_limit_mb=4096 -max_total_time=$((minutes * 60)) -print_final_stats=1 > "$log" 2>&1 ||
        failed+=("$target")
    grep -E 'stat::number_of_executed_units|^Done|panicked|ERROR|Test unit written' "$log" | tail -5
done
[ ${#failed[@]} -eq 0 ] || { echo "failed: ${failed[*]}; see target/fuzz/logs" >&2; exit 1; }
