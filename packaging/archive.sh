#!/usr/bin/env bash
# Makes the archive for any Linux distribution: one folder with everything that stage.sh gathered.
#
#     archive.sh STAGE OUT
set -euo pipefail
# shellcheck source=packaging/common.sh
. "$(cd "$(dirname "$0")" && pwd)/common.sh"
stage=${1:?usage: archive.sh STAGE OUT} out=${2:?usage: archive.sh STAGE OUT}

new=$(mktemp -d "$work/archive.XXXXXX")
trap 'rm -rf "$new"' EXIT
folder=codehook-$version-$machine-linux
cp -a "$stage" "$new/$folder"
# The number of threads changes no byte.
archive "$new" "$folder" | zstd --quiet "-$zstd_level" -T0 -o "$new/out"
mv "$new/out" "$out"
