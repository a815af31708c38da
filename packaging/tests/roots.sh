#!/usr/bin/env bash
# Makes the two Debian systems that packages are tried in, each a directory below target/packaging/roots, when they are
# not there:
#     base    a minimal one, where the package is installed, upgraded and removed
#     tools   one with the servers, shells and checkers that the tests ask; so none of them has to be on this machine
# They are of this machine's suite, whose libc the program needs. MIRROR=... is another source than mmdebstrap's own.
set -euo pipefail
# shellcheck source=packaging/common.sh
. "$(cd "$(dirname "$0")/.." && pwd)/common.sh"

# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
roots=$work/roots
mkdir -p "$roots"
exec {lock}> "$roots/lock"
flock "$lock"

# make NAME PACKAGE...: a directory is made anew when the list is another.
make_root() {
    local name=$1 wanted new
    shift
    wanted="$suite $*"
    [ "$(cat "$roots/$name.made" 2> /dev/null)" != "$wanted" ] || return 0
    echo "making a Debian system for the tests: $name ($wanted)" >&2
    new=$roots/$name.new
    rm -rf "$new" "${roots:?}/$name" "$roots/$name.made"
    local IFS=,
    # shellcheck disable=SC2086
    mmdebstrap --quiet --mode=root --variant=minbase --include="$*" \
        --dpkgopt='path-exclude=/usr/share/locale/*' --aptopt='Acquire::Retries "3"' "$suite" "$new" ${MIRROR:-} >&2
    mv "$new" "$roots/$name"
    echo "$wanted" > "$roots/$name.made"
}

make_root base adduser ca-certificates
make_root tools adduser ca-certificates systemd systemd-sysv dbus nginx-light caddy \
    zsh fish bash-completion man-db docker-compose lintian curl openssl
