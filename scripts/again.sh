#!/usr/bin/env bash
# Runs the Swift tests again and again: what fails seldom fails here.
#   scripts/again.sh 30                       all of them thirty times: values, units, the bus, end to end over memory and over RabbitMQ
#   scripts/again.sh 20 --busy                the same with one core kept busy
#   scripts/again.sh 50 --filter BotClaim     what matches, as often as given
#   scripts/again.sh 10 --suite units         of values, units, fast (those two at once), bus, memory, rabbitmq that one; as often as given
#   scripts/again.sh 30 --release             built with optimisation, where a run takes half as long
# Each failure is printed with its run and its seed; the whole of a run that failed stays in .build/again, in a folder for each call. The last
# line counts, and the exit status says whether all passed. PERPETUA_TEST_AMQP_URL names a broker to use instead of one of its own.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. scripts/prepare.sh
. scripts/suites.sh

usage() { sed -n '2,9s/^# \{0,1\}//p' "$0"; }
case "${1:-}" in
    -h | --help) usage; exit 0 ;;
    '' | *[!0-9]* | 0) usage >&2; exit 64 ;;
esac
runs=$1
shift

busy=false
chosen=()
while [ $# -gt 0 ]; do
    case "$1" in
        --busy) busy=true; shift ;;
        --release) configuration=release; shift ;;
        --filter) [ $# -ge 2 ] || die "--filter needs a name"; chosen+=("$2"); shift 2 ;;
        --suite)
            case " ${suites[*]} fast " in *" ${2:-} "*) ;; *) die "--suite needs one of: ${suites[*]} fast" ;; esac
            chosen+=("$2")
            shift 2
            ;;
        *) usage >&2; exit 64 ;;
    esac
done
[ ${#chosen[@]} -gt 0 ] || chosen=("${suites[@]}")

need_swift
need_packages libsqlite3-dev librabbitmq-dev libssl-dev zlib1g-dev pkg-config rabbitmq-server
mkdir -p .build/again
logs=$(mktemp -d ".build/again/$(date +%H%M%S).XXX")
say "Build ($configuration); what fails stays in $logs"
options=(-c "$configuration")
# Tests need internal declarations.
[ "$configuration" = debug ] || options+=(-Xswiftc -enable-testing)
swift build --build-tests "${options[@]}" >"$logs/build.log" 2>&1 || { grep -E 'error:' "$logs/build.log" || tail -n 50 "$logs/build.log"; die "The build failed."; }

burner=
folder=
clean_up() {
    [ -z "$burner" ] || kill "$burner" 2>/dev/null || true
    [ -z "$folder" ] || scripts/rabbitmq.sh stop "$folder"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

if [ -z "${PERPETUA_TEST_AMQP_URL:-}" ]; then
    case " ${chosen[*]} " in
        " values " | " units " | " values units " | " fast " | " memory ") ;;
        *)
            folder=$(mktemp -d "${TMPDIR:-/tmp}/perpetua-rabbitmq.XXXXXX")
            export PERPETUA_TEST_AMQP_DIR=$folder PERPETUA_TEST_AMQP_URL
            PERPETUA_TEST_AMQP_URL=$(scripts/rabbitmq.sh start "$folder")
            ;;
    esac
fi

# Keeps one core busy for as long as this script runs.
if $busy; then
    pinned=()
    if command -v taskset >/dev/null; then pinned=(taskset -c 0); fi
    "${pinned[@]}" bash -c 'while kill -0 "$0" 2>/dev/null; do for ((i = 0; i < 1000000; i++)); do :; done; done' $$ &
    burner=$!
fi

passed=0
begin=$SECONDS
declare -A failed
for ((run = 1; run <= runs; run++)); do
    is_good=true
    for name in "${chosen[@]}"; do
        log="$logs/$run-$(tr -c 'A-Za-z0-9_\n' - <<<"$name").log"
        if run_suite "$name" "$log" >/dev/null; then
            rm "$log"
            continue
        fi
        is_good=false
        failed[$name]=$((${failed[$name]:-0} + 1))
        { failures "$log" | grep . || tail -n 20 "$log"; } | sed "s/^/run $run, $name: /"
    done
    if $is_good; then passed=$((passed + 1)); fi
    say "run $run of $runs: $($is_good && echo passed || echo FAILED) ($((SECONDS - begin)) s so far)"
done

counts=
for name in "${!failed[@]}"; do counts+="; $name failed ${failed[$name]}×"; done
printf '%d of %d runs passed%s%s\n' "$passed" "$runs" "$($busy && echo ', with one core kept busy' || true)" "$counts"
[ "$passed" -eq "$runs" ]
