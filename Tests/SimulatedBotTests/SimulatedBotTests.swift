import NIOCore
import NIOHTTP1
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

/// The bot as its clients see it, over loopback.
@Suite(.timeLimit(.minutes(1))) struct SimulatedBotTests {
    private static let burst: Int64 = 2000

    @Test("the first frame of a connection with events is the lifecycle", arguments: ["", "event", "event/"])
    func lifecycle(path: String) async throws {
        try await withFakeBot { bot in
            let client = try await FakeClient.connect(to: bot.url + path)
            let first = try await client.next()
            #expect(first["post_type"] == "meta_event")
            #expect(first["meta_event_type"] == "lifecycle")
            #expect(first["sub_type"] == "connect")
            #expect(first.int("self_id") == 10001)
            try await client.close()
        }
    }

    @Test("each path carries what the standard says")
    func roles() async throws {
        try await withFakeBot { bot in
            let api = try await FakeClient.connect(to: bot.url + "api")
            let event = try await FakeClient.connect(to: bot.url + "event")
            #expect(try await bot.bot.emit(#"{"post_type":"notice"}"#) == 1)
            _ = try await event.nextEvent("notice")
            #expect(try await api.call("get_status", echo: "1")["status"] == "ok")
            #expect(try await api.unread.isEmpty)
            try await event.send(#"{"action":"get_status","echo":2}"#)
            try await bot.bot.emit(#"{"post_type":"notice","last":true}"#)
            _ = try await event.next { $0.json?["last"] != nil }
            #expect(try await event.unread.allSatisfy { $0.echo == nil })
        }
    }

    @Test("the echo comes back byte for byte, and none where there was none")
    func echo() async throws {
        try await withFakeBot { bot in
            let client = try await FakeClient.connect(to: bot.url + "api")
            for echo in [#""x""#, "1.50", "null", #"{"a" : [1]}"#, "123456789012345678901"] {
                #expect(try await client.call("get_login_info", echo: echo).echo == echo)
            }
            try await client.send(#"{"action":"get_login_info"}"#)
            #expect(try await client.next().echo == nil)
        }
    }

    @Test(
        "without the right token nobody is let in",
        arguments: [("", nil, 401), ("", "Bearer wrong", 403), ("nowhere", "Bearer secret", 404)]
            as [(String, String?, Int)])
    func refused(path: String, authorization: String?, status: Int) async throws {
        var configuration = SimulatedBotConfiguration.scripted
        configuration.accessToken = "secret"
        try await withFakeBot(configuration) { bot in
            let error = await #expect(throws: DialError.self) {
                _ = try await FakeClient.connect(
                    to: bot.url + path, headers: authorization.map { ["Authorization": $0] } ?? [:])
            }
            guard case .refused(_, status, _)? = error else {
                return #expect(Bool(false), "\(String(describing: error))")
            }
        }
    }

    @Test("numbered events reach everybody, once each and in order, however slowly one reads")
    func burst() async throws {
        try await withFakeBot { bot in
            let slow = try await FakeClient.connect(to: bot.url)
            let quick = try await FakeClient.connect(to: bot.url)
            try await bot.bot.waitForLinks(atLeast: 2)
            try await slow.stopReading()
            // More than the sockets between them hold.
            async let done: Void = bot.bot.emit(numbers: 1...Int(Self.burst)) { number in
                ByteBuffer(string: #"{"number":\#(number),"text":"\#(String(repeating: "x", count: 8000))"}"#)
            }
            _ = try await quick.next("the first event") { $0.int("number") == 1 }
            try await slow.resumeReading()
            for client in [slow, quick] {
                _ = try await client.next("the last event") { $0.int("number") == Self.burst }
                let numbers = try await client.unread.compactMap { $0.int("number") }
                #expect(numbers == Array((client === slow ? 1 : 2)...Self.burst - 1))
            }
            try await done
        }
    }

    @Test("made-up events stop after the count")
    func count() async throws {
        var configuration = SimulatedBotConfiguration.scripted
        configuration.rate = .unlimited
        configuration.count = 50
        try await withFakeBot(configuration) { bot in
            let client = try await FakeClient.connect(to: bot.url)
            try await eventually(read: { try await client.receivedCount }, until: { $0 == 51 })
            try await bot.bot.emit(#"{"post_type":"notice","last":true}"#)
            _ = try await client.next { $0.json?["last"] != nil }
            #expect(try await client.receivedCount == 52)
        }
    }

    @Test("a group message with a ping is answered by a pong")
    func pong() async throws {
        try await withFakeBot { bot in
            let client = try await FakeClient.connect(to: bot.url)
            let answer = try await client.call(
                "send_group_msg", params: #"{"group_id":30001,"message":"ping"}"#, echo: "1")
            #expect(answer["status"] == "ok")
            #expect(try await client.nextEvent("message", "group")["raw_message"] == "pong")
        }
    }

    @Test("heartbeats carry the status")
    func heartbeat() async throws {
        var configuration = SimulatedBotConfiguration.scripted
        configuration.heartbeatInterval = .milliseconds(10)
        try await withFakeBot(configuration) { bot in
            let client = try await FakeClient.connect(to: bot.url)
            let first = try await client.nextEvent("meta_event", "heartbeat")
            #expect(first.raw("status") == #"{"online":true,"good":true}"#)
            #expect(first.int("interval") == 10)
            _ = try await client.call(
                "simulate", params: #"{"heartbeat_status":{"online":false,"good":false}}"#, echo: "1")
            _ = try await client.next { $0.raw("status") == #"{"online":false,"good":false}"# }
        }
    }

    @Test("an abrupt drop is one without a close frame, the other has 1001")
    func drops() async throws {
        try await withFakeBot { bot in
            let first = try await FakeClient.connect(to: bot.url)
            try await bot.bot.dropLinks(.abrupt)
            #expect(try await first.ending().code == nil)
            let second = try await FakeClient.connect(to: bot.url)
            try await second.send(#"{"action":"simulate","params":{"drop":true},"echo":1}"#)
            _ = try await second.next { $0.echo == "1" }
            #expect(try await second.ending().code == 1001)
            try await bot.bot.waitForNoLinks()
        }
    }

    @Test("while it is away nobody is let in")
    func away() async throws {
        try await withFakeBot { bot in
            try await bot.bot.goAway()
            await #expect(throws: DialError.self) { _ = try await FakeClient.connect(to: bot.url) }
            try await bot.bot.comeBack()
            _ = try await FakeClient.connect(to: bot.url).next()
        }
    }

    @Test("a script decides about answers, and actions are recorded")
    func script() async throws {
        let answer: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
            switch action.name {
            case "raw": .frames([#"{"echo":5,"by":"hand"}"#])
            case "json": .json(#"{"status":"ok","retcode":0,"data":[1.0]}"#)
            case "nothing": ScriptedAnswer.none
            case _: nil
            }
        }
        try await withFakeBot(answering: answer) { bot in
            let client = try await FakeClient.connect(to: bot.url + "api")
            #expect(try await client.call("raw", echo: "5")["by"] == "hand")
            #expect(try await client.call("json", echo: #"{"a":1}"#).raw("data") == "[1.0]")
            try await client.send(#"{"action":"nothing","params":{"x":1}}"#)
            let action = try await bot.bot.nextAction("nothing")
            #expect(action.params?["x"]?.int64 == 1)
            #expect(action.echo == nil)
            #expect(try await bot.bot.nextAction().name == "raw")
        }
    }

    @Test("an action nobody expected fails the test")
    func unexpected() async throws {
        let nothing: @Sendable (ReceivedAction) -> ScriptedAnswer? = { _ in nil }
        let error = await #expect(throws: FakeBotError.self) {
            try await withFakeBot(answering: nothing) { bot in
                let client = try await FakeClient.connect(to: bot.url + "api")
                #expect(try await client.call("get_login_info", echo: "1")["status"] == "ok")
                #expect(try await client.call("surprise", echo: "2")["status"] == "failed")
            }
        }
        #expect(error?.unexpected.count == 1)
    }

    @Test("it dials with its headers, and again when the connection ends")
    func reverse() async throws {
        let server = try await FakeFramework.listen()
        var configuration = SimulatedBotConfiguration.scripted
        configuration.port = nil
        configuration.accessToken = "secret"
        configuration.reverseTargets = [ReverseTarget(url: "\(server.url)onebot/v11/ws?x=1")]
        try await withFakeBot(configuration) { bot in
            for _ in 1...2 {
                let request = try await server.nextRequest()
                #expect(request.path == "/onebot/v11/ws")
                #expect(request.query("x") == "1")
                #expect(request.headers.first(name: "X-Self-ID") == "10001")
                #expect(request.headers.first(name: "X-Client-Role") == "Universal")
                #expect(request.headers.first(name: "Authorization") == "Bearer secret")
                try await bot.bot.waitForLinks()
                try await bot.bot.dropLinks()
            }
        }
        await server.close()
    }
}
