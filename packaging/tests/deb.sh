# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016
# The Debian package in a minimal system: installed, upgraded, removed, purged.
deb=$dist/codehook_${version}_$architecture.deb
throwaway minimal base
system=$space/minimal
cp "$deb" "$system/root/codehook.deb"

lint() {
    cp "$deb" "$space/lint/root/codehook.deb"
    inside lint lintian --fail-on error,warning --allow-root --suppress-tags malformed-deb-archive /root/codehook.deb
}
throwaway lint tools
# Debian's own archive takes no zstd, which dpkg has read since Debian 12; lintian asks for the archive.
check "lintian has nothing to say of the package" lint
umount --lazy "$space/lint"

# Every file with mode and owner, less what is this test's, the kernel's and dpkg's own.
files() {
    (cd "$system" && find . -xdev -regextype posix-extended \
        -regex '\./(root|run|proc|dev|var/lib/dpkg|var/log|var/cache/debconf)' -prune -o -printf '%P %m %u %g\n' |
        LC_ALL=C sort)
}
files > "$space/files.before"
check "the package installs in a minimal system" inside minimal dpkg --install /root/codehook.deb
example "$system/root/hook"
began=$(milliseconds)
first_run() { greets inside minimal sh -c 'cd /root/hook && codehook run hello.py --event event.json'; }
check "the README's example runs right after" first_run
note "the first run after dpkg --install, with chroot and sh: $(($(milliseconds) - began)) ms"

check "every file is as its md5sum says" inside minimal dpkg --verify codehook
account() {
    inside minimal sh -ec '
        getent passwd codehook | grep ":/var/lib/codehook:/usr/sbin/nologin$"
        [ "$(id -u codehook)" -lt 1000 ]
        [ "$(passwd -S codehook | cut -d " " -f 2)" = L ]'
}
check "there is a system user that nobody can log in as" account
private() {
    local directory
    for directory in /var/lib/codehook /var/cache/codehook; do
        [ "$(inside minimal stat -c '%U %G %a' "$directory")" = "codehook codehook 700" ] || return 1
    done
}
check "its data and its cache are its own alone" private
check "nothing was enabled" test ! -e "$system/etc/systemd/system/multi-user.target.wants/codehook.service"

# The unit's own command, as the unit's user. Its port is in the configuration: one of this machine's that is free.
port=$(free_port)
sed -i "s/^listen = .*/listen = \"127.0.0.1:$port\"/" "$system/etc/codehook/serve.toml"
ids=$(inside minimal id -u codehook):$(inside minimal id -g codehook)
command=$(sed -n 's/^ExecStart=//p' "$system/usr/lib/systemd/system/codehook.service")
start_service() {
    # shellcheck disable=SC2086
    IN_PLACE=1 USER_IDS=$ids HOME_INSIDE=/var/lib/codehook inside minimal $command > "$space/serve.log" 2>&1 &
    service=$!
}
start_service
check "the unit's command serves, as the unit's user, with the package's configuration" \
    answers "http://127.0.0.1:$port/readyz"
tenant() {
    local key
    key=$(cat "$system/var/lib/codehook/operator-key")
    curl --silent --fail-with-body --header "Authorization: Bearer $key" --data '{"id": "acme"}' \
        "http://127.0.0.1:$port/v1/tenants"
}
check "it makes a tenant" tenant
ends "it ends in order at SIGTERM" "$service"

kept=$(sha256sum "$system/etc/codehook/serve.toml")
staged
"$here/../deb.sh" "$space/stage" "$version+1" "$system/root/next.deb"
check "a newer version installs over it, without a question" inside minimal dpkg --install /root/next.deb
check "it is the newer version" test "$(inside minimal dpkg-query -W -f '${Version}' codehook)" = "$version+1"
check "the changed configuration was kept" test "$(sha256sum "$system/etc/codehook/serve.toml")" = "$kept"
start_service
check "the service starts again after the upgrade" answers "http://127.0.0.1:$port/readyz"
still() {
    local key
    key=$(cat "$system/var/lib/codehook/operator-key")
    curl --silent --fail-with-body --header "Authorization: Bearer $key" "http://127.0.0.1:$port/v1/tenants/acme"
}
check "and has the tenant" still
ends "and ends" "$service"
rm "$system/root/next.deb"
same_deb() { "$here/../deb.sh" "$space/stage" "$version" "$space/again.deb" && cmp "$space/again.deb" "$deb"; }
check "the package made a second time is the same, byte for byte" same_deb
rm -f "$space/again.deb"

check "it is removed" inside minimal dpkg --remove codehook
check "data and configuration survive that" \
    test -s "$system/var/lib/codehook/master-key" -a -s "$system/etc/codehook/serve.toml"
check "the program does not" test ! -e "$system/usr/bin/codehook"
check "it is purged" inside minimal dpkg --purge codehook
files > "$space/files.after"
# The account stays, and what adduser and ldconfig write.
leftovers() {
    diff "$space/files.before" "$space/files.after" | grep '^[<>]' |
        grep -vE '^. etc/((passwd|group|shadow|gshadow|subuid|subgid)-?|ld.so.cache) ' > "$space/left" || true
    cat "$space/left"
    [ ! -s "$space/left" ]
}
check "nothing is left but the account" leftovers
check "purging what is not there harms nothing" inside minimal dpkg --purge codehook
umount --lazy "$system"
note "package: $(mebibytes "$deb") MiB"
