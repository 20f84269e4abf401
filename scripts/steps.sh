# Sourced by ./test: steps, one after another or side by side, and what became of each.
#   step NAME COMMAND…   runs it; false where it failed
#   lane FUNCTION        begins a lane: the steps of a function, one after another, beside all else until join_lanes
#   join_lanes           waits for the lanes
#   report               prints what became of all steps; false where one failed
# A step in a lane prints nothing until it has ended: then all of it, so that nobody's lines come between another's.

lanes=.build/test-logs/lanes
rm -rf "$lanes"
mkdir -p "$lanes"
# The files in $lanes are numbered, so that the summary is in order: what comes before the lanes, each lane, what comes after them.
place=00
place_count=0
is_lane=false
step_count=0
# What the last step of a lane printed.
step_log=
declare -A lane_pids=()

note() { printf '%s\n' "$1" >>"$lanes/$place.summary"; }
# failure TEXT: a line, or several, to be said again at the end.
failure() { printf '%s\n' "$1" >>"$lanes/$place.failed"; }
next_place() { place_count=$((place_count + 1)); printf -v "$1" '%02d' "$place_count"; }

step() {
    local name=$1 begin=$SECONDS
    shift
    if run_step "$name" "$@"; then
        note "✔ $name ($((SECONDS - begin)) s)"
    else
        note "✘ $name ($((SECONDS - begin)) s)"
        failure "$name"
        # Of a suite, the summary names what failed.
        if [ -n "$step_log" ] && [ "$1" != run_suite ]; then failure "$(tail -n 30 "$step_log" | sed 's/^/    /')"; fi
        return 1
    fi
}

left_out() { note "– $1: left out, since $2"; failure "$1 (left out)"; }

run_step() {
    local name=$1 log status=0
    shift
    step_log=
    if ! $is_lane; then
        say "$name"
        "$@" || status=$?
        [ $status -eq 0 ] || printf '✘ %s\n' "$name"
        return $status
    fi
    step_count=$((step_count + 1))
    log="$lanes/$place.$step_count.log"
    step_log=$log
    printf '… %s\n' "$name"
    "$@" >"$log" 2>&1 || status=$?
    (
        flock 9
        say "$name"
        cat "$log"
        [ $status -eq 0 ] || printf '✘ %s\n' "$name"
    ) 9>"$lanes/lock"
    return $status
}

lane() {
    local mine
    next_place mine
    # A process group of its own, so that all of it can be ended together.
    set -m
    (
        set +m
        place=$mine is_lane=true
        trap - EXIT INT TERM
        "$1"
    ) </dev/null &
    set +m
    lane_pids[$1]=$!
}

join_lanes() {
    local name
    for name in "${!lane_pids[@]}"; do
        wait "${lane_pids[$name]}" || failure "The lane $name ended before its steps"
    done
    lane_pids=()
    next_place place
}

# For an EXIT trap: ends what still runs, and waits until it has cleaned up.
end_lanes() {
    local pid
    for pid in "${lane_pids[@]}"; do kill -TERM -- "-$pid" 2>/dev/null || true; done
    for pid in "${lane_pids[@]}"; do
        for _ in {1..300}; do
            kill -0 -- "-$pid" 2>/dev/null || break
            sleep 0.1
        done
    done
}

report() {
    printf '\n'
    cat "$lanes"/*.summary
    if compgen -G "$lanes/*.failed" >/dev/null; then
        printf '\nThis failed:\n'
        cat "$lanes"/*.failed
        return 1
    fi
}
