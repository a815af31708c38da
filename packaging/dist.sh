#!/usr/bin/env bash
# Makes everything that is handed out, in target/dist: the archive, the Debian package, the OCI image, the list of
# parts (SBOM), and SHA256SUMS. `make dist` builds the program before.
#
# The same source and tools give the same bytes. ZSTD_LEVEL=19 makes smaller files, slowly.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=packaging/common.sh
. "$here/common.sh"
"$here/install-tools.sh" dist

# Two at once would make the same files.
exec {lock}> "$work/lock"
flock "$lock"
new=$(mktemp -d "$work/new.XXXXXX")
trap 'rm -rf "$new"' EXIT

"$here/stage.sh" "$new/stage"
stage=$new/stage out=$new/out
mkdir "$out"
cp "$stage/codehook" "$out/codehook"
python3 "$here/parts.py" sbom > "$out/codehook-$version.cdx.json"
"$here/archive.sh" "$stage" "$out/codehook-$version-$machine-linux.tar.zst"
"$here/deb.sh" "$stage" "$version" "$out/codehook_${version}_$architecture.deb"
"$here/image.sh" "$stage" "$out/codehook-$version.oci.tar"
(cd "$out" && LC_ALL=C sha256sum -- * > "$new/SHA256SUMS")

# What is not of this version goes; the sums come last.
rm -rf "${dist:?}"/*
mv "$out"/* "$dist"
mv "$new/SHA256SUMS" "$dist/SHA256SUMS"
ls -l "$dist"
