#!/usr/bin/env bash
# Puts every file of sources.lock into a directory, by apt, from the mirrors that this machine's apt already uses.
#
#     fetch-sources.sh CACHE_DIR
#
# SOURCE=DIR (or a file): take files from there first; only their hash counts. The system's apt configuration is read
# and never changed: suites other than the machine's own are looked up through a private configuration.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
cache=${1:?usage: fetch-sources.sh CACHE_DIR}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)

has_hash() { [ -f "$1" ] && echo "$2  $1" | sha256sum --check --status; }

# What the build cache has of these bytes.
kept() { python3 "$here/store.py" "$@"; }

locked() { grep -v '^#' "$here/sources.lock" | grep -v '^$'; }

take_local_copies() {
    [ -n "${SOURCE:-}" ] || return 0
    [ -e "$SOURCE" ] || { echo "SOURCE=$SOURCE is not there" >&2; exit 1; }
    local kind suite package file hash copy
    while read -r kind suite package file hash; do
        copy=$SOURCE
        [ -d "$SOURCE" ] && copy=$SOURCE/$file
        if ! has_hash "$cache/$file" "$hash" && has_hash "$copy" "$hash"; then
            cp "$copy" "$cache/$file"
        fi
    done < <(locked)
}

# The mirrors of the machine's own Debian sources, whatever format they are written in.
mirrors() {
    {
        sed -n 's/^URIs:[[:space:]]*//p' /etc/apt/sources.list.d/*.sources 2>/dev/null || true
        cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
            sed -nE 's/^deb(-src)?[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+).*/\3/p' || true
    } | tr ' ' '\n' | grep -E '/debian/?$' | sort -u
}

private_apt() {
    apt=$cache/apt
    mkdir -p "$apt"/{etc/apt/{sources.list.d,preferences.d,apt.conf.d,trusted.gpg.d},var/{lib/{apt/lists/partial,dpkg},cache/apt/archives/partial}}
    : > "$apt/var/lib/dpkg/status"
    local uris
    uris=$(mirrors | tr '\n' ' ')
    [ -n "$uris" ] || { echo "no Debian mirror is configured for apt on this machine: add one, or give SOURCE=DIR with the files of $here/sources.lock" >&2; exit 1; }
    : > "$apt/etc/apt/sources.list.d/suites.sources"
    local suite type
    for suite in bullseye bookworm trixie; do
        for type in deb deb-src; do
            printf 'Types: %s\nURIs: %s\nSuites: %s\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n' \
                "$type" "$uris" "$suite" >> "$apt/etc/apt/sources.list.d/suites.sources"
        done
    done
}

apt_get() {
    apt-get -qq -o Dir="$cache/apt" -o Dir::State::status="$cache/apt/var/lib/dpkg/status" \
        -o Dir::Etc::trusted=/etc/apt/trusted.gpg -o Dir::Etc::trustedparts=/etc/apt/trusted.gpg.d \
        -o APT::Sandbox::User=root -o Acquire::Retries=3 "$@"
}

explain_missing() {
    cat >&2 <<TEXT
$1 could not be fetched from this machine's Debian mirrors (suite $2).
A mirror may no longer carry that suite. Get the file anywhere you like; only its SHA-256 counts:
    $3  $1
and build with it:
    make python SOURCE=<folder that holds it>
TEXT
    exit 1
}

main() {
    take_local_copies
    local kind suite package file hash prepared=no
    while read -r kind suite package file hash; do
        has_hash "$cache/$file" "$hash" && continue
        ! kept take "$hash" "$cache/$file" || continue
        if [ $prepared = no ]; then
            echo "python: fetching sources" >&2
            private_apt
            apt_get update || echo "some mirrors did not answer; going on with the others" >&2
            prepared=yes
        fi
        (
            cd "$cache"
            if [ "$kind" = source ]; then
                apt_get source --download-only --only-source "$package"
            else
                apt_get download "$package"
            fi
        ) || explain_missing "$file" "$suite" "$hash"
        has_hash "$cache/$file" "$hash" || explain_missing "$file" "$suite" "$hash"
        kept keep "$cache/$file"
    done < <(locked)
    rm -rf "$cache/apt"
}

main
