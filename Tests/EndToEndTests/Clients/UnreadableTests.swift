import Bus
import Contracts
import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("Frames that are odd, broken or too large")
    struct UnreadableTests {
        private static let limit = "max_message_size: 16MiB"
        private static let large = String(repeating: "x", count: 20 << 20)

        @Test("half an emoji passes: in an event, in an answer, in an action, over HTTP, converted")
        func halfEmoji() async throws {
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                guard action.name == "get_x", let echo = action.echo else { return .standard }
                return .frames([#"{"status":"ok","retcode":0,"data":{"nickname":"\ud83d"},"echo":\#(echo)}"#])
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    let text = try await FakeClient.connect(to: perpetua.ws + "?message_format=string")
                    for client in [client, text] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    let event =
                        #"{"self_id":10001,"post_type":"message","message_type":"group","message":[{"type":"text","data":{"text":"a\ud83d"}}]}"#
                    try await bot.bot.emit(event)
                    #expect(try await client.nextEvent("message").text == event)
                    #expect(try await text.nextEvent("message")["message"] == "a\u{FFFD}")
                    let answer = try await client.call("get_x", params: #"{"t":"\udc00"}"#, echo: #""\ud83d""#)
                    #expect(answer.raw("data") == #"{"nickname":"\ud83d"}"#)
                    #expect(try await bot.bot.nextAction("get_x").text.contains(#""t":"\udc00""#))
                    let http = try await FakeHTTP.post(
                        perpetua.http + "/get_x", json: #"{"t":"\ud83d"}"#)
                    #expect(http.status == 200)
                    #expect(try await bot.bot.nextAction("get_x").text.contains(#""t":"\ud83d""#))
                    let named = try await client.call("set_client_name", params: #"{"name":"n\ud83d"}"#, echo: "1")
                    #expect(named.int("retcode") == 0)
                }
            }
        }

        @Test(
            "an action that cannot be read is answered 1400 with the echo that is found in it, and the connection lives on"
        )
        func brokenAction() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await client.send(#"{"action":"get_status","params":{"x":NaN},"echo":{"seq":7}}"#)
                    let answer = try await client.next("the refusal") { $0.echo == #"{"seq":7}"# }
                    #expect(answer.int("retcode") == 1400)
                    #expect(try await client.call("get_status", echo: "8").int("retcode") == 0)
                }
            }
        }

        @Test("a client's binary frame that is no text is answered 1400 with its echo; a text frame like it is the end")
        func notText() async throws {
            try await withPerpetua { perpetua in
                let client = try await KeptConnection(to: perpetua.ws)
                let handshake =
                    "GET /api HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                _ = try await client.send(Array(handshake.utf8)) { $0.hasSuffix("\r\n\r\n") }
                let action = Array(#"{"action":"get_status","t":""#.utf8) + [0xFF] + Array(#"","echo":[9]}"#.utf8)
                // Masked with zeros, that is, unchanged.
                let rest = [0x80 | UInt8(action.count), 0, 0, 0, 0] + action
                for _ in 1...2 {
                    let answer = try await client.send([0x82] + rest) { $0.hasSuffix("}") }
                    #expect(answer.contains(#""retcode":1400"#))
                    #expect(answer.hasSuffix(#","echo":[9]}"#))
                }
                let end = try await client.send([0x81] + rest) { $0.hasSuffix(".") }
                #expect(end.hasSuffix("Text must be valid UTF-8."))
            }
        }

        @Test("a bot's broken answer and broken event: the asker hears at once, everybody of a gap")
        func brokenFrames() async throws {
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                guard action.name == "get_x", let echo = action.echo else { return .standard }
                return .frames([#"{"status":"ok","retcode":0,"data":NaN,"echo":\#(echo)}"#])
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    let group = try await FakeClient.connect(to: perpetua.ws + "?group=g&post_types=message")
                    for client in [client, group] { _ = try await client.nextEvent("meta_event", "lifecycle") }
                    let answer = try await client.call("get_x", echo: #""e""#)
                    #expect(answer.int("retcode") == 1502)
                    #expect(try await FakeHTTP.get(perpetua.http + "/get_x").status == 502)
                    try await bot.bot.emit(#"{"self_id":10001,"post_type":"message","x":NaN}"#)
                    for client in [client, group] {
                        #expect(try await client.nextEvent("notice", "event_gap").int("missed") == 1)
                    }
                }
            }
        }

        @Test("a bot's answer of 20 MiB over a limit of 16: 1413 with the echo, the link lives on; an event: a gap")
        func largeFromBot() async throws {
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                guard action.name == "get_file", let echo = action.echo else { return .standard }
                return .frames([#"{"status":"ok","retcode":0,"data":"\#(Self.large)","echo":\#(echo)}"#])
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua(Self.limit, bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await bot.bot.emit(
                        #"{"self_id":10001,"post_type":"notice","notice_type":"big","t":"\#(Self.large)"}"#)
                    let gap = try await client.nextEvent("notice", "event_gap", within: .seconds(30))
                    #expect(gap.int("missed") == 1)
                    let answer = try await client.call("get_file", echo: #""mine""#, within: .seconds(30))
                    #expect(answer.int("retcode") == 1413)
                    #expect(try await FakeHTTP.get(perpetua.http + "/get_file").status == 413)
                    #expect(try await client.call("get_status", echo: "2").int("retcode") == 0)
                }
            }
        }

        @Test("a client's action of 20 MiB over a limit of 16: 1413 with its echo, the connection lives on")
        func largeFromClient() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(Self.limit, bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let refused = try await client.call(
                        "upload", params: #"{"file":"\#(Self.large)"}"#, echo: #"{"seq":1}"#, within: .seconds(30))
                    #expect(refused.int("retcode") == 1413)
                    #expect(try await client.call("get_status", echo: "2").int("retcode") == 0)
                }
            }
        }

        @Test("an action over the limit is answered with its echo, though that stands where nothing is kept")
        func echoInTheMiddle() async throws {
            try await withFakeBot { bot in
                try await withPerpetua("max_message_size: 64KiB", bots: [bot.url]) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let text = String(repeating: "x", count: 200 << 10)
                    try await client.send(
                        #"{"action":"upload","params":{"file":"\#(text)","echo":1},"echo":{"seq":1},"z":"\#(text)"}"#)
                    let refused = try await client.next("the refusal") { $0.echo == #"{"seq":1}"# }
                    #expect(refused.int("retcode") == 1413)
                    #expect(try await client.call("get_status", echo: "2").int("retcode") == 0)
                }
            }
        }

        @Test("40 MiB pass both ways where there is no broker; over one as much as it takes")
        func largeByDefault() async throws {
            try await withFakeBot { bot in
                try await withPerpetua(bots: [bot.url]) { perpetua in
                    let size = (perpetua.broker is InMemoryBroker ? 40 << 20 : 16 << 20) - 200
                    let text = String(repeating: "x", count: size)
                    let client = try await FakeClient.connect(to: perpetua.ws, options: .taking(64 << 20))
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await bot.bot.emit(
                        #"{"self_id":10001,"post_type":"notice","notice_type":"big","t":"\#(text)"}"#)
                    #expect(try await client.nextEvent("notice", "big", within: .seconds(60)).text.utf8.count > size)
                }
            }
        }
    }
}

extension WebSocketOptions {
    fileprivate static func taking(_ bytes: Int) -> WebSocketOptions {
        var options = WebSocketOptions()
        options.maxMessageBytes = bytes
        return options
    }
}
