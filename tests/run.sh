#!/usr/bin/env bash
# Runs every test of the workspace, also when some fail, with the arguments for cargo test. The last line says how many
# passed and failed.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo test --no-fail-fast "$@" | awk '
    { print; fflush() }
    # A test that runs itself again, in a network or on a disk of its own, leaves the others out, and says so.
    /^test result: .* 0 filtered out/ { passed += $4; failed += $6 }
    END { printf "%d passed, %d failed\n", passed, failed }'
