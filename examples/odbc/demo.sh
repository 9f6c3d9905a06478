#!/bin/sh
# demo.sh [COMMAND...]: pooled ODBC connections to a PostgreSQL server and a SQLite file (story.c), or another command
# in the same surroundings. Starts a server of its own in a directory of its own, and touches no other. Exit code: 0 if
# every promise was kept, or the command's. Whatever ends it, it stops all that it started and removes its directories;
# nothing that it waits for can hang it.
set -eu

build_seconds=1200
start_seconds=20
run_seconds=120
server_seconds=300 # outlasts the programs, but not for long a demo that is killed without a chance to clean up

tmp=
cluster=

# PostgreSQL refuses root: then its files and processes are those of the user that its package makes.
as_server=
[ "$(id -u)" != 0 ] || as_server="setpriv --reuid=postgres --regid=postgres --init-groups"

# Every process is started in the background under timeout, which gives it and its children a process group of their
# own, whose number is the job's: so all of it can be stopped, and a Ctrl-C reaches this script alone.
clean_up() {
    status=$?
    trap '' HUP INT TERM
    trap - EXIT
    set +e
    [ -n "$tmp" ] || exit "$status"
    jobs -p >"$tmp/jobs" # not $(jobs -p): in a subshell there are no jobs
    # It would wait for its clients, and its processes have groups of their own. Nothing of it is to be kept.
    [ ! -s "$cluster/data/postmaster.pid" ] || kill -QUIT "$(head -n 1 "$cluster/data/postmaster.pid")" 2>/dev/null
    while read -r job; do
        # The number of a job that has ended may be another program's by now; a child of this script is its own.
        { read -r _ _ _ parent _ <"/proc/$job/stat" && [ "$parent" = $$ ]; } || continue
        echo "$job" >>"$tmp/groups"
        within 5 stopped "$job" || kill -KILL "-$job" "$job"
    done <"$tmp/jobs" 2>/dev/null
    wait
    while read -r group; do
        within 5 group_gone "$group" || kill -KILL "-$group"
    done <"$tmp/groups" 2>/dev/null
    rm -rf "$tmp" ${cluster:+"$cluster"}
    exit "$status"
}

# Asks a job to end, again and again: a shell that has just been forked to start it may drop the signal.
stopped() {
    # No such group: the job has not got as far as making it.
    kill -TERM "-$1" || kill -TERM "$1"
    ended "$1"
} 2>/dev/null

# What a job has started may outlive it by a moment.
group_gone() {
    ! kill -0 "-$1" 2>/dev/null
}

fail() {
    for log in initdb.log server.log; do
        [ ! -s "$tmp/$log" ] || { echo "--- $log"; tail -n 20 "$tmp/$log"; } >&2
    done
    echo "error: $1" >&2
    exit "${2:-1}"
}

# bounded SECONDS WHAT COMMAND...: runs a command in a way that signals can interrupt; gives its exit code.
bounded() {
    seconds=$1 what=$2 code=0
    shift 2
    timeout -k 5 "$seconds" "$@" <&3 &
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
    tries=$(($1 * 50))
    shift
    until "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.02
    done
}

# Ended and waited for by the shell, or a zombie still.
ended() {
    ! read -r _ _ state _ <"/proc/$1/stat" || [ "$state" = Z ]
} 2>/dev/null

# The last word in the server's own file: its sockets are open before.
ready() {
    grep -qs '^ready' "$cluster/data/postmaster.pid"
}

ready_or_ended() {
    ready || ended "$1"
}

# A directory for the server: one that its user can reach, with a name that a socket's address has room for.
make_cluster() {
    cluster=$(trap '' HUP INT TERM && mktemp -d "$1/wsrt-odbc.XXXXXX")
    [ -z "$as_server" ] || chown postgres "$cluster"
    [ "${#cluster}" -lt 80 ] && $as_server test -w "$cluster"
}

sql() {
    psql -qX -v ON_ERROR_STOP=1 -h "$cluster" -U wsrt "$@" >"$tmp/psql.log" 2>&1 || fail "psql: $(cat "$tmp/psql.log")"
}

