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

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo > /dev/null || {
        echo "these Debian packages are missing, and only root can install them: ${missing[*]}" >&2
        exit 1
    }
    root=(sudo)
fi
echo "installing: ${missing[*]}" >&2
"${root[@]}" apt-get -qq update || echo "some package lists could not be updated; going on" >&2
DEBIAN_FRONTEND=noninteractive "${root[@]}" apt-get -qq install -y --no-install-recommends "${missing[@]}" > /dev/null
