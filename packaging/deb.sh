#!/usr/bin/env bash
# Makes the Debian package.
#
#     deb.sh STAGE VERSION OUT
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=packaging/common.sh
. "$here/common.sh"
usage="usage: deb.sh STAGE VERSION OUT"
stage=${1:?$usage} own_version=${2:?$usage} out=${3:?$usage}

# Debian's own names for whoever makes a package.
maintainer="${DEBFULLNAME:-codehook maintainers} <${DEBEMAIL:-maintainers@codehook.invalid}>"

new=$(mktemp -d "$work/deb.XXXXXX")
trap 'rm -rf "$new"' EXIT
tree=$new/tree
doc=$tree/usr/share/doc/codehook

files() {
    install -D -m 755 "$stage/codehook" "$tree/usr/bin/codehook"
    install -D -m 644 "$stage/systemd/codehook.service" "$tree/usr/lib/systemd/system/codehook.service"
    install -D -m 644 "$here/etc/serve.toml" "$tree/etc/codehook/serve.toml"
    install -D -m 644 "$stage/completions/codehook" "$tree/usr/share/bash-completion/completions/codehook"
    install -D -m 644 "$stage/completions/_codehook" "$tree/usr/share/zsh/vendor-completions/_codehook"
    install -D -m 644 "$stage/completions/codehook.fish" "$tree/usr/share/fish/vendor_completions.d/codehook.fish"
    install -d "$tree/usr/share/man/man1" "$doc"
    cp "$stage"/man/*.1 "$tree/usr/share/man/man1"
    gzip -9n "$tree/usr/share/man/man1"/*.1
    cp -r "$stage/examples" "$doc/examples"
    cp -r "$stage/doc/docs" "$stage"/doc/{README,SECURITY,ARCHITECTURE,CONTRIBUTING}.md "$doc"
    install -D -m 644 "$here/debian/lintian-overrides" "$tree/usr/share/lintian/overrides/codehook"
    cp "$here/debian/copyright" "$doc/copyright"
    gzip -9n < "$stage/doc/THIRD-PARTY-NOTICES" > "$doc/THIRD-PARTY-NOTICES.gz"
    printf 'codehook (%s) stable; urgency=medium\n\n  * See the commits for what has changed.\n\n -- %s  %s\n' \
        "$own_version" "$maintainer" "$(date --utc --rfc-email --date="@$SOURCE_DATE_EPOCH")" |
        gzip -9n > "$doc/changelog.gz"
}

# What the dynamic linker needs, as the packages of this machine say.
libraries() {
    mkdir -p "$new/shlibs/debian"
    printf 'Source: codehook\n\nPackage: codehook\nArchitecture: any\n' > "$new/shlibs/debian/control"
    (cd "$new/shlibs" && dpkg-shlibdeps -O "$tree/usr/bin/codehook" 2> "$new/shlibs/log") |
        sed -n 's/^shlibs:Depends=//p'
}

control() {
    local depends size
    depends=$(libraries)
    size=$(du --summarize --apparent-size --block-size=1024 "$tree" | cut -f 1)
    mkdir "$tree/DEBIAN"
    sed -e "s/@VERSION@/$own_version/" -e "s/@ARCHITECTURE@/$architecture/" -e "s/@SIZE@/$size/" \
        -e "s/@LIBRARIES@/$depends/" -e "s/@MAINTAINER@/$maintainer/" "$here/debian/control" > "$tree/DEBIAN/control"
    (cd "$tree" && find . -path ./DEBIAN -prune -o -path ./etc -prune -o -type f -printf '%P\n' | LC_ALL=C sort |
        xargs -d '\n' md5sum) > "$new/md5sums"
    mv "$new/md5sums" "$tree/DEBIAN/md5sums"
    echo /etc/codehook/serve.toml > "$tree/DEBIAN/conffiles"
    local script
    for script in postinst prerm postrm; do
        install -m 755 "$here/debian/$script" "$tree/DEBIAN/$script"
    done
}

files
control
find "$tree" -type d -exec chmod 755 {} +
find "$tree/usr/share" "$tree"/DEBIAN/{md5sums,conffiles,control} -type f -exec chmod 644 {} +
find "$tree" -exec touch --no-dereference --date="@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group -Zzstd "-z$zstd_level" --build "$tree" "$new/out.deb" > /dev/null
mv "$new/out.deb" "$out"
