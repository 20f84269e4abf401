#!/usr/bin/env bash
# A RabbitMQ node of its own, for tests: on loopback, with its own ports, name and files, all in one folder.
#   scripts/rabbitmq.sh start DIR      starts it (again, with what it had stored) and prints its address when it accepts
#   scripts/rabbitmq.sh stop DIR       ends it in good order, and removes what it left in DIR
#   scripts/rabbitmq.sh restart DIR    ends it in good order and starts it again with what it had stored
#   scripts/rabbitmq.sh kill9 DIR      ends it as a crash does; start brings it back
#   scripts/rabbitmq.sh freeze DIR     stops it from running, its sockets open; thaw lets it run on
#   scripts/rabbitmq.sh thaw DIR
#   scripts/rabbitmq.sh url DIR        prints its address
#   scripts/rabbitmq.sh ctl DIR …      rabbitmqctl, as: ctl DIR list_queues name messages
# RABBITMQ_BIN names the folder of rabbitmq-server where it is not found by itself.
set -euo pipefail

die() { printf '%s\n' "$*" >&2; exit 1; }
usage() { sed -n '2,11s/^# \{0,1\}//p' "$0"; }
case "${1:-}" in
    start | stop | restart | kill9 | freeze | thaw | url | ctl) ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; exit 64 ;;
esac
[ -n "${2:-}" ] || die "rabbitmq.sh $1 needs a folder, as: scripts/rabbitmq.sh $1 /tmp/rabbitmq"
command=$1
mkdir -p "$2"
dir=$(cd "$2" && pwd)
shift 2

# Debian's wrapper of that name changes the user; the real one runs as the caller.
find_bin() {
    local folder
    for folder in "${RABBITMQ_BIN:-}" /usr/lib/rabbitmq/bin /opt/rabbitmq/sbin /opt/homebrew/sbin /usr/local/sbin; do
        if [ -n "$folder" ] && [ -x "$folder/rabbitmq-server" ]; then
            printf '%s\n' "$folder"
            return
        fi
    done
    die "RabbitMQ is not installed. On Debian: apt-get install rabbitmq-server. Elsewhere set RABBITMQ_BIN to the folder of rabbitmq-server."
}

accepts() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# free_ports COUNT: the first of that many free ports in a row, below the ports that the system hands to clients.
free_ports() {
    local first port
    for _ in {1..200}; do
        first=$((10000 + RANDOM % 9900))
        for ((port = first; port < first + $1; port++)); do
            if accepts "$port"; then continue 2; fi
        done
        printf '%s\n' "$first"
        return
    done
    die "No free ports were found between 10000 and 19899."
}

# Gives the node the same name and ports at every start in this folder.
settle() {
    local amqp dist epmd
    [ -f "$dir/node" ] && return
    amqp=$(free_ports 3) dist=$((amqp + 1)) epmd=$((amqp + 2))
    cat >"$dir/rabbitmq.conf" <<CONF
listeners.tcp.1 = 127.0.0.1:$amqp
disk_free_limit.absolute = 50MB
CONF
    echo '[].' >"$dir/enabled_plugins"
    : >"$dir/env.conf"
    printf 'amqp=%s dist=%s epmd=%s name=perpetua-%s@localhost\n' "$amqp" "$dist" "$epmd" "$amqp" >"$dir/node"
}

load() {
    [ -f "$dir/node" ] || die "There is no node in $dir. Start one with: scripts/rabbitmq.sh start $dir"
    . "$dir/node"
}

# Replaces itself by the given program, which gets nothing of the caller's environment.
become() {
    exec env -i PATH="/usr/sbin:/usr/bin:/sbin:/bin:/opt/rabbitmq/sbin:/opt/erlang/bin:/opt/homebrew/bin:/usr/local/bin" \
        LANG=C.UTF-8 HOME="$dir" \
        ERL_EPMD_ADDRESS=127.0.0.1 ERL_EPMD_PORT="$epmd" \
        RABBITMQ_NODENAME="$name" RABBITMQ_DIST_PORT="$dist" \
        RABBITMQ_CONF_ENV_FILE="$dir/env.conf" RABBITMQ_CONFIG_FILE="$dir/rabbitmq.conf" \
        RABBITMQ_ENABLED_PLUGINS_FILE="$dir/enabled_plugins" \
        RABBITMQ_MNESIA_BASE="$dir/data" RABBITMQ_LOG_BASE="$dir/log" \
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 1:1 -kernel inet_dist_use_interface {127,0,0,1} -perpetua $name" \
        RABBITMQ_CTL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}" \
        "$@"
}

