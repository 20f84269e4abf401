import Actions
import NIOCore
import TestSupport
import Testing

@testable import WSEdge

@Suite("TokenBucket")
struct TokenBucketTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func bucket(_ rate: String, burst: Int = 1) throws -> TokenBucket {
        TokenBucket(PacingConfiguration.Limit(try #require(PacingRate(rate)), burst: burst))
    }

    @Test("with a burst of one, each comes an interval after the one before")
    func steady() throws {
        var bucket = try bucket("20/s")
        #expect(bucket.next <= start)
        bucket.take(at: start)
        #expect(bucket.next == start + .milliseconds(50))
        // It is taken late: lost time is not made up for.
        bucket.take(at: start + .milliseconds(80))
        #expect(bucket.next == start + .milliseconds(130))
    }

    @Test("a burst goes at once, and after a pause again")
    func burst() throws {
        var bucket = try bucket("20/s", burst: 3)
        for _ in 1...3 {
            #expect(bucket.next <= start)
            bucket.take(at: start)
        }
        #expect(bucket.next == start + .milliseconds(50))
        #expect(!bucket.isFull(at: start + .milliseconds(149)))
        let later = start + .milliseconds(150)
        #expect(bucket.isFull(at: later))
        for _ in 1...3 {
            #expect(bucket.next <= later)
            bucket.take(at: later)
        }
        #expect(bucket.next == later + .milliseconds(50))
    }

    @Test("no second holds more than the rate and the burst, however it is asked", arguments: UInt64(1)...20)
    func neverMore(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let burst = Int.random(in: 1...10, using: &random)
        let rate = Int.random(in: 1...100, using: &random)
        var bucket = try bucket("\(rate)/s", burst: burst)
        var now = start
        var taken: [NIODeadline] = []
        for _ in 1...3000 {
            now = now + .nanoseconds(Int64.random(in: 0...40_000_000, using: &random))
            guard bucket.next <= now else { continue }
            bucket.take(at: now)
            taken.append(now)
        }
        for (index, first) in taken.enumerated() {
            let inSecond = taken[index...].prefix { $0 < first + .seconds(1) }.count
            // The burst was there, and one token of the rate comes only after the second.
            #expect(inSecond <= rate + burst - 1, "seed \(seed)")
        }
    }

    @Test("it says when the last of several will be there")
    func estimate() throws {
        var bucket = try bucket("10/s", burst: 2)
        #expect(bucket.next(after: 2, at: start) == start)
        #expect(bucket.next(after: 3, at: start) == start + .milliseconds(100))
        bucket.take(at: start)
        #expect(bucket.next(after: 3, at: start) == start + .milliseconds(200))
    }
}
