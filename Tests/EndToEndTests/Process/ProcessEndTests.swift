import Foundation
import NIOCore
import OneBot
import SimulatedBot
import TestSupport
import Testing

extension EndToEnd {
    @Suite("The program ends when it is to end", .overMemory, .timeLimit(.minutes(2)))
    struct ProcessEndTests {
        /// Runs `body` with a program that takes long to drain: an action is under way that the bot never answers.
        private func withStuckProgram(
            _ arguments: [String], _ body: (PerpetuaProcess, _ folder: URL) async throws -> Void
        ) async throws {
            let script = { @Sendable (action: ReceivedAction) in action.name == "slow" ? ScriptedAnswer.none : .standard
            }
            try await withFakeBot(answering: script) { bot in
                try await withFolder { folder in
                    let perpetua = try PerpetuaProcess(
                        in: folder, ports: try FreePorts.range(of: 2),
                        ["--bot", bot.url, "--edge.drain_time", "10m"] + arguments)
                    try await perpetua.waitUntilReady()
                    let client = try await FakeClient.connect(to: perpetua.ws)
                    _ = try await client.nextEvent("meta_event", "lifecycle")
                    try await client.send(#"{"action":"slow","echo":"e"}"#)
                    _ = try await bot.bot.nextAction("slow")
                    try await body(perpetua, folder)
                }
            }
        }

        @Test("after shutdown_timeout it ends whatever is still under way, and says so")
        func timeout() async throws {
            try await withStuckProgram(["--shutdown_timeout", "200ms"]) { perpetua, _ in
                perpetua.terminate()
                let code = try await perpetua.exitCode()
                #expect(code == 1)
                #expect(perpetua.printed.contains("Raise shutdown_timeout"))
            }
        }

        @Test("a second signal ends it at once, and the programs of bots with it")
        func secondSignal() async throws {
            let script = "echo $$ > program.pid; exec sleep 1000"
            let program = ["/bin/sh", "-c", script].enumerated().map { "--bots[1].command[\($0)]=\($1)" }
            try await withStuckProgram(["--shutdown_timeout", "1h"] + program) { perpetua, folder in
                let file = folder.appendingPathComponent("program.pid")
                let started = try await eventually(within: .seconds(20), "the bot's program has started") {
                    // `try?`: the program has not started yet. The file may also be there before its content.
                    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
                    return Int(text.trimmingCharacters(in: .whitespacesAndNewlines))
                } until: {
                    $0 != nil
                }
                let pid = try #require(started)
                #expect(Self.runs(pid))
                // Two signals close together are one request; one of these comes late enough.
                try await eventually(within: .seconds(20), "perpetua has ended") {
                    perpetua.terminate()
                    return !perpetua.isRunning
                }
                #expect(try await perpetua.exitCode() == 143)
                try await eventually(within: .seconds(20), "the bot's program has ended") { !Self.runs(pid) }
            }
        }

        @Test("a port that is taken ends the start with a sentence that names it")
        func portTaken() async throws {
            try await withFolder { folder in
                let ports = try FreePorts.range(of: 2)
                let first = try PerpetuaProcess(in: folder, ports: ports, ["--registry.database", ":memory:"])
                try await first.waitUntilReady()
                let second = try PerpetuaProcess(in: folder, ports: ports, ["--registry.database", ":memory:"])
                #expect(try await second.exitCode() == 1)
                let sentences = second.printed.split(separator: "\n").filter { $0.hasPrefix("perpetua: ") }
                #expect(sentences.count == 1)
                #expect(sentences.first?.contains("Cannot listen on 127.0.0.1:") == true)
                #if os(Linux)
                    #expect(sentences.first?.contains("perpetua (process \(first.pid)) listens there already") == true)
                #endif
                first.terminate()
                #expect(try await first.exitCode() == 0)
            }
        }

        @Test("a second one in one folder ends before it listens, with a sentence that names the first")
        func second() async throws {
            try await withFolder { folder in
                let first = try PerpetuaProcess(in: folder, ports: try FreePorts.range(of: 2))
                try await first.waitUntilReady()
                let begun = ContinuousClock.now
                let second = try PerpetuaProcess(in: folder, ports: try FreePorts.range(of: 2))
                #expect(try await second.exitCode() == 1)
                #expect(ContinuousClock.now - begun < .seconds(4))
                let sentences = second.printed.split(separator: "\n").filter { $0.hasPrefix("perpetua: ") }
                #expect(sentences.count == 1)
                #expect(sentences.first?.contains("data/registry.sqlite: the process \(first.pid) uses it") == true)
                #expect(!second.printed.contains("listening"), "nothing has begun")
                #expect(first.isRunning)
                try await first.kill()
                // Nothing that is left of a killed process prevents the next one from starting.
                let third = try PerpetuaProcess(in: folder, ports: try FreePorts.range(of: 2))
                try await third.waitUntilReady()
                third.terminate()
                #expect(try await third.exitCode() == 0)
            }
        }

        @Test(
            "the exit code tells what kind of mistake it was",
            arguments: [
                (["--check", "--api.port", "x"], 78), (["--check", "--api.prot", "1"], 78),
                (["--config", "nowhere.yaml"], 78), (["--check", "--log.level"], 64), (["word"], 64), (["--help"], 0),
                (["--version"], 0), (["--check"], 0),
            ] as [([String], Int32)])
        func exitCodes(arguments: [String], code: Int32) async throws {
            try await withFolder { folder in
                let perpetua = try PerpetuaProcess(in: folder, ports: try FreePorts.range(of: 2), arguments)
                #expect(try await perpetua.exitCode() == code)
                #expect(!perpetua.printed.isEmpty)
            }
        }

        /// A program that has ended and is not yet reaped has no command line.
        private static func runs(_ pid: Int) -> Bool {
            let commandLine = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline")
            return commandLine.map { !$0.isEmpty } ?? false
        }
    }
}
