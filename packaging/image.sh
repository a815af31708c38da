#!/usr/bin/env bash
# Makes the OCI image, without a daemon: a layer with libc, the certificates and what names need, and one with the
# program.
#
#     image.sh STAGE OUT
#
# There is no shell, no package manager and nothing else in it. Files of the first layer come out of Debian packages of
# this machine's suite, whose names and versions lie in /var/lib/dpkg/status.d, where scanners look for them.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=packaging/common.sh
. "$here/common.sh"
stage=${1:?usage: image.sh STAGE OUT} out=${2:?usage: image.sh STAGE OUT}
# What `nonroot` is in the images that others make.
uid=65532
packages=(libc6 libgcc-s1 ca-certificates)

new=$(mktemp -d "$work/image.XXXXXX")
trap 'rm -rf "$new"' EXIT

# Puts the packages' files into a cache, and prints their names.
fetch() {
    local package version file
    mkdir -p "$work/debs"
    for package in "${packages[@]}"; do
        version=$(apt-cache policy "$package" | sed -n 's/^  Candidate: //p')
        file=$(find "$work/debs" -name "${package}_*.deb" -newermt '-1 day' -print -quit)
        if [ -z "$file" ] || [ "$(dpkg-deb --field "$file" Version)" != "$version" ]; then
            # A folder of its own: what is in the cache is whole.
            mkdir "$new/download"
            (cd "$new/download" && apt-get -qq -o APT::Sandbox::User=root download "$package" > /dev/null)
            rm -f "$work/debs/${package}"_*.deb
            mv "$new/download"/*.deb "$work/debs"
            rmdir "$new/download"
            file=$(find "$work/debs" -name "${package}_*.deb" -print -quit)
            touch "$file"
        fi
        echo "$file"
    done
}

base_layer() {
    local layer=$1 file name library
    mkdir -p "$layer"/{etc/ssl/certs,tmp,proc,dev,sys,var/lib/dpkg/status.d,usr/share/doc,usr/lib}
    # As in Debian: /lib and /lib64 are those of /usr.
    ln -s usr/lib "$layer/lib"
    ln -s usr/lib64 "$layer/lib64"
    fetch > "$new/files"
    while read -r file; do
        name=$(dpkg-deb --field "$file" Package)
        rm -rf "$new/unpacked"
        dpkg-deb --extract "$file" "$new/unpacked"
        mkdir -p "$layer/usr/share/doc/$name"
        if [ -f "$new/unpacked/usr/share/doc/$name/copyright" ]; then
            cp "$new/unpacked/usr/share/doc/$name/copyright" "$layer/usr/share/doc/$name/copyright"
        else
            # libgcc-s1 has that of gcc's base package.
            echo "GPL-3 with GCC's Runtime Library Exception" > "$layer/usr/share/doc/$name/copyright"
        fi
        dpkg-deb --field "$file" > "$layer/var/lib/dpkg/status.d/$name"
        case $name in
            ca-certificates)
                find "$new/unpacked/usr/share/ca-certificates" -name '*.crt' -print0 | LC_ALL=C sort -z |
                    xargs -0 awk 1 > "$layer/etc/ssl/certs/ca-certificates.crt"
                ;;
            *)
                # Libraries alone: no character sets, locales or audit modules.
                for library in "$new"/unpacked/{,usr/}{lib,lib64}; do
                    [ -d "$library" ] || continue
                    rm -rf "$library"/*/{gconv,audit}
                    mkdir -p "$layer/usr/$(basename "$library")"
                    cp -a "$library/." "$layer/usr/$(basename "$library")"
                done
                rm -rf "$layer/usr/lib/locale"
                ;;
        esac
    done < "$new/files"
    printf '%s\n' root:x:0:0:root:/:/nonexistent "codehook:x:$uid:$uid:codehook:/var/lib/codehook:/nonexistent" \
        > "$layer/etc/passwd"
    printf 'root:x:0:\ncodehook:x:%s:\n' "$uid" > "$layer/etc/group"
    echo 'hosts: files dns' > "$layer/etc/nsswitch.conf"
    chmod 1777 "$layer/tmp"
    archive "$layer" > "$new/base.tar"
}

program_layer() {
    local layer=$1
    install -D -m 755 "$stage/codehook" "$layer/usr/bin/codehook"
    install -D -m 644 "$stage/doc/LICENSE" "$layer/usr/share/doc/codehook/LICENSE"
    install -D -m 644 "$stage/doc/THIRD-PARTY-NOTICES" "$layer/usr/share/doc/codehook/THIRD-PARTY-NOTICES"
    install -D -m 644 "$stage/doc/docs/licences.md" "$layer/usr/share/doc/codehook/licences.md"
    # A new volume gets this folder's owner.
    mkdir -p "$new/data/var/lib/codehook"
    chmod 700 "$new/data/var/lib/codehook"
    archive "$layer" > "$new/program.tar"
    LC_ALL=C tar --append --file "$new/program.tar" --directory "$new/data" --format=gnu --mtime="@$SOURCE_DATE_EPOCH" \
        --owner="$uid" --group="$uid" --numeric-owner var/lib/codehook
}

assemble() {
    local image=$new/oci:$version created
    created=$(date --utc --date="@$SOURCE_DATE_EPOCH" +%Y-%m-%dT%H:%M:%SZ)
    umoci init --layout "$new/oci"
    umoci new --image "$image"
    umoci raw add-layer --image "$image" --history.created "$created" \
        --history.created_by "Debian packages ${packages[*]}" \
        --history.author codehook "$new/base.tar"
    umoci raw add-layer --image "$image" --history.created "$created" --history.created_by "codehook $version" \
        --history.author codehook "$new/program.tar"
    umoci config --image "$image" --no-history --created "$created" --author codehook \
        --os linux --architecture "$architecture" \
        --config.user "$uid:$uid" --config.workingdir /var/lib/codehook \
        --config.entrypoint /usr/bin/codehook --config.cmd serve \
        --config.exposedports 8080/tcp --config.volume /var/lib/codehook --config.stopsignal SIGTERM \
        --config.env PATH=/usr/bin --config.env HOME=/var/lib/codehook \
        --config.env XDG_CACHE_HOME=/var/lib/codehook/.cache --config.env XDG_DATA_HOME=/var/lib/codehook/.local \
        --config.env TMPDIR=/var/lib/codehook --config.env CODEHOOK_DATA_DIR=/var/lib/codehook \
        --config.env CODEHOOK_LISTEN=0.0.0.0:8080 \
        --config.label org.opencontainers.image.title=codehook \
        --config.label "org.opencontainers.image.description=Run Python 2.7 codehooks in a WebAssembly sandbox" \
        --config.label "org.opencontainers.image.version=$version" \
        --config.label org.opencontainers.image.licenses=Apache-2.0 \
        --config.label "org.opencontainers.image.created=$created" \
        --config.label "org.opencontainers.image.revision=$(git -C "$root" rev-parse HEAD 2> /dev/null || echo unknown)"
    umoci gc --layout "$new/oci"
}

base_layer "$new/base"
program_layer "$new/program"
assemble > "$new/log" 2>&1 || { cat "$new/log" >&2; exit 1; }
archive "$new/oci" > "$new/out.tar"
mv "$new/out.tar" "$out"
