import Foundation
import Testing

@testable import ServiceRuntime

@Suite("The options of every process", .timeLimit(.minutes(2)))
struct ProcessOptionsTests {
    @Test("--version names the process", arguments: DeployedProcesses.allCases)
    func version(process: DeployedProcesses) throws {
        let outcome = try run(process, ["--version"])
        #expect(outcome.code == 0)
        #expect(outcome.output == "\(process.rawValue) \(ServiceProcess.version)\n")
    }

    @Test("--help lists what that process reads", arguments: DeployedProcesses.allCases)
    func help(process: DeployedProcesses) throws {
        let outcome = try run(process, ["--help"])
        #expect(outcome.code == 0)
        let readsDatabase = process == .allInOne || process == .registry
        #expect(outcome.output.contains("registry.database") == readsDatabase)
    }

    @Test("--check prints the settings in force, from a file shared by all", arguments: DeployedProcesses.allCases)
    func check(process: DeployedProcesses) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).yaml")
        try "api.port: 1\nedge.id: e7\nregistry.lease: 20s\namqp.prefix: other\n".write(
            to: file, atomically: true, encoding: .utf8)
        defer {
            try? FileManager.default.removeItem(at: file)  // What is left over does no harm.
        }
        let outcome = try run(process, ["--config", file.path, "--check"])
        #expect(outcome.code == 0)
        #expect(outcome.output.contains("amqp.prefix: other  # "))
        let readsID = process == .allInOne || process == .edge
        #expect(outcome.output.contains("edge.id: e7") == readsID)
    }

    @Test("a process without an edge refuses a bot", arguments: [DeployedProcesses.registry, .gateway])
    func bot(process: DeployedProcesses) throws {
        for option in [["--simulated-bot"], ["--bot", "ws://127.0.0.1:1/"]] {
            let outcome = try run(process, option + ["--check"])
            #expect(outcome.code == ExitCode.badCommandLine)
            #expect(outcome.output.contains("no bot is served"))
        }
    }

    private func run(_ process: DeployedProcesses, _ arguments: [String]) throws -> (code: Int32, output: String) {
        let program = Process()
        program.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appending(path: process.rawValue)
        program.environment = ["PATH": "/usr/bin:/bin"]
        program.currentDirectoryURL = FileManager.default.temporaryDirectory
        program.arguments = arguments
        let pipe = Pipe()
        program.standardOutput = pipe
        program.standardError = pipe
        try program.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        program.waitUntilExit()
        return (program.terminationStatus, String(decoding: output, as: UTF8.self))
    }
}
