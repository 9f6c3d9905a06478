#!/bin/sh
# demo.sh: real RDP connections in two workspaces, one of which is disconnected (client.c). Starts what that takes: an X
# server, an RDP server that shows it, the client. Exit code: 0 if exactly that workspace's connections were dropped.
# Whatever ends it, it stops all that it started and removes its directory; nothing that it waits for can hang it.
set -eu

build_seconds=1200
start_seconds=20
client_seconds=90
server_seconds=300 # outlasts the client, but not for long a demo that is killed without a chance to clean up

tmp=

# Every process is started in the background under timeout, which gives it and its children a process group of their
# own, whose number is the job's: so all of it can be stopped, and a Ctrl-C reaches this script alone.
clean_up() {
    status=$?
    trap '' HUP INT TERM
    trap - EXIT
    set +e
    [ -n "$tmp" ] || exit "$status"
    jobs -p >"$tmp/jobs" # not $(jobs -p): in a subshell there are no jobs
    while read -r job; do
        # The number of a job that has ended may be another program's by now; a child of this script is its own.
        { read -r _ _ _ parent _ <"/proc/$job/stat" && [ "$parent" = $$ ]; } || continue
        echo "$job" >>"$tmp/groups"
        # No such group: the job has not got as far as making it.
        kill -TERM "-$job" || kill -TERM "$job"
    done <"$tmp/jobs" 2>/dev/null
    wait
    while read -r group; do
        within 5 group_gone "$group" || kill -KILL "-$group"
    done <"$tmp/groups" 2>/dev/null
    rm -rf "$tmp"
    exit "$status"
}

# What a job has started may outlive it by a moment.
group_gone() {
    ! kill -0 "-$1" 2>/dev/null
}

fail() {
    for log in xvfb.log server.out server.log client.log; do
        [ ! -s "$tmp/$log" ] || { echo "--- $log"; tail -n 40 "$tmp/$log"; } >&2
    done
    echo "error: $1" >&2
    exit "${2:-1}"
}

# bounded SECONDS WHAT COMMAND...: runs a command in a way that signals can interrupt; gives its exit code.
bounded() {
    seconds=$1 what=$2 code=0
    shift 2
    timeout -k 5 "$seconds" "$@" &
    wait $! || code=$?
    case $code in
    124 | 137)
        echo $! >>"$tmp/groups"
        fail "$what: not done after $seconds s"
        ;;
    esac
    return "$code"
}

# within SECONDS CONDITION...
within() {
    tries=$(($1 * 20))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.05
    done
}

# Ended and waited for by the shell, or a zombie still.
ended() {
    ! read -r _ _ state _ <"/proc/$1/stat" || [ "$state" = Z ]
} 2>/dev/null

# A number without the end of its line is not yet the whole number.
display_known_or_ended() {
    read -r display <"$tmp/display" || ended "$1"
}

# The server's own word, since another program may listen on the port.
listens() {
    grep -qs "Listening on .*:$1\$" "$tmp/server.log"
}

listens_or_ended() {
    listens "$1" || ended "$2"
}

trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
# A signal must not come between making the directory and knowing its name.
tmp=$(trap '' HUP INT TERM && mktemp -d "${TMPDIR:-/tmp}/wsrt-demo.XXXXXX")
touch "$tmp/groups" "$tmp/display"
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/examples/rdp

# In the foreground and not bounded: it may ask for a password, and an installation is not to be cut off.
"$root/scripts/need.sh" gcc libc6-dev make pkg-config freerdp2-dev freerdp2-shadow-x11 xvfb
command -v cargo >/dev/null || fail "missing: cargo (Rust, see https://rustup.rs)"

echo "building the library and the client"
library=$root/target/release
bounded "$build_seconds" "building the library" env CARGO_TARGET_DIR="$root/target" make -s -C "$root" library ||
    fail "the library cannot be built"
# shellcheck disable=SC2046  # lists of words
bounded 60 "building the client" cc -std=c11 -D_POSIX_C_SOURCE=200809L -O2 -Wall -Wextra -Werror \
    -I"$root/include" $(pkg-config --cflags freerdp2 winpr2) -o "$tmp/client" \
    "$here/client.c" "$here/connection.c" "$here/sockets.c" \
    -L"$library" -lwsrt $(pkg-config --libs freerdp2 winpr2) -pthread || fail "the client cannot be built"

# FreeRDP keeps keys and certificates at home, and talks a lot.
unset XDG_CONFIG_HOME XDG_CACHE_HOME XDG_DATA_HOME XDG_RUNTIME_DIR
export HOME="$tmp" TMPDIR="$tmp"
export WLOG_LEVEL=INFO WLOG_APPENDER=FILE WLOG_FILEAPPENDER_OUTPUT_FILE_PATH="$tmp"

# The RDP server closes a first connection before it opens its second: an X server that resets in between refuses that.
timeout -k 5 "$server_seconds" Xvfb -displayfd 3 -screen 0 1024x768x24 -nolisten tcp -noreset \
    3>"$tmp/display" >"$tmp/xvfb.log" 2>&1 &
within "$start_seconds" display_known_or_ended $! || fail "Xvfb: no display after $start_seconds s"
[ -n "$display" ] || fail "Xvfb does not start"

# The server cannot choose a free port. These are none that the system gives to outgoing connections.
for port in $(shuf -i 20000-29999 -n 5); do
    DISPLAY=:$display WLOG_FILEAPPENDER_OUTPUT_FILE_NAME=server.log timeout -k 5 "$server_seconds" \
        freerdp-shadow-cli "/port:$port" /bind-address:127.0.0.1 -auth >"$tmp/server.out" 2>&1 &
    within "$start_seconds" listens_or_ended "$port" $! ||
        fail "freerdp-shadow-cli: does not listen after $start_seconds s"
    ! listens "$port" || break
done
listens "$port" || fail "freerdp-shadow-cli does not start"

echo "opening RDP connections to 127.0.0.1:$port in two workspaces, then disconnecting one workspace"
bounded "$client_seconds" "the client" env LD_LIBRARY_PATH="$library" WLOG_FILEAPPENDER_OUTPUT_FILE_NAME=client.log \
    "$tmp/client" "$port" || fail "the client failed" $?