# The same for a program that lives on: it keeps none of the caller's files open (a lock, or a pipe that somebody reads
# to its end).
become_daemon() {
    local fd
    exec </dev/null >>"$dir/output" 2>&1
    for fd in /dev/fd/*; do
        fd=${fd##*/}
        if [ "$fd" -gt 2 ]; then eval "exec $fd>&-"; fi
    done
    become $own_session "$@"
}

# runs FILE WORD: whether the process in this pid file runs and is ours, that is, has this word in its command line.
runs() {
    local pid line
    pid=$(cat "$1" 2>/dev/null) && [ -n "$pid" ] || return 1
    # A process that has ended and is not yet reaped has no command line.
    if [ -d /proc/self ]; then
        line=$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline") || return 1
    else
        line=$(ps -o args= -p "$pid") || return 1
    fi
    case " $line " in *" $2 "*) ;; *) return 1 ;; esac
}
node_runs() { runs "$dir/node.pid" "$name"; }
epmd_runs() { runs "$dir/epmd.pid" "$epmd"; }

# wait_until SECONDS CONDITION…
wait_until() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.05
    done
}
gone() { ! "$@"; }

show_log() { tail -n 20 "$dir"/log/*.log "$dir/output" >&2 2>/dev/null || true; }

ready() {
    # Checked by its pid alone: while one script replaces another, the command line is briefly not ours.
    kill -0 "$(cat "$dir/node.pid")" 2>/dev/null ||
        { show_log; die "RabbitMQ ended while starting; its log is in $dir/log."; }
    # It accepts connections a little before it is up; stopping it or asking it something would find half a node.
    grep -q '^ *Starting broker\.\.\. completed' "$dir/output" && accepts "$amqp"
}

start() {
    local bin own_session
    bin=$(find_bin)
    # Ctrl-C goes to the caller only, who stops the node.
    own_session=$(command -v setsid || true)
    settle
    load
    if ! epmd_runs; then
        become_daemon epmd -port "$epmd" &
        echo $! >"$dir/epmd.pid"
        wait_until 10 accepts "$epmd" || die "epmd does not accept on 127.0.0.1:$epmd."
    fi
    if ! node_runs; then
        : >"$dir/output"
        # With this variable the script becomes the node instead of waiting for it, so its pid is the node's.
        become_daemon env RUNNING_UNDER_SYSTEMD=true "$bin/rabbitmq-server" &
        echo $! >"$dir/node.pid"
        wait_until 10 node_runs || { show_log; die "RabbitMQ did not start; what it printed is in $dir/output."; }
    fi
    wait_until 90 ready || { show_log; die "RabbitMQ is not up on 127.0.0.1:$amqp after 90 s; its log is in $dir/log."; }
    url
}

url() { printf 'amqp://guest:guest@127.0.0.1:%s/\n' "$amqp"; }

signal() { if node_runs; then kill "-$1" "$(cat "$dir/node.pid")"; fi; }

# A frozen node reacts only to SIGCONT and SIGKILL.
halt() {
    signal CONT
    signal TERM
    wait_until 30 gone node_runs || kill9
}

kill9() {
    signal KILL
    wait_until 10 gone node_runs || die "The node of $dir does not end."
    # A killed process loses its command line before its sockets.
    wait_until 10 gone accepts "$amqp" || die "Something still accepts on 127.0.0.1:$amqp."
}

stop() {
    halt
    if epmd_runs; then
        kill -TERM "$(cat "$dir/epmd.pid")"
        wait_until 10 gone epmd_runs || kill -KILL "$(cat "$dir/epmd.pid")"
    fi
    rm -rf "$dir"/{node,node.pid,epmd.pid,rabbitmq.conf,enabled_plugins,env.conf,data,log,output,.erlang.cookie,.cache}
    rmdir "$dir" 2>/dev/null || true
}

case "$command" in
    start) start ;;
    stop)
        # A folder without a node has nothing to stop.
        if [ -f "$dir/node" ]; then load; stop; fi
        ;;
    restart) load; halt; start ;;
    kill9) load; kill9 ;;
    freeze) load; signal STOP ;;
    thaw) load; signal CONT ;;
    url) load; url ;;
    ctl) load; become "$(find_bin)/rabbitmqctl" -q -n "$name" "$@" ;;
esac
