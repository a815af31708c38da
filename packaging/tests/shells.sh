# shellcheck shell=bash
# shellcheck disable=SC2154,SC2016
# Manual pages and completions, where the package puts them.
throwaway shell tools
cp "$dist/codehook_${version}_$architecture.deb" "$space/shell/root/codehook.deb"
check "the package installs beside a whole systemd" inside shell dpkg --install /root/codehook.deb

pages() {
    local page name
    for page in "$space"/shell/usr/share/man/man1/codehook*.gz; do
        name=$(basename "$page")
        inside shell env MANWIDTH=100 MANROFFOPT=-ww man --warnings -l "/usr/share/man/man1/$name" > "$space/page" \
            2> "$space/page.err" || return 1
        [ ! -s "$space/page.err" ] || { echo "$name:"; cat "$space/page.err"; return 1; }
        [ "$(wc -l < "$space/page")" -gt 10 ] || { echo "$name is empty"; return 1; }
    done
}
check "man renders every page without a warning" pages
all_pages() {
    local command
    local page
    inside shell codehook --help | sed -n '/^Commands:/,/^$/s/^  \([a-z-]*\)  .*/\1/p' |
        grep -v '^help$' > "$space/commands"
    [ "$(wc -l < "$space/commands")" -gt 10 ] || return 1
    for command in $(cat "$space/commands"); do
        page=$space/shell/usr/share/man/man1/codehook-$command.1.gz
        [ -s "$page" ] || { echo "$page is missing"; return 1; }
    done
    [ "$(find "$space/shell/usr/share/man/man1" -name 'codehook*' | wc -l)" -gt 20 ]
}
check "every command has a page" all_pages
finds() {
    inside shell sh -c "MANWIDTH=100 man codehook-run | cat" > "$space/page" &&
        grep -q '^EXIT CODES' "$space/page" && grep -q '^ *124  the script was stopped' "$space/page"
}
check "man codehook-run shows the exit codes" finds

# Each shell is asked what it would propose.
complete_bash() {
    inside shell bash --norc -ec '
        . /usr/share/bash-completion/bash_completion
        _completion_loader codehook || true
        completer=$(complete -p codehook | sed "s/.* -F \([^ ]*\) .*/\1/")
        ask() {
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            "$completer" codehook "${!#}" "${COMP_WORDS[COMP_CWORD - 1]}"
            printf "%s\n" "${COMPREPLY[@]}"
        }
        ask codehook rotate | grep -x rotate-master-key
        ask codehook hooks pu | grep -x publish
        ask codehook run --ev | grep -x -- --event'
}
check "bash completes commands, their commands and options" complete_bash
complete_fish() {
    inside shell fish --no-config -c '
        source /usr/share/fish/vendor_completions.d/codehook.fish
        complete --do-complete "codehook rotate" | string match -q "rotate-master-key*"; or exit 1
        complete --do-complete "codehook hooks pu" | string match -q "publish*"; or exit 1
        complete --do-complete "codehook run --ev" | string match -q -- "--event*"; or exit 1'
}
check "fish completes commands, their commands and options" complete_fish
# zsh completes at a terminal only: its own module makes one.
cp "$here/complete.zsh" "$space/shell/root"
check "zsh completes commands, their commands and options" \
    timeout 60 env -i PATH=/usr/sbin:/usr/bin TERM=dumb chroot "$space/shell" zsh --no-rcs /root/complete.zsh
