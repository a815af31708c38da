#!/usr/bin/env bash
# Prints the paths of all shell scripts, which their first lines tell, each ended by a null byte.
set -euo pipefail
cd "$(dirname "$0")/../.."
grep --recursive --exclude-dir={target,.git} --files-with-matches --null \
    --null-data --perl-regexp '\A#!.*\b(ba|da)?sh\b' .
