#!/usr/bin/env bash
# Installs the Debian packages that building and testing need, if any is missing.
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
    # The judges of the fax: pdfinfo and pdftotext. Certificates for the shims' test servers.
    poppler-utils openssl
    # The demonstration of the service.
    curl
    # Networks of the isolation tests' own.
    iproute2 util-linux mount
)

"$(dirname "$0")/install-packages.sh" "${packages[@]}"
