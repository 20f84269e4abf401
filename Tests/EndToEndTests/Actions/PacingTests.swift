import NIOCore
import OneBot
import SimulatedBot
import Synchronization
import TestSupport
import Testing

extension EndToEnd {
    @Suite("A bot is made to speak no faster than it may", .timeLimit(.minutes(2)))
    struct PacingTests {
        /// What the bot got, and when.
        private final class Ledger: Sendable {
            private let entries = Mutex<[(who: Int64, at: NIODeadline)]>([])
            var all: [(who: Int64, at: NIODeadline)] { entries.withLock { $0 } }
            func note(_ action: ReceivedAction) {
                let who = action.params?["who"]?.int64 ?? 0
                let now = NIODeadline.now()
                entries.withLock { $0.append((who, now)) }
            }
        }

        /// The times are those at which the bot got the actions. They can only be late, compared with the moment before
        /// the first action was sent, so the first expectation holds on the slowest machine. A stall between Perpetua
        /// and the bot may bring actions closer together than they were sent, so the second expectation leaves room for
        /// that: it allows a tenth of what would come without pacing.
        @Test("five clients with 200 messages each at 200/s: never more than the rate, fair, and each is answered")
        func shared() async throws {
            let ledger = Ledger()
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                ledger.note(action)
                return .json(#"{"status":"ok","retcode":0,"data":{"message_id":1}}"#)
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua("pacing: {bot: 200/s}", bots: [bot.url]) { perpetua in
                    var clients: [FakeClient] = []
                    for _ in 1...5 { clients.append(try await FakeClient.connect(to: perpetua.ws)) }
                    for client in clients { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    let start = NIODeadline.now()
                    try await withThrowingTaskGroup(of: Void.self) { tasks in
                        for (who, client) in clients.enumerated() {
                            tasks.addTask {
                                for number in 0..<200 {
                                    try await client.send(
                                        #"{"action":"send_group_msg","params":{"group_id":1,"who":\#(who),"message":"x"},"echo":\#(number)}"#
                                    )
                                }
                                for number in 0..<200 {
                                    let answer = try await client.next("answer \(number)", within: .seconds(60)) {
                                        $0.echo == "\(number)"
                                    }
                                    #expect(answer.int("retcode") == 0)
                                }
                            }
                        }
                        try await tasks.waitForAll()
                    }
                    let all = ledger.all
                    #expect(all.count == 1000)
                    for (index, entry) in all.enumerated() {
                        #expect(entry.at >= start + .milliseconds(5) * index)
                    }
                    for (index, first) in all.enumerated() {
                        #expect(all[index...].prefix { $0.at < first.at + .seconds(1) }.count <= 300)
                    }
                    // When the first client has had its last turn, no other is far behind.
                    var counts = [Int](repeating: 0, count: 5)
                    for entry in all {
                        counts[Int(entry.who)] += 1
                        if counts.max() == 200 { break }
                    }
                    #expect(counts.allSatisfy { $0 >= 150 }, "\(counts)")
                }
            }
        }

        @Test("HTTP waits behind a WebSocket client, longer than the bot has to answer, and is answered")
        func doors() async throws {
            let ledger = Ledger()
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                ledger.note(action)
                return .standard
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua(
                    "{action_timeout: 500ms, pacing: {bot: 30/min}}", bots: [bot.url]
                ) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let start = NIODeadline.now()
                    let params = #"{"user_id":20001,"message":"x"}"#
                    let first = try await client.call("send_private_msg", params: params, echo: "1")
                    #expect(first.int("retcode") == 0)
                    let answer = try await FakeHTTP.get(
                        perpetua.http + "/send_private_msg?user_id=20001&message=x")
                    #expect(answer.status == 200, "\(answer.body)")
                    #expect(answer.body.contains(#""retcode":0"#), "\(answer.body)")
                    let times = ledger.all.map(\.at)
                    #expect(times.count == 2)
                    #expect(try #require(times.last) >= start + .seconds(2))
                }
            }
        }

        @Test("over the bound HTTP says 429 and a WebSocket client 1429, both when to come back")
        func bound() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("pacing: {chat: 1/h, max_queued: 1}", bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws + "/?priority=3")
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let params = #"{"user_id":20001,"message":"x"}"#
                    #expect(try await client.call("send_private_msg", params: params, echo: "1").int("retcode") == 0)
                    try await client.send(#"{"action":"send_private_msg","params":\#(params),"echo":2}"#)
                    let refused = try await client.call("send_private_msg", params: params, echo: "3")
                    #expect(refused.int("retcode") == 1429)
                    #expect(refused.json?["data"]?.object?["queue_position"]?.int64 == 2)
                    let answer = try await FakeHTTP.get(
                        perpetua.http + "/send_private_msg?user_id=20001&message=x")
                    #expect(answer.status == 429)
                    #expect(answer.body.contains("retry_after_ms"))
                    #expect(try await client.unread.filter { $0.echo == "2" }.isEmpty)
                }
            }
        }
    }
}
