import Foundation
import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing
import WebSocketTransport

extension EndToEnd {
    @Suite("The program keeps its word", .overMemory, .timeLimit(.minutes(2)))
    struct ProcessTests {
        @Test(
            "after kill -9 and a start it has kept every name it had answered ok, for those who may resume, and freed the others"
        )
        func crash() async throws {
            try await withFakeBot { bot in
                try await withFolder { folder in
                    let ports = try FreePorts.range(of: 2)
                    var tokens: [Int: (token: String, appID: String)] = [:]
                    let first = try PerpetuaProcess(in: folder, ports: ports, ["--bot", bot.url])
                    try await first.waitUntilReady()
                    let passing = try await OwnActionTests.Member(ws: first.ws)
                    #expect(
                        try await passing.client.call("set_client_name", params: #"{"name":"passing"}"#, echo: "1").int(
                            "retcode") == 0)
                    var members: [OwnActionTests.Member] = []
                    for _ in 0..<20 { members.append(try await OwnActionTests.Member(ws: first.ws, "?resume=600")) }
                    for (index, member) in members.enumerated() {
                        try await member.client.send(
                            #"{"action":"set_client_name","params":{"name":"n\#(index)"},"echo":"n"}"#)
                        // Half of them have their answer when the process dies; the others may or may not have been
                        // written.
                        guard index < 10 else { continue }
                        #expect(try await member.client.next { $0.echo == #""n""# }.int("retcode") == 0)
                        tokens[index] = (member.token, member.appID)
                    }
                    try await first.kill()

                    let second = try PerpetuaProcess(in: folder, ports: ports, ["--bot", bot.url])
                    try await second.waitUntilReady()
                    let other = try await OwnActionTests.Member(ws: second.ws)
                    func take(_ name: String) async throws -> Int64? {
                        try await other.client.call("set_client_name", params: #"{"name":"\#(name)"}"#, echo: "1").int(
                            "retcode")
                    }
                    for index in tokens.keys { #expect(try await take("n\(index)") == 1409) }
                    #expect(try await take("passing") == 0)
                    for (index, (token, appID)) in tokens {
                        let back = try await OwnActionTests.Member(ws: second.ws, "?resume=600&client_token=\(token)")
                        #expect(back.appID == appID)
                        let list = try await FakeHTTP.get(second.http + "/api/get_online_clients")
                        let mine = list.data?["clients"]?.array?.first { $0.object?["app_id"]?.string == appID }
                        #expect(mine?.object?["client_name"]?.string == "n\(index)")
                    }
                    second.terminate()
                    #expect(try await second.exitCode() == 0)
                }
            }
        }

        @Test("SIGTERM closes clients with 1012 and ends with 0, whatever a client that does not read does")
        func sigterm() async throws {
            try await withFakeBot { bot in
                try await withFolder { folder in
                    let perpetua = try PerpetuaProcess(
                        in: folder, ports: try FreePorts.range(of: 2), ["--bot", bot.url])
                    try await perpetua.waitUntilReady()
                    let client = try await OwnActionTests.Member(ws: perpetua.ws)
                    let sleeper = try await OwnActionTests.Member(ws: perpetua.ws)
                    try await sleeper.client.stopReading()
                    perpetua.terminate()
                    #expect(try await client.client.ending().code == 1012)
                    #expect(try await perpetua.exitCode() == 0)
                }
            }
        }

        @Test("set_restart restarts the program that Perpetua runs, and clients stay connected")
        func supervised() async throws {
            try await withFolder { folder in
                let perpetua = try PerpetuaProcess(in: folder, ports: try FreePorts.range(of: 2), ["--simulated-bot"])
                try await perpetua.waitUntilReady()
                let member = try await OwnActionTests.Member(ws: perpetua.ws)
                #expect(try await member.client.call("set_restart", echo: "2").int("retcode") == 1)
                let gap = try await member.client.nextEvent("notice", "event_gap", within: .seconds(40))
                #expect(gap.raw("missed") == "null")
                try await eventually(within: .seconds(40), "the new program answers") {
                    try await member.client.call("get_login_info", echo: "3").int("retcode") == 0
                }
                perpetua.terminate()
                #expect(try await perpetua.exitCode() == 0)
            }
        }

        @Test("a database that is none ends the start with a sentence that names it")
        func corrupt() async throws {
            try await withFolder { folder in
                let database = folder.appendingPathComponent("broken.sqlite")
                try Data(repeating: 0x58, count: 8192).write(to: database)
                let perpetua = try PerpetuaProcess(
                    in: folder, ports: try FreePorts.range(of: 2), ["--registry.database", database.path])
                #expect(try await perpetua.exitCode() != 0)
                #expect(perpetua.printed.contains("broken.sqlite"))
                #expect(!perpetua.printed.contains("Fatal error"))
                #expect(try Data(contentsOf: database) == Data(repeating: 0x58, count: 8192), "it is left as it was")
            }
        }

        @Test(
            "--check names every mistake at once, shows no secret, and ends with an error; without mistakes it prints what is in force"
        )
        func check() async throws {
            try await withFolder { folder in
                let file = folder.appendingPathComponent("p.yaml")
                let yaml =
                    "api: {port: 99999, bogus: 1}\nedge: {slow_client: maybe}\naccess_token: s3cret\nbots: [{url: 'http://x'}]\n"
                try Data(yaml.utf8).write(to: file)
                let ports = try FreePorts.range(of: 2)
                let wrong = try PerpetuaProcess(in: folder, ports: ports, ["--config", file.path, "--check"])
                #expect(try await wrong.exitCode() != 0)
                for key in ["api.bogus", "edge.slow_client", "bots[0].url"] {
                    #expect(wrong.printed.contains(key), "\(key)")
                }
                #expect(!wrong.printed.contains("s3cret"))
                try Data("access_token: s3cret\n".utf8).write(to: file)
                let right = try PerpetuaProcess(in: folder, ports: ports, ["--config", file.path, "--check"])
                #expect(try await right.exitCode() == 0)
                #expect(right.printed.contains("access_token"))
                #expect(right.printed.contains("***"))
                #expect(!right.printed.contains("s3cret"))
            }
        }
    }
}
