#!/usr/bin/env bash
# Runs unmodified client libraries against a perpetua with a simulated bot behind it.
#
#   Tests/Clients/run.sh [PROGRAM…]      all programs, or only those whose name contains one of these words
#   Tests/Clients/run.sh --environment   makes the Python environment, and runs nothing
#
# PERPETUA_BIN   the perpetua to test (.build/debug/perpetua)
# PERPETUA_VENV  a Python environment with Tests/requirements.txt (.venv, made where it is missing)
# PERPETUA_TEST_BUS  `amqp`: over the broker that PERPETUA_TEST_AMQP_URL names, with what needs one
# PERPETUA_WS    test what runs there instead of starting one; with PERPETUA_HTTP if it is a perpetua, PERPETUA_TOKEN if it wants
#                one. What Perpetua would have to dial or post to, or a token chooses, is left out then: its settings are not ours.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
clients=$root/Tests/Clients
perpetua=$(realpath -m "${PERPETUA_BIN:-$root/.build/debug/perpetua}")
venv=${PERPETUA_VENV:-$root/.venv}
folder=$(mktemp -d)
started=

finish() {
    if [[ -n $started ]]; then
        kill "$started" 2>/dev/null || true
        wait "$started" 2>/dev/null || true
    fi
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

if [[ ! -x $venv/bin/python ]]; then
    echo "Making a Python environment in $venv"
    python3 -m venv "$venv"
fi
if ! cmp -s "$root/Tests/requirements.txt" "$venv/.installed-requirements"; then
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$root/Tests/requirements.txt"
    cp "$root/Tests/requirements.txt" "$venv/.installed-requirements"
fi
[[ ${1:-} != --environment ]] || exit 0

# Below the ports the system gives to outgoing connections, so that nobody takes one in between.
free_ports() {
    "$venv/bin/python" - "$1" <<'PYTHON'
import random, socket, sys
sockets = []
while len(sockets) < int(sys.argv[1]):
    listener = socket.socket()
    try:
        listener.bind(("127.0.0.1", random.randrange(20000, 32000)))
        sockets.append(listener)
    except OSError:
        listener.close()
print(*(listener.getsockname()[1] for listener in sockets))
PYTHON
}

bus=() prefix=perpetua
if [[ ${PERPETUA_TEST_BUS:-memory} == amqp ]]; then
    : "${PERPETUA_TEST_AMQP_URL:?names no broker: run ./test, or start one with scripts/rabbitmq.sh}"
    prefix=clients$RANDOM
    bus=(PERPETUA_BUS=amqp PERPETUA_AMQP_URL="$PERPETUA_TEST_AMQP_URL" PERPETUA_AMQP_PREFIX="$prefix")
fi

# Whom Perpetua is to reach: reverse WebSockets and webhooks, each with a port of its own that nothing listens on until its
# program runs. So each program also finds a Perpetua that has been trying for a while.
declare -A port=()
token=token-$RANDOM$RANDOM secret=secret-$RANDOM$RANDOM
targets=(
    nonebot_reverse aiocqhttp_universal aiocqhttp_split melobot_reverse alicebot_reverse_ws nonebot_http aiocqhttp_http
)
targets+=("${targets[@]/%/_choosy}")

# What a client may choose, all of it at once, as an entry of the settings has it; each program runs with it as well, whoever connects: by
# the token `choosy`, or as a target. What a new choice is to be tested with is added here and nowhere else; what of it can be seen, in
# `checks.Framework.gets_what_it_chose`.
choosy=choosy-$RANDOM$RANDOM
choices=(
    "post_types: [message, message_sent, notice, request, meta_event, distributed]"
    "exclude_group_ids: [30009]" "exclude_user_ids: [20008]"
    "message_format: array" "message_sent_as: message"
    "heartbeat_interval: 2s" "client_status: none" "priority: 3"
    "max_event_size: 1MiB"
)
# The same, for what a webhook cannot choose: it has no connection.
socket_choices=("one_answer_per_write: true" "ping_interval: 1s")

write_settings() {
    local ports name posted chosen
    printf -v posted ', %s' "${choices[@]}"
    printf -v chosen ', %s' "${choices[@]}" "${socket_choices[@]}"
    read -ra ports <<<"$(free_ports ${#targets[@]})"
    for name in "${targets[@]}"; do
        port[$name]=${ports[${#port[@]}]}
    done
    cat >"$folder/perpetua.yaml" <<YAML
access_token: $PERPETUA_TOKEN
tokens:
  - {name: choosy, token: $choosy$chosen}
reverse_websockets:
  - {name: nonebot_reverse, url: "ws://127.0.0.1:${port[nonebot_reverse]}/onebot/v11/ws", access_token: $token}
  - {name: aiocqhttp_universal, url: "ws://127.0.0.1:${port[aiocqhttp_universal]}/ws/", access_token: $token}
  - name: aiocqhttp_split
    api_url: ws://127.0.0.1:${port[aiocqhttp_split]}/ws/api/
    event_url: ws://127.0.0.1:${port[aiocqhttp_split]}/ws/event/
    access_token: $token
  - {name: melobot_reverse, url: "ws://127.0.0.1:${port[melobot_reverse]}/", access_token: $token}
  # AliceBot refuses everybody where it is given a token: it looks for it in the wrong headers.
  - {name: alicebot_reverse_ws, url: "ws://127.0.0.1:${port[alicebot_reverse_ws]}/cqhttp/ws", one_answer_per_write: true}
  - {name: nonebot_reverse_choosy, url: "ws://127.0.0.1:${port[nonebot_reverse_choosy]}/onebot/v11/ws", access_token: $token$chosen}
  - {name: aiocqhttp_universal_choosy, url: "ws://127.0.0.1:${port[aiocqhttp_universal_choosy]}/ws/", access_token: $token$chosen}
  - name: aiocqhttp_split_choosy
    api_url: ws://127.0.0.1:${port[aiocqhttp_split_choosy]}/ws/api/
    event_url: ws://127.0.0.1:${port[aiocqhttp_split_choosy]}/ws/event/
    access_token: $token
$(printf '    %s\n' "${choices[@]}" "${socket_choices[@]}")
  - {name: melobot_reverse_choosy, url: "ws://127.0.0.1:${port[melobot_reverse_choosy]}/", access_token: $token$chosen}
  - {name: alicebot_reverse_ws_choosy, url: "ws://127.0.0.1:${port[alicebot_reverse_ws_choosy]}/cqhttp/ws"$chosen}
webhooks:
  - {name: nonebot_http, url: "http://127.0.0.1:${port[nonebot_http]}/onebot/v11/", secret: $secret}
  - {name: aiocqhttp_http, url: "http://127.0.0.1:${port[aiocqhttp_http]}/", secret: $secret}
  - {name: nonebot_http_choosy, url: "http://127.0.0.1:${port[nonebot_http_choosy]}/onebot/v11/", secret: $secret$posted}
  - {name: aiocqhttp_http_choosy, url: "http://127.0.0.1:${port[aiocqhttp_http_choosy]}/", secret: $secret$posted}
YAML
}

start_perpetua() {
    [[ -x $perpetua ]] || { echo "There is no $perpetua: build it (swift build), or set PERPETUA_BIN." >&2; exit 2; }
    local ports shared api
    ports=$(free_ports 2)
    read -r shared api <<<"$ports"
    export PERPETUA_WS=ws://127.0.0.1:$shared PERPETUA_HTTP=http://127.0.0.1:$api PERPETUA_TOKEN=master-$RANDOM$RANDOM
    write_settings
    # Only what is set here and in that file reaches it: no settings of whoever runs this.
    (
        cd "$folder"
        exec env -i PATH="$PATH" HOME="$folder" \
            PERPETUA_EDGE_SHARED_PORT="$shared" PERPETUA_API_PORT="$api" \
            PERPETUA_REGISTRY_DATABASE="$folder/registry.sqlite" "${bus[@]}" \
            "$perpetua" --simulated-bot >"$folder/perpetua.log" 2>&1
    ) &
    started=$!
    for _ in $(seq 300); do
        if "$venv/bin/python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=1)' \
            "$PERPETUA_HTTP/get_status?access_token=$PERPETUA_TOKEN" 2>/dev/null; then
            return
        fi
        kill -0 "$started" 2>/dev/null || break
        sleep 0.1
    done
    echo "perpetua and its bot do not answer at $PERPETUA_HTTP/get_status. Its last lines:" >&2
    tail -n 40 "$folder/perpetua.log" >&2
    exit 1
}

[[ -n ${PERPETUA_WS:-} ]] || start_perpetua

passed=0 failed=0
# NAME COMMAND…
run() {
    local name=$1
    shift
    if ((${#words[@]})); then
        local wanted=
        for word in "${words[@]}"; do [[ $name == *"$word"* ]] && wanted=yes; done
        [[ -n $wanted ]] || return 0
    fi
    echo "== $name"
    if timeout 300 "$@" </dev/null; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        if [[ -n $started ]]; then
            echo "-- $name failed; perpetua's last lines:" >&2
            tail -n 20 "$folder/perpetua.log" >&2
        fi
    fi
}

# The same, for a program that Perpetua reaches under this name, and once more with everything chosen.
run_target() {
    [[ -n ${port[$1]:-} ]] || { echo "== $1 (left out)"; return 0; }
    local settings=(TARGET_TOKEN="$token" TARGET_SECRET="$secret")
    run "$1" env TARGET_NAME="$1" TARGET_PORT="${port[$1]}" "${settings[@]}" "${@:2}"
    run "$1_choosy" env CHOOSES=1 TARGET_NAME="$1_choosy" TARGET_PORT="${port[$1_choosy]}" "${settings[@]}" "${@:2}"
}

# A program that comes by itself, with everything chosen by its token; where the settings are not ours it is left out.
run_choosy() {
    [[ -n $started ]] || { echo "== $1_choosy (left out)"; return 0; }
    run "$1_choosy" env CHOOSES=1 PERPETUA_TOKEN="$choosy" "${@:2}"
}

words=("$@")
python=("$venv/bin/python" -B)
cd "$clients"
run echo_types "${python[@]}" echo_types.py
run nonebot_forward_websockets env NONEBOT_DRIVER='~websockets' "${python[@]}" nonebot_forward.py
run nonebot_forward_aiohttp env NONEBOT_DRIVER='~aiohttp' "${python[@]}" nonebot_forward.py
run_choosy nonebot_forward env NONEBOT_DRIVER='~websockets' "${python[@]}" nonebot_forward.py
run_target nonebot_reverse "${python[@]}" nonebot_reverse.py
run_target nonebot_http "${python[@]}" nonebot_http.py
run_target aiocqhttp_universal "${python[@]}" aiocqhttp_universal.py
run_target aiocqhttp_split "${python[@]}" aiocqhttp_split.py
run_target aiocqhttp_http "${python[@]}" aiocqhttp_http.py
run melobot_forward "${python[@]}" melobot_client.py
run_choosy melobot_forward "${python[@]}" melobot_client.py
run_target melobot_reverse env MELOBOT_MODE=reverse "${python[@]}" melobot_client.py
run alicebot_ws "${python[@]}" alicebot_client.py
run_choosy alicebot_ws "${python[@]}" alicebot_client.py
run_target alicebot_reverse_ws env ALICEBOT_MODE=reverse-ws "${python[@]}" alicebot_client.py
if ((${#bus[@]})); then
    run amqp_client "${python[@]}" ../../Examples/amqp-client/amqp_client.py --once \
        --url "$PERPETUA_TEST_AMQP_URL" --prefix "$prefix"
else
    # The protocol itself, on a client port where no events come in between.
    run autobahn "${python[@]}" ../Autobahn/run.py "$PERPETUA_WS/api${PERPETUA_TOKEN:+?access_token=$PERPETUA_TOKEN}"
    # The document of the AMQP door: no perpetua has a part in this.
    run asyncapi "${python[@]}" ../AsyncAPI/check.py
fi

echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
