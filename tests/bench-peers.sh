#!/usr/bin/env bash
# Installs what `make bench` compares with: bubblewrap from Debian, and Pyodide (CPython 3 on WebAssembly) from npm, for Node.js.
# A peer that cannot be installed is left out of the comparison, and this says so.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
folder=$here/../target/tools/pyodide
pyodide=0.29.0

root=()
[ "$(id -u)" -eq 0 ] || root=(sudo)

missing=()
command -v bwrap > /dev/null || missing+=(bubblewrap)
command -v npm > /dev/null || missing+=(nodejs npm)
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing: ${missing[*]}" >&2
    DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get -qq install -y --no-install-recommends "${missing[@]}" > /dev/null \
        || echo "not installed, and left out of the comparison: ${missing[*]}" >&2
fi

if command -v npm > /dev/null && [ ! -f "$folder/node_modules/pyodide/package.json" ]; then
    mkdir -p "$folder"
    npm install --silent --no-audit --no-fund --prefix "$folder" "pyodide@$pyodide" \
        || echo "Pyodide could not be installed, and is left out of the comparison" >&2
fi
[ ! -d "$folder" ] || cp "$here/bench-pyodide.mjs" "$folder/run.mjs"
