import Testing

@testable import WSEdge

@Suite("Whether a framework still calls actions")
struct CallHabitTests {
    private let start = ContinuousClock.Instant.now
    private let later = ContinuousClock.Instant.now + CallHabit.patience
    private var habit = CallHabit()

    /// Records that many calls, with that many events before each.
    private mutating func call(_ calls: Int, every events: Int) {
        habit.connected(at: start)
        for _ in 0..<calls {
            _ = habit.delivered(events, at: start)
            habit.called()
        }
    }

    @Test("it is told of that it called before and calls no more since it was connected anew, once")
    mutating func told() {
        call(5, every: 1)
        habit.connected(at: start)
        #expect(habit.isWatching)
        let early = habit.delivered(99, at: later)
        #expect(!early)
        let told = habit.delivered(1, at: later)
        #expect(told)
        let again = habit.delivered(1_000, at: later)
        #expect(!again)
        habit.connected(at: later)
        let anew = habit.delivered(1_000, at: later + CallHabit.patience)
        #expect(!anew, "it has not called since")
    }

    @Test("not one that never called much, nor one that calls, nor soon after it came, nor within one connection")
    mutating func silent() {
        call(4, every: 1)
        habit.connected(at: start)
        let seldom = habit.delivered(10_000, at: later)
        #expect(!seldom)
        habit = CallHabit()
        call(5, every: 1)
        let same = habit.delivered(10_000, at: later)
        #expect(!same)
        habit = CallHabit()
        call(5, every: 1)
        habit.connected(at: start)
        let soon = habit.delivered(10_000, at: later - .seconds(1))
        #expect(!soon)
        habit.called()
        let calls = habit.delivered(10_000, at: later)
        #expect(!calls)
    }

    @Test(
        "one that calls seldom is measured by the longest it was ever silent, also where that was what it was told of for"
    )
    mutating func measure() {
        call(5, every: 300)
        habit.connected(at: start)
        let usual = habit.delivered(1_499, at: later)
        #expect(!usual)
        let told = habit.delivered(1, at: later)
        #expect(told)
        habit.called()
        habit.connected(at: start)
        let longer = habit.delivered(7_499, at: later)
        #expect(!longer)
        let muchLonger = habit.delivered(1, at: later)
        #expect(muchLonger)
    }
}
