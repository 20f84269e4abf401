import Bus
import Testing

@Suite("Backoff")
struct BackoffTests {
    @Test("waits are random below a bound that doubles up to the longest")
    func bounds() {
        for _ in 0..<50 {
            var backoff = Backoff(first: .milliseconds(500), longest: .seconds(30))
            var bound = Duration.milliseconds(500)
            for _ in 0..<70 {
                let wait = backoff.next()
                #expect(wait >= .milliseconds(50) && wait <= bound)
                bound = min(bound * 2, .seconds(30))
            }
            backoff.reset()
            #expect(backoff.next() <= .milliseconds(500))
        }
    }

    @Test("the same generator gives the same waits")
    func deterministic() {
        struct Highest: RandomNumberGenerator { mutating func next() -> UInt64 { .max } }
        struct Lowest: RandomNumberGenerator { mutating func next() -> UInt64 { 0 } }
        var low = Backoff(first: .seconds(1), longest: .seconds(60), generator: Lowest())
        #expect([low.next(), low.next()] == [.milliseconds(100), .milliseconds(100)])
        var high = Backoff(first: .seconds(1), longest: .seconds(60), generator: Highest())
        let waits = (0..<8).map { _ in high.next() }
        #expect(waits[0] > .milliseconds(999))
        #expect(waits[7] > .milliseconds(59_999) && waits[7] <= .seconds(60))
    }
}