trap clean_up EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
# A background job of a shell like this reads nothing, unless it is told to.
exec 3<&0
# A signal must not come between making the directory and knowing its name.
tmp=$(trap '' HUP INT TERM && mktemp -d "${TMPDIR:-/tmp}/wsrt-demo.XXXXXX")
touch "$tmp/groups"
root=$(cd "$(dirname "$0")/../.." && pwd)
here=$root/examples/odbc

# In the foreground and not bounded: it may ask for a password, and an installation is not to be cut off.
"$root/scripts/need.sh" gcc libc6-dev make unixodbc unixodbc-dev postgresql odbc-postgresql libsqliteodbc
command -v cargo >/dev/null || fail "missing: cargo (Rust, see https://rustup.rs)"

if [ $# = 0 ]; then
    echo "building the library and the programs"
    library=$root/target/release
    bounded "$build_seconds" "building the library" env CARGO_TARGET_DIR="$root/target" make -s -C "$root" library ||
        fail "the library cannot be built"
    for program in story transfer; do
        bounded 60 "building a program" cc -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -I"$root/include" \
            -o "$tmp/$program" "$here/$program.c" "$here/type.c" "$here/connection.c" "$here/pool.c" \
            "$here/coordinator.c" "$here/recovery.c" "$here/protocol.c" "$here/decisions.c" "$here/record.c" \
            -L"$library" -lwsrt -lodbc -pthread ||
            fail "$program.c cannot be built"
    done
    set -- env LD_LIBRARY_PATH="$library" "$tmp/story" "$tmp/transfer" "$tmp/coordinator.log"
fi

make_cluster "${TMPDIR:-/tmp}" || { rm -rf "$cluster" && make_cluster /tmp; } || fail "no directory for the server"
for server in /usr/lib/postgresql/*/bin; do :; done # the newest
cd "$cluster"
# Nothing here has to outlive a crash of the machine.
# shellcheck disable=SC2086  # a list of words
bounded "$start_seconds" initdb $as_server "$server/initdb" -D "$cluster/data" -U wsrt -A trust --no-sync \
    --locale=C -E UTF8 --no-instructions >"$tmp/initdb.log" 2>&1 || fail "initdb failed"
rm "$tmp/initdb.log"
# shellcheck disable=SC2086
timeout -k 5 -s QUIT "$server_seconds" $as_server "$server/postgres" -D "$cluster/data" -k "$cluster" \
    -c listen_addresses= -c fsync=off -c max_connections=60 -c max_prepared_transactions=20 \
    -c dynamic_shared_memory_type=mmap >"$tmp/server.log" 2>&1 &
within "$start_seconds" ready_or_ended $! || fail "PostgreSQL: not ready after $start_seconds s"
ready || fail "PostgreSQL does not start"
sql -d postgres -c "CREATE DATABASE orders" -c "CREATE DATABASE stock"
sql -d orders -c "CREATE TABLE ordered AS SELECT 0 AS pieces"
sql -d stock -c "CREATE TABLE stored (pieces int CHECK (pieces >= 0))" -c "INSERT INTO stored VALUES (1000)"
cd "$tmp"

# Drivers by a file of this run's own: /etc/odbcinst.ini is neither needed nor changed.
export ODBCSYSINI="$tmp" ODBCINSTINI=odbcinst.ini ODBCINI="$tmp/odbc.ini" HOME="$tmp"
for driver in wsrt-postgresql:psqlodbcw wsrt-sqlite:libsqlite3odbc; do
    for file in /usr/lib/*/odbc/"${driver#*:}.so"; do :; done
    printf '[%s]\nDriver=%s\nThreading=2\n' "${driver%:*}" "$file"
done >"$tmp/odbcinst.ini"
# Protocol=7.4-0: the driver does not roll back by itself when a statement fails.
postgresql="Driver=wsrt-postgresql;Servername=$cluster;Port=5432;UID=wsrt;Protocol=7.4-0"
export WSRT_ODBC_ORDERS="$postgresql;Database=orders" WSRT_ODBC_STOCK="$postgresql;Database=stock"
export WSRT_ODBC_NOTES="Driver=wsrt-sqlite;Database=$tmp/notes.db" WSRT_ODBC_SOCKET="$cluster"
bounded "$run_seconds" "the program" "$@" || fail "the program failed" $?
