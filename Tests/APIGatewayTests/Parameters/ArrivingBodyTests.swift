import Actions
import NIOCore
import OneBot
import Testing

@testable import APIGateway

@Suite("ArrivingBody")
struct ArrivingBodyTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func refusal(_ parts: [Int], limit: Int = 1 << 20, _ budget: InboundBudget, each: TimeAmount = .zero)
        -> RetCode?
    {
        var body = ArrivingBody(limit: limit, budget: budget, at: start)
        var now = start
        do throws(Refusal) {
            for part in parts {
                now = now + each
                try body.append(ByteBuffer(repeating: 65, count: part), at: now)
            }
            return body.bytes.readableBytes == parts.reduce(0, +) ? nil : .ok
        } catch {
            return error.retcode
        }
    }

    @Test("a body within its limit arrives whole; one byte more is 1413")
    func limit() {
        let budget = InboundBudget(limit: 1 << 20)
        #expect(refusal([100, 0, 900], limit: 1_000, budget) == nil)
        #expect(refusal([100, 901], limit: 1_000, budget) == .tooLarge)
        #expect(budget.bytes == 0)
    }

    @Test("where others have all the room it is 1503, and its own is given back")
    func noRoom() {
        let budget = InboundBudget(limit: 100_000)
        #expect(budget.take(60_000, beside: 0, for: .clients))
        #expect(refusal([10_000], budget) == nil)
        #expect(refusal([15_000, 15_000, 15_000], budget) == .unavailable)
        #expect(budget.bytes == 60_000)
        budget.give(60_000)
        #expect(refusal([15_000, 15_000, 60_000], budget) == nil)
        #expect(budget.bytes == 0)
    }

    @Test("one that trickles is given up")
    func tooSlow() {
        let budget = InboundBudget(limit: 1 << 20)
        #expect(refusal(Array(repeating: 20_000, count: 40), budget, each: .seconds(1)) == nil)
        #expect(refusal([20_000] + Array(repeating: 1, count: 40), budget, each: .seconds(1)) == .unavailable)
        #expect(budget.bytes == 0)
    }
}
