# Sourced by ./test and scripts/again.sh: the Swift tests, in the order in which they run.

# Those that calculate run apart: nobody who waits for a socket is to wait for that.
values='(OneBot|Contracts|SettingsReading)Tests\.'

suites=(values units bus memory rabbitmq)
configuration=debug

suite_title() {
    case "$1" in
        values) echo "Unit tests of values" ;;
        units) echo "Unit tests" ;;
        bus) echo "The bus over RabbitMQ" ;;
        memory) echo "End-to-end tests, over memory" ;;
        rabbitmq) echo "End-to-end tests, over RabbitMQ" ;;
        *) echo "Swift tests that match $1" ;;
    esac
}

# run_suite NAME LOG: one of them, or what matches a name; all that is printed is in LOG as well.
run_suite() {
    case "$1" in
        values) swift_tests "$2" --filter "$values" ;;
        units) swift_tests "$2" --skip "$values" --skip EndToEndTests --skip AMQPTests --skip FuzzTests ;;
        # One after another: they kill, freeze and cut off brokers of their own.
        bus) width=1 swift_tests "$2" --filter AMQPTests --no-parallel ;;
        # What does not depend on the bus runs in one of the two only.
        memory) PERPETUA_TEST_BUS=memory end_to_end "$2" ;;
        rabbitmq) PERPETUA_TEST_BUS=amqp end_to_end "$2" ;;
        *) swift_tests "$2" --filter "$1" ;;
    esac
}

# Few at once: left alone, Swift Testing starts all of them together, on as many threads as there are cores; then each waits for hundreds
# of others before it takes its next step, and whatever has a deadline misses it.
swift_tests() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    NO_COLOR=1 SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${width:-4} ".build/$configuration/perpetuaPackageTests.xctest" --testing-library swift-testing "$@" 2>&1 |
        tee "$log"
}

# One after another within a process, since each has its threads to itself; three such processes, since most of the time they wait, for a
# lease or a deadline. What is in no other part is in the last.
parts=('EndToEnd/[A-E]' 'EndToEnd/([F-O]|P[a-o])')

end_to_end() {
    local status=0 part jobs=() job
    for part in "${parts[@]}"; do
        swift_tests "$1.${#jobs[@]}" --filter "EndToEndTests.$part" &
        jobs+=($!)
    done
    swift_tests "$1.${#jobs[@]}" --filter EndToEndTests --skip "EndToEndTests.(${parts[0]}|${parts[1]})" &
    jobs+=($!)
    for job in "${jobs[@]}"; do wait "$job" || status=1; done
    cat "$1".[0-9] >"$1"
    rm "$1".[0-9]
    return $status
}

# failures LOG: what failed, with the remarks to it: seeds are among them.
failures() {
    awk '/recorded an issue/ { shown = 1; print; next }
        shown && /^(↳| )/ { print; next }
        { shown = 0 }
        /Fatal error|unexpected signal|^error:/ { print }' "$1"
}
