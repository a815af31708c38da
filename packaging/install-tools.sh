#!/usr/bin/env bash
# Installs the Debian packages that packaging needs, if any is missing.
#
#     install-tools.sh dist|test
#
# None of them starts anything. What the tests need of servers and shells is in a directory tree of its own
# (tests/roots.sh).
set -euo pipefail

dist=(
    # dpkg-shlibdeps, dpkg-deb and apt-get download; the image's layers and its index.
    dpkg-dev apt ca-certificates umoci
    # strip, and the compressors.
    binutils gzip zstd python3
)
test=(
    mmdebstrap python3-venv skopeo curl jq util-linux mount
)
case ${1:-} in
    dist) packages=("${dist[@]}") ;;
    test) packages=("${dist[@]}" "${test[@]}") ;;
    *) echo "usage: install-tools.sh dist|test" >&2; exit 2 ;;
esac

"$(dirname "$0")/../python-wasm/build/install-packages.sh" "${packages[@]}"
