# Sourced by ./test and scripts/again.sh: the Swift tests, in the order in which they run.

# Tests that calculate run separately, so that tests with sockets need not wait for them.
values='(OneBot|Contracts|SettingsReading)Tests\.'

suites=(values units bus memory rabbitmq)
# fast is none of its own: it is values and units beside each other.
configuration=debug

suite_title() {
    case "$1" in
        values) echo "Unit tests of values" ;;
        units) echo "Unit tests" ;;
        fast) echo "Unit tests, all of them" ;;
        fuzz) echo "Fuzzing, for a minute" ;;
        bus) echo "The bus over RabbitMQ" ;;
        memory) echo "End-to-end tests, over memory" ;;
        rabbitmq) echo "End-to-end tests, over RabbitMQ" ;;
        *) echo "Swift tests that match $1" ;;
    esac
}

# run_suite NAME LOG: runs one suite, or the tests that match a name; all output goes to LOG as well.
run_suite() {
    case "$1" in
        values) swift_tests "$2" --filter "$values" ;;
        units) swift_tests "$2" --skip "$values" --skip EndToEndTests --skip AMQPTests --skip FuzzTests ;;
        fast) fast "$2" ;;
        # Not by "swift test", which would keep everybody else from building meanwhile.
        fuzz) PERPETUA_FUZZ_SECONDS=60 width=1 swift_tests "$2" --filter FuzzTests ;;
        # One after another, since they kill, freeze and cut off brokers of their own.
        bus) width=1 swift_tests "$2" --filter AMQPTests --no-parallel ;;
        # Tests that do not depend on the bus run in one of the two only.
        memory) PERPETUA_TEST_BUS=memory end_to_end "$2" ;;
        rabbitmq) PERPETUA_TEST_BUS=amqp end_to_end "$2" ;;
        *) swift_tests "$2" --filter "$1" ;;
    esac
}

# Few tests at once: by itself, Swift Testing starts all of them together, on as many threads as there are cores. Then
# each waits for hundreds of others before its next step, and misses its deadlines.
swift_tests() {
    local log=$1
    shift
    mkdir -p "$(dirname "$log")"
    NO_COLOR=1 SWT_EXPERIMENTAL_MAXIMUM_PARALLELIZATION_WIDTH=${width:-4} ".build/$configuration/perpetuaPackageTests.xctest" --testing-library swift-testing "$@" 2>&1 |
        tee "$log"
}

# values keeps one core busy, and most of units waits.
fast() {
    local status=0 job
    run_suite values "$1.values" &
    job=$!
    run_suite units "$1.units" || status=1
    wait "$job" || status=1
    cat "$1.values" "$1.units" >"$1"
    rm "$1.values" "$1.units"
    return $status
}

# Within a process they run one after another, so that each has the threads to itself. There are three such processes,
# since tests mostly wait for a lease or a deadline. Tests that are in no other part are in the last.
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

# failures LOG: prints the failures with their comments, which include seeds.
failures() {
    awk '/recorded an issue/ { shown = 1; print; next }
        shown && /^(↳| )/ { print; next }
        { shown = 0 }
        /Fatal error|unexpected signal|^error:/ { print }' "$1"
}
