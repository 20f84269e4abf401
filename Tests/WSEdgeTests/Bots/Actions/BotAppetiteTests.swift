import NIOCore
import TestSupport
import Testing

@testable import WSEdge
@testable import WebSocketTransport

@Suite("BotAppetite: how large a message a bot takes", .timeLimit(.minutes(1)))
struct BotAppetiteTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var appetite = BotAppetite()

    @Test("a bot that closes with 1009 takes none as large as the largest it was sent, for ten minutes")
    mutating func learns() {
        appetite.sent(2 << 20)
        appetite.sent(100)
        #expect(appetite.limit(at: start) == nil)
        #expect(appetite.ended(1009, at: start) == true)
        #expect(appetite.limit(at: start) == 2 << 20)
        #expect(appetite.limit(at: start + .minutes(10) - .nanoseconds(1)) == 2 << 20)
        #expect(appetite.limit(at: start + .minutes(10)) == nil)
    }

    @Test(
        "other endings teach nothing, nor does 1009 for small ones, nor what went over an earlier connection",
        arguments: [nil, 1000, 1006, 1011] as [UInt16?])
    mutating func nothing(code: UInt16?) {
        appetite.sent(2 << 20)
        #expect(appetite.ended(code, at: start) == false)
        appetite.sent(1_000)
        #expect(appetite.ended(1009, at: start) == false)
        #expect(appetite.limit(at: start) == nil)
    }

    @Test("the action that cut a bot off gets 1413 the next time, and the bot stays connected")
    func once() async throws {
        try await BotBench.run { bench in
            let large = #"{"action":"upload","params":"\#(String(repeating: "x", count: 2 << 20))","echo":1}"#
            let first = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            let call = try await bench.call(10001, large)
            _ = try await first.nextAction()
            first.close(.tooBig("no more than 1 MiB"))
            #expect(try await bench.answer(to: call.id).contains("1503"))
            try await bench.untilOffline(10001)
            let second = try await bench.dialIn(selfID: 10001)
            try await bench.untilOnline(10001)
            #expect(try await bench.answer(to: bench.call(10001, large).id).contains("1413"))
            let small = try await bench.call(10001, #"{"action":"get_status"}"#)
            second.send(#"{"status":"ok","echo":\#(try await second.nextAction().token)}"#)
            #expect(try await bench.answer(to: small.id) == #"{"status":"ok"}"#)
        }
    }
}
