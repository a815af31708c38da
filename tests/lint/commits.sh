#!/usr/bin/env bash
# Checks the messages of the commits since BASE, the argument: a subject of at most 72 characters, then an empty line.
set -euo pipefail
export LC_ALL=C.UTF-8
base=${1:?which commit are the new ones after? make lint-commits BASE=origin/main}
git rev-parse --quiet --verify "$base^{commit}" > /dev/null || {
    echo "there is no commit $base here: fetch it, or name another with make lint-commits BASE=..." >&2
    exit 1
}
wrong=0
while read -r commit; do
    mapfile -t message < <(git log -1 --format=%B "$commit")
    subject=${message[0]-}
    if [ -z "$subject" ] || [ ${#subject} -gt 72 ]; then
        echo "${commit:0:12}: a subject has 1 to 72 characters, this has ${#subject}: $subject" >&2
        wrong=1
    fi
    if [ -n "${message[1]-}" ]; then
        echo "${commit:0:12}: the line after the subject is not empty: ${message[1]}" >&2
        wrong=1
    fi
done < <(git rev-list --no-merges "$base..HEAD")
exit "$wrong"
