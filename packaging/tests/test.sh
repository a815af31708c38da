#!/usr/bin/env bash
# Uses what `make dist` has made as those who get it would: unpacks, installs, upgrades, runs, serves, removes. One
# line for each check.
#
# It needs root, for file systems and users of its own; all of that is in namespaces that end with it, and nothing of
# this machine is changed. PARTS="archive deb ..." tries some.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=packaging/common.sh
. "$here/../common.sh"

if [ "${1:-}" != inside ]; then
    [ "$(id -u)" -eq 0 ] || { echo "the tests of packages need root: sudo make test-packages" >&2; exit 1; }
    "$here/../install-tools.sh" test
    "$here/roots.sh"
    tools=$root/target/tools/packaging
    [ -f "$tools/made" ] || {
        python3 -m venv --clear "$tools"
        "$tools/bin/pip" install --quiet --requirement "$here/requirements.txt"
        touch "$tools/made"
    }
    mkdir -p "$work/tests"
    exec unshare --mount --pid --fork --kill-child --mount-proc --propagation private "$0" inside
fi

# shellcheck source=packaging/tests/lib.sh
. "$here/lib.sh"
mount -t tmpfs -o size=3g,mode=755 codehook-test "$space"
for part in ${PARTS:-archive parts deb shells unit image proxies manifests}; do
    echo "--- $part"
    # shellcheck source=/dev/null
    . "$here/$part.sh"
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
