#!/usr/bin/env bash
# Prints the folder of the linters that need no compiler, after installing them if they are not there.
#
# They are kept in the user's cache, in a folder named after what is pinned: a change of the pins makes another folder,
# and all work trees share one. Where the build cache is off (CODEHOOK_BUILD_CACHE is empty), they are in target/tools.
set -euo pipefail
cd "$(dirname "$0")"
cache=${CODEHOOK_BUILD_CACHE-${XDG_CACHE_HOME:-${HOME:?}/.cache}/codehook/build}
tools=${cache:-../../target}/tools
# Private: whoever can write here decides what is run.
(umask 077 && mkdir -p "$tools")
tools=$(cd "$tools" && pwd)/lint-$(sha256sum < requirements.txt | cut -c1-16)
if [ ! -e "$tools/complete" ]; then
    # One installs, others wait. What a killed installation left is replaced.
    exec 9> "$tools.lock"
    flock 9
    if [ ! -e "$tools/complete" ]; then
        echo "installing the linters into $tools" >&2
        python3 -m venv --clear "$tools"
        "$tools/bin/pip" install --quiet --disable-pip-version-check --require-hashes --only-binary :all: \
            -r requirements.txt >&2
        touch "$tools/complete"
    fi
fi
echo "$tools/bin"
