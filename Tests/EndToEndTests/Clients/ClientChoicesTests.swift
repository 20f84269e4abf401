import Foundation
import NIOCore
import NIOHTTP1
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("Each client chooses for itself", .timeLimit(.minutes(2)))
    struct ClientChoicesTests {
        private static let group =
            #"{ "self_id":10001,"post_type":"message","message_type":"group","group_id":1,"user_id":7,"n":1}"#
        private static let other =
            #"{ "self_id":10001,"post_type":"message","message_type":"group","group_id":2,"user_id":7,"n":2}"#
        private static let direct =
            #"{ "self_id":10001,"post_type":"message","message_type":"private","user_id":8,"n":3}"#
        private static let notice =
            #"{ "self_id":10001,"post_type":"notice","notice_type":"poke","group_id":1,"user_id":8,"n":4}"#
        /// An event that passes every filter of these tests.
        private static let last =
            #"{ "self_id":10001,"post_type":"message","message_type":"group","group_id":1,"user_id":7,"n":99}"#

        /// The numbers of the events a client got up to the last.
        private func numbers(_ client: FakeClient) async throws -> [Int64] {
            _ = try await client.next("the last event") { $0.int("n") == 99 }
            return try await client.unread.compactMap { $0.int("n") }
        }

        @Test(
            "a filter lets through what it lists, in order; a client beside gets everything untouched",
            arguments: [
                ("?post_types=notice,message&group_ids=1", [1, 4] as [Int64]), ("?user_ids=7", [1, 2]),
                ("?detail_types=group,private&group_ids=1&user_ids=7,8", [1, 3]),
                ("?self_ids=10001&post_types=message", [1, 2, 3]), ("?group_ids=1&group_ids=2", [1, 2, 4]),
                ("?exclude_group_ids=2&exclude_user_ids=8", [1]), ("?user_ids=7,8&exclude_group_ids=2", [1, 3, 4]),
                ("?self_id=*&group_ids=1,2", [1, 2, 4]),
            ])
        func filters(query: String, expected: [Int64]) async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let plain = try await FakeClient.connect(to: perpetua.ws)
                    let choosy = try await FakeClient.connect(to: perpetua.ws + "/" + query)
                    _ = try await plain.nextEvent("meta_event", "lifecycle")
                    _ = try await choosy.nextEvent("meta_event", "lifecycle")
                    let events = [Self.group, Self.other, Self.direct, Self.notice, Self.last]
                    for event in events { try await bot.bot.emit(event) }
                    #expect(try await numbers(choosy) == expected)
                    for event in events {
                        _ = try await plain.next("\(event), byte for byte") { $0.text == event }
                    }
                    let gaps = try await choosy.unread.filter { $0["notice_type"] == "event_gap" }
                    #expect(gaps.isEmpty, "what a client does not want is not missing")
                }
            }
        }

        @Test(
            "clients that come while events pour in get what they want from then on, once, in order and in their form")
        func joining() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    _ = try await FakeClient.connect(to: perpetua.ws).nextEvent("meta_event", "lifecycle")
                    let batch = 300
                    @Sendable func emit(batch number: Int) async throws {
                        try await bot.bot.emit(numbers: number * batch + 1...(number + 1) * batch) { number in
                            let group = number % 3 + 1
                            return ByteBuffer(
                                string:
                                    #"{"self_id":10001,"post_type":"message","message_type":"group","group_id":\#(group),"message":"[CQ:n]","n":\#(number)}"#
                            )
                        }
                    }
                    var clients: [FakeClient] = []
                    for number in 0..<20 {
                        async let emitted: Void = emit(batch: number)
                        clients.append(
                            try await FakeClient.connect(to: perpetua.ws + "/?group_ids=1&message_format=array"))
                        try await emitted
                    }
                    try await emit(batch: 20)
                    let last = 21 * batch
                    for client in clients {
                        let lifecycle = try await client.next("its first frame")
                        #expect(lifecycle["meta_event_type"] == "lifecycle")
                        let newest = try await client.next("the last event") { $0.int("n") == Int64(last) }
                        #expect(newest.text.contains(#""message":[{"type":"n","data":{}}]"#))
                        let numbers = try await client.unread.compactMap { $0.int("n") } + [Int64(last)]
                        let first = try #require(numbers.first)
                        #expect(numbers == Array(stride(from: first, through: Int64(last), by: 3)))
                    }
                }
            }
        }

        @Test("a client too slow is told of the events it wanted and lost, and of no others")
        func slow() async throws {
            let settings = "edge: {slow_client: drop_oldest, outbound_bytes: 1MiB, outbound_age: 5m}"
            try await withFakeBot { bot in
                try await withPerpetua(settings, bots: [bot.url]) { perpetua in
                    let plain = try await FakeClient.connect(to: perpetua.ws)
                    let slow = try await FakeClient.connect(to: perpetua.ws + "/?detail_types=wanted")
                    for client in [plain, slow] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    try await slow.stopReading()
                    let padding = String(repeating: "x", count: 256 << 10)
                    let count = 64
                    for number in 1...count {
                        for (type, text) in [("wanted", padding), ("other", "")] {
                            try await bot.bot.emit(
                                #"{"self_id":10001,"post_type":"notice","notice_type":"\#(type)","n":\#(number),"p":"\#(text)"}"#
                            )
                        }
                        _ = try await plain.next("event \(number)") { $0["notice_type"] == "other" }
                    }
                    try await slow.resumeReading()
                    _ = try await slow.next("the newest event", within: .seconds(40)) { $0.int("n") == Int64(count) }
                    let unread = try await slow.unread
                    let missed = unread.compactMap { $0["notice_type"] == "event_gap" ? $0.int("missed") : nil }.reduce(
                        0, +)
                    #expect(missed > 0)
                    #expect(Int(missed) + unread.count { $0["notice_type"] == "wanted" } + 1 == count)
                    #expect(unread.count { $0["notice_type"] == "other" } == 0)
                }
            }
        }

        @Test("an event or broadcast larger than a client takes is left out, with a gap in its place; its form counts")
        func largeEvents() async throws {
            @Sendable func event(_ number: Int, _ message: String) -> String {
                #"{"self_id":10001,"post_type":"message","message_type":"private","user_id":7,"message":"\#(message)","n":\#(number)}"#
            }
            let (padding, codes) = (
                String(repeating: "x", count: 3_000), String(repeating: "[CQ:a]", count: 200)
            )
            try await withFakeBot { bot in
                let settings = "client_status: none\nclient: {max_event_size: 2KiB}"
                try await withPerpetua(settings, bots: [bot.url]) { perpetua in
                    let plain = try await FakeClient.connect(to: perpetua.ws + "/?max_event_size=0")
                    let small = try await FakeClient.connect(to: perpetua.ws)
                    let inArray = try await FakeClient.connect(to: perpetua.ws + "/?message_format=array")
                    for client in [plain, small, inArray] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    let events = [
                        event(1, "a"), event(2, padding), event(3, padding), event(4, codes), event(99, "b"),
                    ]
                    for event in events { try await bot.bot.emit(event) }
                    #expect(try await numbers(plain) == [1, 2, 3, 4])
                    for (client, told) in [(small, [1, 0, 4] as [Int64]), (inArray, [1, 0])] {
                        _ = try await client.next("the last event") { $0.int("n") == 99 }
                        let frames = try await client.unread.filter { $0["post_type"] != "meta_event" }
                        // How many events are dropped together, and so become one gap, depends on timing.
                        let kinds = frames.map { $0.int("n") ?? 0 }.reduce(into: [Int64]()) { kinds, kind in
                            if kind != 0 || kinds.last != 0 { kinds.append(kind) }
                        }
                        #expect(kinds == told)
                        #expect(frames.compactMap { $0.int("missed") }.reduce(0, +) == (client === small ? 2 : 3))
                    }
                    let late = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await late.nextEvent("meta_event", "lifecycle")
                    _ = try await plain.call("send_broadcast_data", params: #"{"data":"\#(padding)"}"#, echo: "1")
                    #expect(try await late.nextEvent("notice", "event_gap").int("missed") == 1)
                }
            }
        }

        @Test("each gets messages in its form, from bots that write either")
        func formats() async throws {
            let inArray =
                #"{"self_id":10001,"post_type":"message","message_type":"private","user_id":7,"message":[{"type":"face","data":{"id":"1"}},{"type":"text","data":{"text":"a&[b]"}}],"raw_message":"r","n":99}"#
            let inString = inArray.replacing(
                #"[{"type":"face","data":{"id":"1"}},{"type":"text","data":{"text":"a&[b]"}}]"#,
                with: #""[CQ:face,id=1]a&amp;&#91;b&#93;""#)
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let plain = try await FakeClient.connect(to: perpetua.ws)
                    let array = try await FakeClient.connect(to: perpetua.ws + "/event?message_format=array")
                    let string = try await FakeClient.connect(
                        to: perpetua.ws + "/?message_format=string&post_types=message")
                    for client in [plain, array, string] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    for event in [inArray, inString] {
                        try await bot.bot.emit(event)
                        #expect(try await plain.nextEvent("message").text == event)
                        #expect(try await array.nextEvent("message").text == inArray)
                        #expect(try await string.nextEvent("message").text == inString)
                    }
                }
            }
        }

        @Test("who asks gets what the account sent as a message, over WebSocket and by POST; others as it is")
        func sentMessages() async throws {
            let sent =
                #"{ "self_id":10001,"post_type":"message_sent","message_type":"private","user_id":10001,"target_id":7,"message":"hi" }"#
            let renamed = sent.replacing("message_sent", with: "message")
            let receiver = try await WebhookReceiver.start()
            try await withFakeBot { bot in
                try await withPerpetua(
                    "webhooks: [{url: \"\(receiver.url)\", message_sent_as: message}]", bots: [bot.url]
                ) { perpetua in
                    let plain = try await FakeClient.connect(to: perpetua.ws)
                    let renaming = try await FakeClient.connect(to: perpetua.ws + "/?message_sent_as=message")
                    for client in [plain, renaming] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    try await eventually("the webhook is there") { !receiver.requests.isEmpty }
                    try await bot.bot.emit(sent)
                    try await bot.bot.emit(Self.last)
                    #expect(try await plain.nextEvent("message_sent").text == sent)
                    #expect(try await renaming.nextEvent("message").text == renamed)
                    #expect(try await renaming.nextEvent("message").text == Self.last)
                    let posted = try await eventually("it is posted") {
                        receiver.events
                    } until: {
                        $0.contains { $0["post_type"] == "message" }
                    }
                    #expect(posted.first { $0["post_type"] == "message" }?.body == renamed)
                }
            }
            await receiver.stop()
        }

        @Test("the answer to get_msg comes in the client's form, any other as it is")
        func answers() async throws {
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                guard action.name == "get_msg" || action.name == "get_other", let echo = action.echo else { return nil }
                return .frames([#"{"status":"ok","retcode":0,"data":{"message":"[CQ:face,id=1]"},"echo":\#(echo)}"#])
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws + "/?message_format=array")
                    let plain = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    _ = try await plain.nextEvent("meta_event", "lifecycle")
                    let answer = try await client.call("get_msg", echo: "[1]").text
                    #expect(answer.contains(#""data":{"message":[{"type":"face","data":{"id":"1"}}]}"#))
                    #expect(try await client.call("get_other", echo: "2").text.contains(#""message":"[CQ:face,id=1]""#))
                    #expect(try await plain.call("get_msg", echo: "3").text.contains(#""message":"[CQ:face,id=1]""#))
                }
            }
        }

        @Test("heartbeats come as often as everybody's, as often as chosen, or never")
        func heartbeats() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("heartbeat_interval: 100ms", bots: [bot.url]) { perpetua in
                    let none = try await FakeClient.connect(to: perpetua.ws + "/?heartbeat_interval=0")
                    let own = try await FakeClient.connect(to: perpetua.ws + "/?self_id=*&heartbeat_interval=130")
                    let silent = try await FakeClient.connect(to: perpetua.ws + "/?meta_events=false")
                    let plain = try await FakeClient.connect(to: perpetua.ws)
                    for client in [none, own, plain] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    for _ in 1...4 {
                        #expect(try await plain.nextEvent("meta_event", "heartbeat").int("interval") == 100)
                        #expect(try await own.nextEvent("meta_event", "heartbeat").int("interval") == 130)
                    }
                    #expect(try await none.unread.filter { $0["post_type"] == "meta_event" }.isEmpty)
                    try await bot.bot.emit(Self.last)
                    _ = try await silent.next("an event without a lifecycle before it") { $0.int("n") == 99 }
                    #expect(try await silent.unread.filter { $0["post_type"] == "meta_event" }.isEmpty)
                }
            }
        }

        @Test("nobody gets heartbeats with an interval of 0, but who asks for them")
        func noHeartbeats() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("heartbeat_interval: 0", bots: [bot.url]) { perpetua in
                    let plain = try await FakeClient.connect(to: perpetua.ws)
                    let asking = try await FakeClient.connect(to: perpetua.ws + "/?heartbeat_interval=100")
                    for client in [plain, asking] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    for _ in 1...3 { _ = try await asking.nextEvent("meta_event", "heartbeat") }
                    #expect(try await plain.unread.filter { $0["post_type"] == "meta_event" }.isEmpty)
                }
            }
        }

        @Test("what is configured counts for everybody who says nothing else, broadcasts included")
        func configured() async throws {
            let settings = "client: {post_types: [notice], message_format: array}"
            try await withFakeBot { bot in
                try await withPerpetua(settings, bots: [bot.url]) { perpetua in
                    let plain = try await FakeClient.connect(to: perpetua.ws + "/")
                    let other = try await FakeClient.connect(to: perpetua.ws + "/?post_types=message,distributed")
                    for client in [plain, other] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    try await bot.bot.emit(Self.group)
                    try await bot.bot.emit(Self.notice)
                    let answer = try await plain.call("send_broadcast_data", params: #"{"data":"hello"}"#, echo: "1")
                    #expect(answer.int("retcode") == 0)
                    _ = try await other.nextEvent("distributed", "broadcast")
                    try await bot.bot.emit(Self.last)
                    #expect(try await numbers(other) == [1])
                    _ = try await other.call("send_broadcast_data", params: #"{"data":"hello"}"#, echo: "2")
                    #expect(try await plain.nextEvent("notice", "poke").int("n") == 4)
                    try await bot.bot.emit(Self.notice.replacing(#""n":4"#, with: #""n":99"#))
                    _ = try await plain.next("the last event") { $0.int("n") == 99 }
                    let posted = Set(try await plain.unread.compactMap { $0["post_type"] })
                    #expect(posted.isSubset(of: ["notice", "meta_event"]))
                }
            }
        }

        @Test("a client that takes host and port only gets on its leased port what its token chooses")
        func leasedPort() async throws {
            let settings = """
                api.open_discovery: true
                tokens: [{name: fixed, token: f1xed, group_ids: [2], message_format: array, client_status: none}]
                """
            try await withFakeBot { bot in
                try await withPerpetua(settings, bots: [bot.url]) { perpetua in
                    let port = try #require(
                        try await FakeHTTP.get(perpetua.http + "/get_ws_port").data?["port"]?.int64)
                    // The original's Java client sends its token like this.
                    let client = try await FakeClient.connect(
                        to: "ws://127.0.0.1:\(port)/", headers: ["Authorization": "f1xed"])
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let other = try await FakeClient.connect(
                        to: perpetua.ws + "/?client_status=all&group_ids=", headers: ["Authorization": "f1xed"])
                    _ = try await other.nextEvent("notice", "client_status")
                    for event in [Self.group, Self.other] { try await bot.bot.emit(event) }
                    #expect(try await client.nextEvent("message").text == Self.other)
                    #expect(try await other.nextEvent("message").text == Self.group)
                    #expect(try await client.unread.filter { $0["post_type"] == "notice" }.isEmpty)
                }
            }
        }

        @Test("a key that nobody knows lets a client in, and is told in the log once, with the nearest", .overMemory)
        func unknownKey() async throws {
            try await withFolder { folder in
                let perpetua = try PerpetuaProcess(in: folder, ports: try FreePorts.range(of: 2))
                try await perpetua.waitUntilReady()
                for _ in 1...2 {
                    let client = try await FakeClient.connect(to: perpetua.ws + "/?grop_ids=7&group_ids=1")
                    #expect(try await client.call("get_online_clients", echo: "1").int("retcode") == 0)
                }
                try await eventually("it is told") { perpetua.printed.contains("client.query_key=grop_ids") }
                perpetua.terminate()
                #expect(try await perpetua.exitCode() == 0)
                #expect(perpetua.printed.components(separatedBy: "client.query_key=").count == 2)
                #expect(perpetua.printed.contains("Did you mean group_ids?"))
            }
        }

        @Test(
            "a choice that makes no sense is refused with its key",
            arguments: [
                "group_ids=abc", "exclude_group_ids=-1", "post_types=mesage", "message_format=xml",
                "heartbeat_interval=1", "meta_events=2",
            ])
        func refused(query: String) async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    do {
                        _ = try await FakeClient.connect(to: perpetua.ws + "/?" + query)
                        Issue.record("\(query) was accepted")
                    } catch let DialError.refused(_, status, body) {
                        #expect(status == 400)
                        let parts = query.split(separator: "=")
                        #expect(body.contains("1400"))
                        #expect(body.contains(parts[0]) && body.contains("“\(parts[1])”"))
                    }
                }
            }
        }
    }
}
