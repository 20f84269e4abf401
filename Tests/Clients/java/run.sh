#!/usr/bin/env bash
# Runs the perpetua Java client (perpetua-sdk-for-java), unmodified, against a perpetua with a simulated bot behind it; then once more
# with everything chosen by its token. By hand: ./test does not run it.
#
#   Tests/Clients/java/run.sh
#
# PERPETUA_BIN         the perpetua to test (.build/debug/perpetua); simulated-bot is taken from beside it
# PERPETUA_JAVA_SDK    a git repository of the client, where GitHub cannot be reached
# PERPETUA_JAVA_CACHE  where the client is built (.build/perpetua-sdk-for-java)
set -euo pipefail

commit=9339b11553a0214fab0a9ebab542f54e77f73ce3   # 0.2.3-SNAPSHOT, 2026-04-17
root=$(cd "$(dirname "$0")/../../.." && pwd)
. "$root/scripts/prepare.sh"
perpetua=$(realpath -m "${PERPETUA_BIN:-$root/.build/debug/perpetua}")
bot=$(dirname "$perpetua")/simulated-bot
for program in "$perpetua" "$bot"; do
    [[ -x $program ]] || die "There is no $program: build it (swift build), or set PERPETUA_BIN."
done

# What it is made with: Debian's releases of the libraries its pom.xml names, some of them a little older than those.
command -v javac >/dev/null || need_packages default-jdk-headless
need_packages libnetty-java libgoogle-gson-java libguava-java libhttpclient-java \
    libjetbrains-annotations-java liblombok-java
jars=(
    netty-buffer netty-codec netty-codec-http netty-common netty-handler netty-resolver netty-transport
    gson guava httpclient httpcore commons-logging commons-codec
)
libraries=$(printf '/usr/share/java/%s.jar:' "${jars[@]}")
cache=${PERPETUA_JAVA_CACHE:-$root/.build/perpetua-sdk-for-java}/$commit
if [[ ! -e $cache/perpetua-sdk.jar ]]; then
    say "Building the client at ${commit:0:7} in $cache"
    rm -rf "$cache"
    mkdir -p "$cache/classes"
    git clone -q --bare "${PERPETUA_JAVA_SDK:-https://github.com/IUnlimit/perpetua-sdk-for-java.git}" "$cache/repository" ||
        die "The client cannot be fetched: see above, or set PERPETUA_JAVA_SDK to a repository that has it."
    git -C "$cache/repository" archive "$commit" src/main | tar -x -C "$cache"
    annotations=/usr/share/java/org.jetbrains.annotations-common.jar:/usr/share/java/org.jetbrains.annotations-java8.jar
    lombok=/usr/share/java/lombok.jar
    find "$cache/src/main" -name '*.java' -print0 | xargs -0 javac --release 8 -encoding UTF-8 -nowarn -Xlint:none \
        -cp "$libraries$annotations:$lombok" -processorpath "$lombok" -d "$cache/classes" 2>"$cache/javac.log" ||
        die "The client does not compile: $cache/javac.log says why."
    jar --create --file "$cache/building.jar" -C "$cache/classes" .
    mv "$cache/building.jar" "$cache/perpetua-sdk.jar"
fi

folder=$(mktemp -d)
started=
finish() {
    [[ -z $started ]] || kill "$started" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Below the ports the system gives to outgoing connections, so that nobody takes one in between.
read -r shared api bot_port <<<"$(python3 - <<'PYTHON'
import random, socket
sockets = []
while len(sockets) < 3:
    listener = socket.socket()
    try:
        listener.bind(("127.0.0.1", random.randrange(20000, 32000)))
        sockets.append(listener)
    except OSError:
        listener.close()
print(*(listener.getsockname()[1] for listener in sockets))
PYTHON
)"

# What a client may choose, all of it at once; but for the two that have Perpetua send pings, which end its connection (below). What a new
# choice is to be tested with is added here and nowhere else; what of it can be seen, in `JavaClient.getsWhatItChose`.
choices=(
    "post_types: [message, message_sent, notice, request, meta_event, distributed]"
    "detail_types: [group, private, lifecycle, heartbeat, client_status, broadcast, broadcast_callback]"
    "group_ids: [30001, 30009]" "user_ids: [10001, 20001, 20008]" "exclude_group_ids: [30009]" "exclude_user_ids: [20008]"
    "message_format: string" "message_sent_as: message"
    "heartbeat_interval: 500ms" "meta_events: true" "client_status: self" "group: java" "priority: 3"
    "max_event_size: 4MiB" "one_answer_per_write: false" "ping_interval: 0s"
)
export MASTER=master-$RANDOM$RANDOM CHOOSY=choosy-$RANDOM$RANDOM PINGED=pinged-$RANDOM$RANDOM APART=apart-$RANDOM$RANDOM
printf -v chosen ', %s' "${choices[@]}"
cat >"$folder/perpetua.yaml" <<YAML
access_token: $MASTER
tokens:
  - {name: choosy, token: $CHOOSY$chosen}
  - {name: pinged, token: $PINGED, ping_interval: 500ms}
  - {name: apart, token: $APART, one_answer_per_write: true}
bots:
  - {url: "ws://127.0.0.1:$bot_port/"}
YAML

# The program stops, kills and starts it. Only what stands here and in that file reaches it: no settings of whoever runs this.
cat >"$folder/start" <<START
#!/bin/sh
cd "$folder"
exec env -i PATH="$PATH" HOME="$folder" PERPETUA_EDGE_SHARED_PORT=$shared PERPETUA_API_PORT=$api \\
    PERPETUA_API_OPEN_DISCOVERY=\${OPEN_DISCOVERY:-true} PERPETUA_API_ONLINE_CLIENTS_SHAPE=\${ONLINE_CLIENTS_SHAPE:-array} \\
    "$perpetua" >>"$folder/perpetua.log" 2>&1
START
chmod +x "$folder/start"
"$bot" --host 127.0.0.1 --port "$bot_port" --rate 0 >"$folder/bot.log" 2>&1 &
started=$!

export START=$folder/start SHARED_PORT=$shared API_PORT=$api
mkdir "$folder/classes"
javac --release 17 -encoding UTF-8 -Xlint:all,-classfile,-processing,-path -Werror -proc:none -cp "$cache/perpetua-sdk.jar:$libraries" \
    -d "$folder/classes" "$root/Tests/Clients/java/JavaClient.java"
if ! timeout 300 java -cp "$folder/classes:$cache/perpetua-sdk.jar:$libraries" JavaClient </dev/null; then
    echo "-- perpetua's last lines:" >&2
    tail -n 20 "$folder/perpetua.log" >&2
    exit 1
fi
