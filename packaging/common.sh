# shellcheck shell=bash
# What the scripts of packaging share. Sourced.
# shellcheck disable=SC2034
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
dist=$root/target/dist
work=$root/target/packaging
mkdir -p "$dist" "$work"

version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' "$root/Cargo.toml")
architecture=$(dpkg --print-architecture)
machine=$(uname -m)
# Every date in what is made: the last commit's, so that the same source gives the same bytes.
: "${SOURCE_DATE_EPOCH:=$(git -C "$root" log -1 --format=%ct 2> /dev/null || echo 0)}"
export SOURCE_DATE_EPOCH
umask 022

# A tar archive on standard output that depends on names, modes and contents alone: archive DIR [NAME...]
archive() {
    local directory=$1
    shift
    [ $# -gt 0 ] || set -- .
    LC_ALL=C tar --create --directory "$directory" --sort=name --format=gnu --mtime="@$SOURCE_DATE_EPOCH" \
        --owner=0 --group=0 --numeric-owner -- "$@"
}
# From 1 to 19; 19 takes fifteen times as long for a tenth less.
zstd_level=${ZSTD_LEVEL:-12}
