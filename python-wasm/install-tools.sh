#!/usr/bin/env bash
# Installs the Debian packages that building and testing need, if any is missing. Does nothing, and asks for no rights, when
# all are there.
set -euo pipefail

packages=(
    # The build of the interpreter: compilers and linker for WebAssembly, and what the native python2.7 is built with.
    clang-19 lld-19 llvm-19 libclang-rt-19-dev-wasm32 libclang-rt-19-dev gcc make libc6-dev zlib1g-dev libbz2-dev libssl-dev libsqlite3-dev autoconf autoconf-archive cpp patch
    # SQLite is put together with tclsh.
    dpkg-dev debian-archive-keyring tcl
    # Profile and build cache are compressed.
    xz-utils zstd
    # Downloads of the Python packages, and the assembly of the library.
    python3 python3-pip python3-venv ca-certificates
    # The judges of the fax: pdfinfo and pdftotext. Certificates for the stand-ins' test servers.
    poppler-utils openssl
    # The demonstration of the service.
    curl
    # Networks of the isolation tests' own.
    iproute2 util-linux mount
)

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
