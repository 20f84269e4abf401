import CLibcrypto
import Foundation
import NIOCore
import NIOHTTP1
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("Events are posted to webhooks", .timeLimit(.minutes(2)))
    struct WebhookTests {
        /// `webhooks[]` with these entries, each a YAML flow mapping's inside.
        private func settings(_ entries: String...) -> String {
            "client_status: none\nheartbeat_interval: 1h\nwebhooks:\n"
                + entries.map { "  - {\($0)}\n" }.joined()
        }

        private func event(_ number: Int) -> String {
            #"{"time":1,"self_id":10001,"post_type":"notice","notice_type":"n","number":\#(number)}"#
        }

        private func numbers(_ receiver: WebhookReceiver) -> [Int64] {
            receiver.events.compactMap { $0.json?["number"]?.int64 }
        }

        @discardableResult
        private func waitFor(_ count: Int, at receiver: WebhookReceiver) async throws -> [WebhookReceiver.Request] {
            try await eventually(within: .seconds(30), "\(count) events were posted") {
                receiver.events
            } until: {
                $0.count >= count
            }
        }

        @Test("byte for byte, with OneBot's headers, signed over exactly the body; first of all comes lifecycle enable")
        func request() async throws {
            let receiver = try await WebhookReceiver.start()
            let secret = "s3cr\u{E9}t"
            try await withFakeBot { bot in
                try await withPerpetua(
                    settings("url: \"\(receiver.url)onebot/v11/?x=%20y\", secret: \"\(secret)\", name: hook"),
                    bots: [bot.url]
                ) { _ in
                    try await eventually("the lifecycle was posted") { !receiver.requests.isEmpty }
                    let odd =
                        #"{ "time":1,"self_id":10001,"post_type":"message","message_type":"x","n":12345678901234567890.50,"u":"\u00e9é","z":[ ] }"#
                    try await bot.bot.emit(odd)
                    let posted = try await waitFor(1, at: receiver)[0]
                    #expect(posted.body == odd)
                    #expect(posted.method == "POST")
                    #expect(posted.path == "/onebot/v11/?x=%20y")
                    #expect(posted.headers["Content-Type"] == ["application/json"])
                    #expect(posted.headers["X-Self-ID"] == ["10001"])
                    #expect(posted.headers["User-Agent"] == ["OneBot"])
                    #expect(posted.headers["X-Perpetua-Attempt"] == [])
                    let first = receiver.requests[0]
                    #expect(first["meta_event_type"] == "lifecycle")
                    #expect(first["sub_type"] == "enable")
                    #expect(first.json?["client"]?.object?["app_id"]?.string?.isEmpty == false)
                    #expect(receiver.requests.filter { $0["sub_type"] == "connect" }.isEmpty)
                    for request in receiver.requests {
                        let body = Array(request.body.utf8)
                        var code = [UInt8](repeating: 0, count: 20)
                        _ = HMAC(EVP_sha1(), secret, Int32(secret.utf8.count), body, body.count, &code, nil)
                        let expected = "sha1=" + code.map { String(format: "%02x", $0) }.joined()
                        #expect(request.headers["X-Signature"] == [expected])
                    }
                }
            }
            await receiver.stop()
        }

        @Test("a webhook is a client: it has its name, is listed, and is broadcast to")
        func client() async throws {
            let receiver = try await WebhookReceiver.start()
            try await withFakeBot { bot in
                try await withPerpetua(settings("url: \"\(receiver.url)\", name: hook"), bots: [bot.url]) { perpetua in
                    try await eventually("the lifecycle was posted") { !receiver.requests.isEmpty }
                    let list = try await FakeHTTP.get(perpetua.http + "/api/get_online_clients")
                    let hook = try #require(list.data?["clients"]?.array?.first?.object)
                    #expect(hook["client_name"]?.string == "hook")
                    #expect(hook["transport"]?.string == "webhook")
                    #expect(hook["self_id"]?.int64 == 10001)
                    #expect(hook["app_id"]?.string == receiver.requests[0].json?["client"]?.object?["app_id"]?.string)
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    let sent = try await client.call(
                        "send_broadcast_data", params: #"{"data":"hello","clients":[{"client_name":"hook"}]}"#,
                        echo: "1")
                    #expect(sent.int("retcode") == 0)
                    let broadcast = try await waitFor(1, at: receiver)[0]
                    #expect(broadcast["post_type"] == "distributed")
                    #expect(broadcast["data"] == "hello")
                }
            }
            await receiver.stop()
        }

        @Test(
            "an event that is refused, or redirected, is not posted again; the next one goes",
            arguments: [302, 401, 403])
        func refused(status: Int) async throws {
            let receiver = try await WebhookReceiver.start { request in
                request.json?["number"]?.int64 == 1
                    ? .answer(status, body: "no", headers: ["Location": "http://127.0.0.1:1/"]) : .answer(204)
            }
            try await withFakeBot { bot in
                try await withPerpetua(settings("url: \"\(receiver.url)\", secret: other"), bots: [bot.url]) { _ in
                    try await eventually("the lifecycle was posted") { !receiver.requests.isEmpty }
                    for number in 1...3 { try await bot.bot.emit(event(number)) }
                    try await waitFor(3, at: receiver)
                    #expect(numbers(receiver) == [1, 2, 3])
                }
            }
            await receiver.stop()
        }

        @Test("an event that fails is posted three times within five seconds; then the next one goes")
        func serverErrors() async throws {
            let receiver = try await WebhookReceiver.start { request in
                request.json?["number"]?.int64 == 1 ? .answer(500, body: "oh") : .answer(200)
            }
            try await withFakeBot { bot in
                try await withPerpetua(settings("url: \"\(receiver.url)\""), bots: [bot.url]) { _ in
                    try await eventually("the lifecycle was posted") { !receiver.requests.isEmpty }
                    let began = ContinuousClock.now
                    for number in 1...2 { try await bot.bot.emit(event(number)) }
                    try await waitFor(4, at: receiver)
                    #expect(ContinuousClock.now - began < .seconds(20))
                    #expect(numbers(receiver) == [1, 1, 1, 2])
                    #expect(receiver.events.map { $0.headers["X-Perpetua-Attempt"] } == [[], ["2"], ["3"], []])
                }
            }
            await receiver.stop()
        }

        @Test("a receiver that was away gets everything when it is back, once and in order")
        func away() async throws {
            let port = try ReservedPort()
            let first = try await WebhookReceiver.start(port: port.number)
            try await withFakeBot { bot in
                try await withPerpetua(settings("url: \"\(first.url)\""), bots: [bot.url]) { perpetua in
                    try await eventually("the lifecycle was posted") { !first.requests.isEmpty }
                    try await bot.bot.emit(event(0))
                    try await waitFor(1, at: first)
                    await first.stop()
                    let watcher = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await watcher.nextEvent("meta_event", "lifecycle")
                    for number in 1...200 { try await bot.bot.emit(event(number)) }
                    _ = try await watcher.next("the last event") { $0.int("number") == 200 }
                    let second = try await WebhookReceiver.start(port: port.number)
                    try await waitFor(200, at: second)
                    #expect(numbers(second) == Array(1...200))
                    await second.stop()
                }
            }
        }

        @Test("what waits when an edge stops is posted before it has stopped")
        func stopping() async throws {
            let receiver = try await WebhookReceiver.start()
            try await withFakeBot { bot in
                try await withPerpetua(settings("url: \"\(receiver.url)\""), bots: [bot.url]) { perpetua in
                    let watcher = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await watcher.nextEvent("meta_event", "lifecycle")
                    try await eventually("the lifecycle was posted") { !receiver.requests.isEmpty }
                    for number in 1...500 { try await bot.bot.emit(event(number)) }
                    _ = try await watcher.next("the last event") { $0.int("number") == 500 }
                }
            }
            #expect(numbers(receiver) == Array(1...500))
            await receiver.stop()
        }

        @Test("one that hangs, or hangs up, keeps nobody from events; its own are posted again, in order")
        func hanging() async throws {
            let hanging = try await WebhookReceiver.start { request in
                guard request.json?["number"]?.int64 == 1 else { return .answer(204) }
                return switch request.headers["X-Perpetua-Attempt"].first {
                case nil: .hang
                case "2": .hangUp
                default: .answer(204)
                }
            }
            let other = try await WebhookReceiver.start()
            try await withFakeBot { bot in
                try await withPerpetua(
                    settings(
                        "url: \"\(hanging.url)\", timeout: 5s, name: hanging", "url: \"\(other.url)\", name: other"),
                    bots: [bot.url]
                ) { perpetua in
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await eventually("the lifecycles were posted") {
                        !hanging.requests.isEmpty && !other.requests.isEmpty
                    }
                    for number in 1...50 { try await bot.bot.emit(event(number)) }
                    _ = try await client.next("the last event") { $0.int("number") == 50 }
                    try await waitFor(50, at: other)
                    #expect(numbers(hanging) == [1], "it still hangs")
                    try await waitFor(52, at: hanging)
                    #expect(numbers(hanging) == [1, 1] + Array(1...50))
                    #expect(numbers(other) == Array(1...50))
                }
            }
            await hanging.stop()
            await other.stop()
        }

        @Test("a quick reply becomes an action at the bot; nothing comes of 204, of nothing and of what is no object")
        func quickOperation() async throws {
            let receiver = try await WebhookReceiver.start { request in
                guard let number = request.json?["message_id"]?.int64 else { return .answer(204) }
                return switch number {
                case 1: .answer(200, body: #"{"reply":"pong","ban":true,"ban_duration":60}"#)
                case 2: .answer(204)
                case 3: .answer(200)
                case 4: .answer(200, body: "ok")
                case 5: .answer(200, body: #"["reply"]"#)
                case 6: .answer(200, body: String(repeating: " ", count: 2 << 20) + #"{"reply":"too long"}"#)
                default: .answer(200, body: #"{"reply":"last","at_sender":false}"#)
                }
            }
            let script: @Sendable (ReceivedAction) -> ScriptedAnswer? = { action in
                ["send_group_msg", "set_group_ban"].contains(action.name) ? .standard : nil
            }
            try await withFakeBot(answering: script) { bot in
                try await withPerpetua(settings("url: \"\(receiver.url)\""), bots: [bot.url]) { _ in
                    try await eventually("the lifecycle was posted") { !receiver.requests.isEmpty }
                    for number in 1...7 {
                        try await bot.bot.emit(
                            #"{"time":1,"self_id":10001,"post_type":"message","message_type":"group","sub_type":"normal","message_id":\#(number),"group_id":9007199254740993,"user_id":5,"message":"ping"}"#
                        )
                    }
                    let reply = try await bot.bot.nextAction("send_group_msg")
                    #expect(reply.params?["message"]?.string == "[CQ:at,qq=5] pong")
                    #expect(reply.params?["group_id"]?.int64 == 9_007_199_254_740_993)
                    #expect(try await bot.bot.nextAction("set_group_ban").params?["duration"]?.int64 == 60)
                    let last = try await bot.bot.nextAction("send_group_msg")
                    #expect(last.params?["message"]?.string == "last")
                    #expect(receiver.events.count == 7, "the bot's answers are not posted")
                }
            }
            await receiver.stop()
        }

        @Test("each bot has a client of its own at a webhook, and a webhook for one bot gets only its events")
        func severalBots() async throws {
            let all = try await WebhookReceiver.start()
            let one = try await WebhookReceiver.start()
            var second = SimulatedBotConfiguration.scripted
            second.selfID = SelfID(10002)
            try await withFakeBot { first in
                try await withFakeBot(second) { second in
                    try await withPerpetua(
                        settings("url: \"\(all.url)\", name: all", "url: \"\(one.url)\", name: one, self_id: 10002"),
                        bots: [first.url, second.url]
                    ) { perpetua in
                        try await eventually("the lifecycles were posted") {
                            all.requests.count >= 2 && !one.requests.isEmpty
                        }
                        try await first.bot.emit(event(1))
                        try await second.bot.emit(
                            #"{"time":1,"self_id":10002,"post_type":"notice","notice_type":"n","number":2}"#)
                        try await waitFor(2, at: all)
                        try await waitFor(1, at: one)
                        #expect(
                            Set(all.events.map { "\($0.headers["X-Self-ID"]) \($0.json?["number"]?.int64 ?? 0)" })
                                == [#"["10001"] 1"#, #"["10002"] 2"#])
                        #expect(numbers(one) == [2])
                        let list = try await FakeHTTP.get(perpetua.http + "/api/get_online_clients")
                        let names = list.data?["clients"]?.array?.compactMap { $0.object?["client_name"]?.string }
                        #expect(names?.count == 3)
                        #expect(names?.contains("one") == true)
                    }
                }
            }
            await all.stop()
            await one.stop()
        }

        @Test("of two edges one posts; when it is killed the other one does", .overRabbitMQ)
        func oneOfTwoEdges() async throws {
            let broker = try RabbitMQ.ofTheRun().url
            let receiver = try await WebhookReceiver.start()
            try await withFakeBot { bot in
                var plan = Deployment.Plan()
                plan.bots = [bot.url]
                plan.settings = [
                    "--client_status", "none", "--webhooks[0].url", receiver.url, "--webhooks[0].name", "hook",
                ]
                try await withDeployment(on: broker, plan) { deployment in
                    try await eventually(within: .seconds(30), "the lifecycle was posted") {
                        !receiver.requests.isEmpty
                    }
                    for number in 1...100 { try await bot.bot.emit(event(number)) }
                    try await waitFor(100, at: receiver)
                    #expect(numbers(receiver) == Array(1...100))
                    #expect(receiver.requests.filter { $0["sub_type"] == "enable" }.count == 1)
                    // One of the edges posts. Each is killed in turn, and the other one takes over.
                    for edge in deployment.edges {
                        let before = receiver.events.count
                        try await edge.kill()
                        try await eventually(within: .seconds(60), "an event arrives") {
                            // Until the bot is connected again, its events go to nobody.
                            if try await bot.bot.emit(event(1_000)) > 0 { return receiver.events.count > before }
                            return false
                        }
                        try await edge.start()
                    }
                }
            }
            await receiver.stop()
        }
    }
}
