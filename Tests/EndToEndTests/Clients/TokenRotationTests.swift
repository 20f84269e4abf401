import Foundation
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("Tokens: replaced on SIGHUP", .timeLimit(.minutes(2)))
    struct TokenRotationTests {
        /// 101 where a token opens the shared port, else the status of the refusal.
        private func status(_ ws: String, _ token: String) async throws -> Int {
            do {
                let client = try await FakeClient.connect(to: ws + "/?access_token=\(token)")
                try await client.close()
                return 101
            } catch let DialError.refused(_, status, _) {
                return status
            }
        }

        private func status(http: String, _ token: String) async throws -> Int {
            try await FakeHTTP.get(http + "/get_online_clients?access_token=\(token)").status
        }

        private func write(_ yaml: String, _ folder: URL) throws {
            try Data(yaml.utf8).write(to: folder.appendingPathComponent("perpetua.yaml"))
        }

        private func count(_ sentence: String, in printed: String) -> Int {
            printed.components(separatedBy: sentence).count - 1
        }

        @Test(
            "a token is replaced with overlap while its client stays connected and works; SIGHUP ends nothing",
            .overMemory)
        func rotation() async throws {
            try await withFakeBot { bot in
                try await withFolder { folder in
                    try write("access_token: t-0ld\n", folder)
                    let perpetua = try PerpetuaProcess(
                        in: folder, ports: try FreePorts.range(of: 2), ["--bot", bot.url])
                    try await perpetua.waitUntilReady()
                    let old = try await OwnActionTests.Member(ws: perpetua.ws, "?access_token=t-0ld")
                    #expect(try await status(perpetua.ws, "t-n3w") == 403)

                    try write("access_token: t-0ld\ntokens: [{name: next, token: t-n3w}]\n", folder)
                    perpetua.hangUp()
                    try await eventually("the new token opens") { try await status(perpetua.ws, "t-n3w") == 101 }
                    #expect(try await status(perpetua.ws, "t-0ld") == 101)
                    #expect(try await status(http: perpetua.http, "t-n3w") == 200)
                    let new = try await OwnActionTests.Member(ws: perpetua.ws, "?access_token=t-n3w")

                    try write("tokens: [{name: next, token: t-n3w}]\nedge.max_unanswered: 99\n", folder)
                    perpetua.hangUp()
                    try await eventually("the old token is refused") { try await status(perpetua.ws, "t-0ld") == 403 }
                    #expect(try await status(http: perpetua.http, "t-0ld") == 403)
                    #expect(try await status(perpetua.ws, "t-n3w") == 101)
                    for member in [old, new] {
                        #expect(try await member.client.call("get_status", echo: "1").int("retcode") == 0)
                        #expect(try await member.client.call("get_online_clients", echo: "2").int("retcode") == 0)
                    }
                    try await bot.bot.emit(#"{"self_id":10001,"post_type":"notice","notice_type":"still"}"#)
                    _ = try await old.client.nextEvent("notice", "still")

                    // The log says so a moment after the tokens are in force.
                    try await eventually("it is told") {
                        count("The settings were read again", in: perpetua.printed) == 2
                    }
                    perpetua.terminate()
                    #expect(try await perpetua.exitCode() == 0)
                    let printed = perpetua.printed
                    #expect(printed.contains(#"settings.changed="tokens[0].name, tokens[0].token""#), "\(printed)")
                    #expect(printed.contains("settings.changed=access_token"), "\(printed)")
                    #expect(printed.contains("settings.pending=edge.max_unanswered"), "\(printed)")
                    #expect(!printed.contains("t-0ld") && !printed.contains("t-n3w"))
                }
            }
        }

        @Test(
            "a client without a query gets what its token chooses; from SIGHUP on that is the new choice for who comes then",
            .overMemory)
        func choices() async throws {
            func settings(_ group: Int) -> String {
                "tokens: [{name: fixed, token: f1xed, group_ids: [\(group)], message_format: array}]\n"
            }
            func message(_ group: Int) -> String {
                #"{"self_id":10001,"post_type":"message","message_type":"group","group_id":\#(group),"message":"[CQ:face,id=1]"}"#
            }
            try await withFakeBot { bot in
                try await withFolder { folder in
                    try write(settings(1), folder)
                    let perpetua = try PerpetuaProcess(
                        in: folder, ports: try FreePorts.range(of: 2), ["--bot", bot.url])
                    try await perpetua.waitUntilReady()
                    func connect(_ query: String = "") async throws -> FakeClient {
                        let client = try await FakeClient.connect(to: perpetua.ws + "/?access_token=f1xed" + query)
                        _ = try await client.nextEvent("meta_event", "lifecycle")
                        return client
                    }
                    let old = try await connect()
                    let own = try await connect("&group_ids=2&message_format=")
                    try write(settings(2), folder)
                    perpetua.hangUp()
                    try await eventually("they are read") { perpetua.printed.contains("settings.changed") }
                    let new = try await connect()
                    for group in 1...3 { try await bot.bot.emit(message(group)) }
                    let first = try await old.nextEvent("message")
                    #expect(first.int("group_id") == 1)
                    #expect(first.raw("message") == #"[{"type":"face","data":{"id":"1"}}]"#)
                    #expect(try await new.nextEvent("message").int("group_id") == 2)
                    #expect(try await own.nextEvent("message").text == message(2))
                    for client in [old, own, new] {
                        #expect(try await client.call("get_status", echo: "1").int("retcode") == 0)
                        #expect(try await client.unread.filter { $0["post_type"] == "message" }.isEmpty)
                    }
                    perpetua.terminate()
                    #expect(try await perpetua.exitCode() == 0)
                }
            }
        }

        @Test(
            "settings with mistakes are told with their keys, and change nothing; nor does a file that has gone",
            .overMemory)
        func invalid() async throws {
            try await withFolder { folder in
                try write("access_token: t-0ld\n", folder)
                let perpetua = try PerpetuaProcess(in: folder, ports: try FreePorts.range(of: 2))
                try await perpetua.waitUntilReady()
                let stays = "The settings stay as they were"
                let wrong = [
                    "access_token: t-n3w\ntokens: [{token: t-n3w}, {name: b, token: x, self_ids: [me]}]\n",
                    "access_token: [t-n3w", "",
                ]
                for (index, yaml) in wrong.enumerated() {
                    try write(yaml, folder)
                    perpetua.hangUp()
                    try await eventually("it is refused") { count(stays, in: perpetua.printed) == index + 1 }
                    #expect(try await status(http: perpetua.http, "t-0ld") == 200)
                    #expect(try await status(http: perpetua.http, "t-n3w") == 403)
                    #expect(try await status(http: perpetua.http, "") == 401)
                }
                for key in ["tokens[0].name", "tokens[0].token", "tokens[1].self_ids", "perpetua.yaml", "access_token"]
                {
                    #expect(perpetua.printed.contains(key), "\(key)")
                }
                try FileManager.default.removeItem(at: folder.appendingPathComponent("perpetua.yaml"))
                perpetua.hangUp()
                try await eventually("it is refused") { count(stays, in: perpetua.printed) == wrong.count + 1 }
                #expect(try await status(http: perpetua.http, "t-0ld") == 200)
                let metrics = try await FakeHTTP.get(perpetua.http + "/metrics?access_token=t-0ld").body
                #expect(metrics.contains(#"perpetua_settings_reloads_total{outcome="refused"} 4"#))
                try write("access_token: t-n3w\n", folder)
                perpetua.hangUp()
                try await eventually("it is right again") { try await status(http: perpetua.http, "t-n3w") == 200 }
                perpetua.terminate()
                #expect(try await perpetua.exitCode() == 0)
                #expect(!perpetua.printed.contains("t-0ld") && !perpetua.printed.contains("t-n3w"))
            }
        }

        @Test("mistakes in tokens stop the start, each with its key and without a secret", .overMemory)
        func start() async throws {
            try await withFolder { folder in
                try write(
                    "access_token: s3cret\ntokens: [{name: a, token: s3cret}, {name: a, token: o7her}, {name: c}]\n",
                    folder)
                let perpetua = try PerpetuaProcess(in: folder, ports: try FreePorts.range(of: 2))
                #expect(try await perpetua.exitCode() == 78)
                for key in ["tokens[0].token", "tokens[1].name", "tokens[2].token"] {
                    #expect(perpetua.printed.contains(key), "\(key)")
                }
                #expect(!perpetua.printed.contains("s3cret") && !perpetua.printed.contains("o7her"))
            }
        }

        @Test("services of their own over RabbitMQ each read the settings again, and none ends", .overRabbitMQ)
        func deployed() async throws {
            try await withFakeBot { bot in
                try await withFolder { folder in
                    let secret = folder.appendingPathComponent("perpetua.yaml").path
                    try write("access_token: t-0ld\n", folder)
                    var plan = Deployment.Plan()
                    plan.bots = [bot.url]
                    plan.edges = 1
                    plan.settings = ["--config", secret]
                    try await withDeployment(on: try RabbitMQ.ofTheRun().url, plan) { deployment in
                        let (ws, http) = (deployment.edges[0].ws, deployment.gateways[0].http)
                        let old = try await OwnActionTests.Member(ws: ws, "?access_token=t-0ld")
                        try write("access_token: t-n3w\n", folder)
                        for service in deployment.all { service.program.hangUp() }
                        try await eventually("every service has read them") {
                            deployment.all.allSatisfy { $0.program.printed.contains("The settings were read again") }
                        }
                        #expect(try await status(ws, "t-n3w") == 101)
                        #expect(try await status(ws, "t-0ld") == 403)
                        #expect(try await status(http: http, "t-n3w") == 200)
                        #expect(try await status(http: http, "t-0ld") == 403)
                        #expect(try await old.client.call("get_status", echo: "1").int("retcode") == 0)
                    }
                }
            }
        }
    }
}
