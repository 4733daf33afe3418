# What the checks with foreign programs share. A folder's `run` begins with
#
#   #!/usr/bin/env bash
#   . "$(dirname "$0")/../lib.sh"
#
# and ends with `finish`. In between:
#
#   installed COMMAND PACKAGE...     installs Debian packages unless there is the command
#   python PACKAGE...                makes $PYTHON one that has these packages of PyPI
#   serve NAME ARGUMENT...           starts the server of this folder, and sets $ADDRESS and $PID
#   started NAME COMMAND...          starts anything else in the background, and sets $PID and $LOG
#   stopped PID [SIGNAL]             asks it to end (TERM), waits, and sets $STATUS
#   until_so SECONDS COMMAND...      runs the command until it succeeds
#   free_port                        prints a port of 127.0.0.1 that nobody has
#   check WHAT COMMAND...            one check: it holds if the command succeeds
#   checks PREFIX COMMAND...         runs a program that prints `ok WHAT` or `FAILED WHAT` for each check it makes
#   equal WANTED GOT, holds TEXT REGEX    for use with `check`
#
# $SCRATCH is a folder that is gone at the end, as is everything that was started. $FAILED and $CHECKED count.
set -euo pipefail

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
HERE=$(cd "$(dirname "$0")" && pwd)
NAME=$(basename "$HERE")
KEPT=$ROOT/target/external
SCRATCH=$(mktemp -d "${TMPDIR:-/tmp}/transom-$NAME.XXXXXX")
# Servers that give up root have to reach their sockets.
chmod 755 "$SCRATCH"
export CARGO_TERM_COLOR=never LC_ALL=C.UTF-8
CHECKED=0 FAILED=0 PID= LOG= STATUS= ADDRESS= PYTHON=
RUNNING=()
mkdir -p "$KEPT"

clean_up() {
    local status=$? pid
    trap - EXIT
    # Newest first: what stands in front goes before what stands behind.
    for ((i = ${#RUNNING[@]} - 1; i >= 0; i--)); do
        pid=${RUNNING[i]}
        kill -TERM -- "-$pid" 2>/dev/null || true
    done
    for pid in "${RUNNING[@]}"; do
        for _ in $(seq 50); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL -- "-$pid" 2>/dev/null || true
    done
    if [ "$status" != 0 ] && [ -n "$(ls "$SCRATCH"/*.log 2>/dev/null)" ]; then
        printf '\n--- the last lines of each log ---\n'
        tail -n 25 "$SCRATCH"/*.log
    fi
    rm -rf "$SCRATCH"
    exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

installed() {
    local command=$1
    shift
    command -v "$command" >/dev/null && return
    # Without recommendations: what a package likes to have beside it is not what is checked here.
    apt_get install -y --no-install-recommends "$@" >"$SCRATCH/apt.log" 2>&1 ||
        { apt_get update >>"$SCRATCH/apt.log" 2>&1 &&
            apt_get install -y --no-install-recommends "$@" >>"$SCRATCH/apt.log" 2>&1; }
    command -v "$command" >/dev/null || { echo "error: $* has no command $command" >&2; return 1; }
}

apt_get() {
    local sudo=
    [ "$(id -u)" = 0 ] || sudo=sudo
    # One at a time: several may be at work side by side, and lists of packages have a lock for which nobody waits.
    flock "$KEPT/.apt" $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=400 "$@"
}

python() {
    # One environment a folder, kept: two folders may want different versions.
    local environment=$KEPT/python-$NAME wanted="$*"
    PYTHON=$environment/bin/python
    [ "$(cat "$environment/.packages" 2>/dev/null)" = "$wanted" ] && return
    rm -rf "$environment"
    python3 -m venv "$environment"
    "$PYTHON" -m pip install -q --disable-pip-version-check "$@" >"$SCRATCH/pip.log" 2>&1
    echo "$wanted" >"$environment/.packages"
}

built() {
    # Prints the path of the server, which is built if it is not. $EXTERNAL_SERVER spares that.
    if [ -z "${EXTERNAL_SERVER:-}" ]; then
        (cd "$ROOT" && cargo build -q -p transom-external) >&2
        EXTERNAL_SERVER=${CARGO_TARGET_DIR:-$ROOT/target}/debug/transom-external
    fi
    echo "$EXTERNAL_SERVER"
}

started() {
    local name=$1
    shift
    LOG=$SCRATCH/$name.log
    # In a group of its own, so that its children go with it.
    setsid "$@" >>"$LOG" 2>&1 </dev/null &
    PID=$!
    RUNNING+=("$PID")
}

stopped() {
    kill "-${2:-TERM}" "$1"
    STATUS=0
    wait "$1" || STATUS=$?
}

serve() {
    local name=$1 server
    shift
    server=$(built)
    : >"$SCRATCH/$name.log"
    started "$name" "$server" "$@"
    if ! until_so 20 grep -q 'Now listening on: ' "$LOG"; then
        echo "error: the server does not start" >&2
        return 1
    fi
    ADDRESS=$(sed -n 's/.*Now listening on: //p' "$LOG" | head -n 1)
}

until_so() {
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || return 1
        sleep 0.1
    done
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

check() {
    local what=$1 output
    shift
    CHECKED=$((CHECKED + 1))
    if output=$("$@" 2>&1); then
        printf '  ok      %s\n' "$what"
    else
        FAILED=$((FAILED + 1))
        printf '  FAILED  %s\n' "$what"
        [ -z "$output" ] || printf '%s\n' "$output" | head -n 20 | sed 's/^/          /'
    fi
}

checks() {
    local prefix=$1 outcome what before=$CHECKED
    shift
    while read -r outcome what; do
        case $outcome in
            ok) check "$prefix$what" true ;;
            FAILED) check "$prefix$what" false ;;
            *) printf '          %s %s\n' "$outcome" "$what" ;;
        esac
    done < <("$@" 2>&1 || echo "FAILED the program ended with $?")
    [ "$CHECKED" -gt "$before" ] || check "${prefix}there are checks" false
}

equal() {
    [ "$1" = "$2" ] || { printf 'wanted: %s\n   got: %s\n' "$1" "$2"; return 1; }
}

holds() {
    grep -Eq -- "$2" <<<"$1" || { printf 'nothing like: %s\n          in: %s\n' "$2" "$1"; return 1; }
}

finish() {
    printf '%s: %s checks, %s failed\n' "$NAME" "$CHECKED" "$FAILED"
    # A run that checked nothing has shown nothing.
    [ "$CHECKED" -gt 0 ] && [ "$FAILED" = 0 ]
}
