# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016
# The archive, in an empty folder.
folder=codehook-$version-$machine-linux
place=$space/archive
mkdir "$place"

check "SHA256SUMS names every file, and each has its sum" \
    bash -c "cd '$dist' && sha256sum --check --strict SHA256SUMS &&
    diff <(cut -c 67- SHA256SUMS) <(LC_ALL=C ls | grep -v SHA256SUMS)"
check "the archive unpacks" tar --extract --zstd --file "$dist/$folder.tar.zst" --directory "$place"
same_owner() {
    tar --list --verbose --numeric-owner --zstd --file "$dist/$folder.tar.zst" |
        awk '$2 != "0/0" || $1 ~ /^.....w|^........w/ { print; bad = 1 } END { exit bad }'
}
check "everything in it is root's, and nobody else's to write to" same_owner
holds() {
    local name
    for name in codehook doc/LICENSE doc/README.md doc/THIRD-PARTY-NOTICES doc/docs/licences.md man/codehook.1 \
        man/codehook-serve.1 \
        completions/_codehook systemd/codehook.service examples/kubernetes/codehook.yaml; do
        [ -s "$place/$folder/$name" ] || { echo "$name is missing"; return 1; }
    done
}
check "program, licence, documents, manual pages, completions, unit and examples are in it" holds
example "$place/hook"
alone() { (cd "$place/hook" && env -i HOME="$place" PATH=/usr/bin:/bin "$place/$folder/codehook" "$@"); }
check "the README's example runs from there, and nothing else has to be installed" \
    greets alone run hello.py --event event.json
check "it says its version" test "$(alone --version)" = "codehook $version"

again() {
    staged && "$here/../archive.sh" "$space/stage" "$place/again.tar.zst" &&
        cmp "$place/again.tar.zst" "$dist/$folder.tar.zst"
}
check "made a second time it is the same, byte for byte" again
rm -f "$place/again.tar.zst"
note "archive: $(mebibytes "$dist/$folder.tar.zst") MiB, program: $(mebibytes "$dist/codehook") MiB"
