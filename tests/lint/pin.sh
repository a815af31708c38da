#!/usr/bin/env bash
# Writes requirements.txt: the linters of requirements.in and what they need, in the newest versions, by hash.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/uv"
"$work/uv/bin/pip" install --quiet --disable-pip-version-check uv==0.13.9
"$work/uv/bin/uv" pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header --no-annotate \
    --only-binary :all: --output-file "$work/requirements.txt" requirements.in
mv "$work/requirements.txt" requirements.txt
