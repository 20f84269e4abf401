import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("A bot's events reach every client", .timeLimit(.minutes(3)))
    struct EventFlowTests {
        @Test(
            "many clients get 20 000 events once and in order, whatever one more that never reads does",
            arguments: [("close", 30, 20_000, "10MiB"), ("drop_oldest", 20, 4_000, "3MiB")])
        func manyClients(slowClient: String, clients: Int, events: Int, bound: String) async throws {
            let large = 48
            // The 20 000 events fit within the bound. For a client that took none of them, later events do not.
            let settings = """
                edge: {slow_client: \(slowClient), outbound_bytes: \(bound), outbound_age: 5m}
                client_status: none
                """
            try await withFakeBot { bot in
                try await withPerpetua(settings, bots: [bot.url]) { perpetua in
                    let sleeper = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await sleeper.nextEvent("meta_event", "lifecycle")
                    try await sleeper.stopReading()
                    var counters: [CountingClient] = []
                    for _ in 0..<clients { counters.append(try await CountingClient.connect(to: perpetua.ws)) }
                    try await bot.bot.emit(numbers: 1...events)
                    try await expect(counters, toHave: events)
                    let padding = String(repeating: "x", count: 256 << 10)
                    for number in events + 1...events + large {
                        try await bot.bot.emit(numbers: number...number) { number in
                            ByteBuffer(
                                string:
                                    #"{"self_id":10001,"post_type":"notice","notice_type":"n","number":\#(number),"p":"\#(padding)"}"#
                            )
                        }
                        if number % 4 == 0 { try await expect(counters, toHave: number) }
                    }
                    try await sleeper.resumeReading()
                    if slowClient == "close" {
                        // The close frame may not reach a client that reads nothing.
                        let ending = try await sleeper.ending(within: .seconds(40))
                        #expect(ending.code == 1013 || ending.code == nil)
                    } else {
                        let gap = try await sleeper.nextEvent("notice", "event_gap", within: .seconds(40))
                        #expect((gap.int("missed") ?? 0) > 0)
                        _ = try await sleeper.next("the newest event", within: .seconds(40)) {
                            $0.int("number") == Int64(events + large)
                        }
                    }
                }
            }
        }

        private func expect(_ counters: [CountingClient], toHave events: Int) async throws {
            for counter in counters {
                let seen = try await eventually(within: .seconds(120), "\(events) events arrived") {
                    counter.ledger
                } until: {
                    $0.received >= events || $0.mistake != nil
                }
                try #require(seen.mistake == nil)
                #expect(seen.received == events)
            }
        }

        @Test("an event passes byte for byte; a top-level echo is removed, a missing self_id is set")
        func bytes() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let odd =
                        #"{ "time":1,"self_id":10001,"post_type":"message","message_type":"x-new","n":12345678901234567890.50,"u":"\u00e9é","nested":{"echo":1},  "z":[ ] }"#
                    try await bot.bot.emit(odd)
                    #expect(try await client.nextEvent("message", "x-new").text == odd)
                    try await bot.bot.emit(
                        #"{"post_type":"notice","notice_type":"a","self_id":10001,"echo":null,"k":1}"#)
                    #expect(
                        try await client.nextEvent("notice", "a").text
                            == #"{"post_type":"notice","notice_type":"a","self_id":10001,"k":1}"#)
                    try await bot.bot.emit(#"{"post_type":"notice","notice_type":"b","self_id":null}"#)
                    #expect(try await client.nextEvent("notice", "b").int("self_id") == 10001)
                }
            }
        }

        @Test("an event, and the answer to an action sent after it, never swap")
        func order() async throws {
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                guard action.name == "tell", let echo = action.echo else { return nil }
                // The bot sends the event first, and its answer right behind it.
                let event = #"{"time":1,"self_id":10001,"post_type":"notice","notice_type":"told","about":\#(echo)}"#
                _ = echo
                return .frames([event, #"{"status":"ok","retcode":0,"data":null,"echo":\#(echo)}"#])
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    for number in 1...500 { try await client.send(#"{"action":"tell","echo":\#(number)}"#) }
                    for number in 1...500 {
                        let first = try await client.next { $0["notice_type"] == "told" || $0.echo != nil }
                        #expect(first["notice_type"] == "told", "before answer \(number)")
                        let second = try await client.next { $0["notice_type"] == "told" || $0.echo != nil }
                        #expect(second.echo == "\(number)")
                    }
                }
            }
        }

        @Test("a message of 16 MiB minus its frame passes both ways")
        func large() async throws {
            let size = (16 << 20) - 200
            try await withFakeBot(answering: { _ in .standard }) { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let text = String(repeating: "x", count: size)
                    try await bot.bot.emit(
                        #"{"self_id":10001,"post_type":"notice","notice_type":"big","t":"\#(text)"}"#)
                    #expect(try await client.nextEvent("notice", "big", within: .seconds(60)).text.utf8.count > size)
                    try await client.send(#"{"action":"big","params":{"t":"\#(text)"},"echo":1}"#)
                    #expect(try await bot.bot.nextAction("big", within: .seconds(60)).text.utf8.count > size)
                }
            }
        }

        @Test("events from before a link was lost are followed by a declared gap, then by the new link's")
        func reconnection() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await bot.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"one"}"#)
                    _ = try await client.nextEvent("notice", "one")
                    try await bot.bot.dropLinks(.abrupt)
                    try await bot.bot.waitForNoLinks()
                    try await bot.bot.waitForLinks()
                    // Waits until the bot has a link again: before that, its events go to nobody.
                    try await eventually("the bot is back") {
                        try await client.call("get_status", echo: #""s""#).int("retcode") == 0
                    }
                    try await bot.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"two"}"#)
                    let gap = try await client.nextEvent("notice", "event_gap")
                    #expect(gap.raw("missed") == "null")
                    _ = try await client.nextEvent("notice", "two")
                    let lifecycles = try await client.unread.filter { $0["meta_event_type"] == "lifecycle" }
                    #expect(lifecycles.isEmpty, "none is sent again when a bot returns")
                }
            }
        }
    }
}
