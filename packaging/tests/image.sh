# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016
# The image: what other tools read of it, and what its own configuration starts on a root that cannot be written.
tarball=$dist/codehook-$version.oci.tar
mkdir -p "$space/oci"
readable() {
    skopeo copy --insecure-policy --quiet "oci-archive:$tarball:$version" "oci:$space/oci/copy:$version" &&
        skopeo inspect --config "oci:$space/oci/copy:$version" > "$space/oci/config.json"
}
check "skopeo copies the image as an OCI archive" readable
setting() { jq --exit-status "$1" "$space/oci/config.json"; }
check "it runs as a user without rights" setting '.config.User == "65532:65532"'
check "it names its volume and its port" \
    setting '.config.Volumes["/var/lib/codehook"] and .config.ExposedPorts["8080/tcp"]'
labels="[\"$version\", \"Apache-2.0\"]"
check "it names its version and its licence" setting \
    "(.config.Labels | [.\"org.opencontainers.image.version\", .\"org.opencontainers.image.licenses\"]) == $labels"
check "umoci unpacks it" umoci unpack --image "$space/oci/copy:$version" "$space/oci/bundle"
rootfs=$space/oci/bundle/rootfs
nothing_else() {
    ! find "$rootfs" \( -name sh -o -name bash -o -name 'apt*' -o -perm /6000 \) | grep . &&
        [ "$(find "$rootfs" -type f -perm /111 ! -name '*.so*' -printf '%P\n')" = usr/bin/codehook ]
}
check "the program is the only one in it, and nothing has the rights of another user" nothing_else

mount --bind "$rootfs" "$rootfs"
mount -t proc proc "$rootfs/proc"
mount --rbind /dev "$rootfs/dev"
data=$rootfs/var/lib/codehook
check "a new volume would be its user's own" test "$(stat -c '%u:%g %a' "$data")" = "65532:65532 700"
mkdir "$space/oci/volume"
cp -a "$data/." "$space/oci/volume"
chown 65532:65532 "$space/oci/volume"
mount --bind "$space/oci/volume" "$data"
mount -o remount,bind,ro "$rootfs"

# contained COMMAND...: the image's environment, user, folder and entry point.
mapfile -t image_environment < <(jq -r '.config.Env[]' "$space/oci/config.json")
mapfile -t entry < <(jq -r '.config.Entrypoint[]' "$space/oci/config.json")
mapfile -t default_command < <(jq -r '.config.Cmd[]' "$space/oci/config.json")
user=$(jq -r .config.User "$space/oci/config.json")
contained() {
    ${IN_PLACE:+exec} env -i "${image_environment[@]}" "${ENVIRONMENT[@]}" \
        /usr/bin/setpriv --no-new-privs /usr/sbin/chroot --userspec="$user" --groups= "$rootfs" "$@"
}
unwritable() { ! touch "$rootfs/usr/x" "$rootfs/tmp/x" 2> /dev/null; }
check "its root cannot be written" unwritable
example "$space/oci/volume/hook"
contained_run() {
    contained "${entry[@]}" run /var/lib/codehook/hook/hello.py --event /var/lib/codehook/hook/event.json
}
check "the README's example runs in it" greets contained_run
port=$(free_port)
ENVIRONMENT=("CODEHOOK_LISTEN=127.0.0.1:$port")
IN_PLACE=1 contained "${entry[@]}" "${default_command[@]}" > "$space/image.log" 2>&1 &
service=$!
ENVIRONMENT=()
check "its default command serves" answers "http://127.0.0.1:$port/readyz"
wrote() { [ "$(stat -c '%u %a' "$space/oci/volume/master-key")" = "65532 600" ]; }
check "the volume holds the data, for its user alone" wrote
trusts() {
    local file=$rootfs/etc/ssl/certs/ca-certificates.crt count
    count=$(grep -c BEGIN "$file")
    [ "$count" -gt 100 ] &&
        openssl crl2pkcs7 -nocrl -certfile "$file" | openssl pkcs7 -print_certs -noout |
        awk -v count="$count" '/subject/ { found++ } END { exit found != count }'
}
check "the certificates of public authorities are in it, each readable" trusts
ends "it ends in order at SIGTERM" "$service"
same_image() {
    staged && "$here/../image.sh" "$space/stage" "$space/oci/again.tar" && cmp "$space/oci/again.tar" "$tarball"
}
check "made a second time it is the same, byte for byte" same_image
note "image: $(mebibytes "$tarball") MiB packed, $(du -sxm --exclude=var "$rootfs" | cut -f 1) MiB unpacked"
umount --lazy "$rootfs"
