# shellcheck shell=bash
# shellcheck disable=SC2154
# What the tests of packages share. Sourced by test.sh, inside namespaces of its own: mounts and processes end with it.
passed=0
failed=0
# Where a test writes; a file system in memory that ends with the namespaces.
space=$work/tests
log=$space/check.log

# check TITLE COMMAND...: one line; what a failed command printed below it.
check() {
    local title=$1
    shift
    if "$@" > "$log" 2>&1; then
        passed=$((passed + 1))
        echo "ok    $title"
    else
        failed=$((failed + 1))
        echo "FAIL  $title"
        sed 's/^/      | /' "$log" | tail -n 25
    fi
}

# note TEXT: a figure that was measured.
note() { echo "      $*"; }

mebibytes() { du --apparent-size -m "$1" | cut -f 1; }
milliseconds() { echo $(($(date +%s%N) / 1000000)); }

# A throwaway copy of a Debian system: throwaway NAME SYSTEM. Prints nothing; it is at $space/NAME.
throwaway() {
    local name=$1 system=$2
    mkdir -p "$space/$name" "$space/layers/$name"/{upper,work}
    local layers=$space/layers/$name
    mount -t overlay -o "lowerdir=$work/roots/$system,upperdir=$layers/upper,workdir=$layers/work" \
        codehook-test "$space/$name"
    special_files "$space/$name"
    # dpkg's scripts start nothing.
    printf '#!/bin/sh\nexit 101\n' > "$space/$name/usr/sbin/policy-rc.d"
    chmod 755 "$space/$name/usr/sbin/policy-rc.d"
}

special_files() {
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
}

# inside NAME COMMAND...: as root of such a system; with USER_IDS=UID:GID as another user; with IN_PLACE=1 in the place
# of the shell that calls it, so that $! of a background job is the command itself.
inside() {
    local name=$1
    shift
    # Nothing of this machine's environment.
    ${IN_PLACE:+exec} env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="${HOME_INSIDE:-/root}" LANG=C.UTF-8 \
        DEBIAN_FRONTEND=noninteractive "${ENVIRONMENT[@]}" \
        chroot ${USER_IDS:+--userspec="$USER_IDS" --groups=} "$space/$name" "$@"
}
ENVIRONMENT=()

# What packages are made of, made once more for the checks that they come out the same.
staged() { [ -d "$space/stage" ] || "$here/../stage.sh" "$space/stage"; }

# The README's example, written to DIR.
example() {
    python3 - "$root/README.md" "$1" << 'PYTHON'
import pathlib, re, sys
readme = pathlib.Path(sys.argv[1]).read_text()
directory = pathlib.Path(sys.argv[2])
directory.mkdir(parents=True, exist_ok=True)
for language, name in (("python", "hello.py"), ("json", "event.json")):
    block = re.search(rf"^```{language}\n(.*?)^```", readme, re.MULTILINE | re.DOTALL)
    (directory / name).write_text(block[1])
PYTHON
}

# greets COMMAND...: whether it prints what the README says that the example prints.
greets() {
    local printed
    printed=$("$@" 2> "$space/greets.err") || { cat "$space/greets.err"; return 1; }
    echo "$printed"
    [ "$printed" = $'Hello, Zoë "Z" O\'Brien (zoe@example.com)\nRisk 92.5 at 2024-05-14' ]
}

# answers URL [SECONDS]: waits until a service answers.
answers() {
    local _
    for _ in $(seq $((${2:-30} * 10))); do
        curl --silent --fail --max-time 2 --output /dev/null "$1" && return 0
        sleep 0.1
    done
    echo "$1 does not answer"
    return 1
}

# ends TITLE PID: a check that a process ends in order at SIGTERM.
ends() {
    kill "$2" 2> /dev/null || true
    check "$1" ended "$2"
}

# ended PID [SECONDS]: waits until a process of this shell has ended, and gives its exit code.
ended() {
    local _
    for _ in $(seq $((${2:-30} * 10))); do
        kill -0 "$1" 2> /dev/null || { wait "$1"; return; }
        sleep 0.1
    done
    echo "process $1 goes on"
    return 1
}

# A free port of this machine.
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
