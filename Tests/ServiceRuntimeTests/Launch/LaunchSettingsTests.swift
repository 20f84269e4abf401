import Foundation
import SettingsReading
import Testing

@testable import ServiceRuntime

@Suite("Finding the settings file")
struct LaunchSettingsTests {
    private func withFile(_ yaml: Data, _ body: (String) throws -> Void) throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "perpetua-\(UUID()).yaml").path()
        try yaml.write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }  // `try?`: a leftover file does no harm.
        try body(path)
    }

    @Test("--config outweighs PERPETUA_CONFIG, flags outweigh the file")
    func order() throws {
        try withFile(Data("a: 1\nb: 1".utf8)) { path in
            let arguments = LaunchArguments(["--config", path, "--b", "2"])
            let settings = try LaunchSettings.load(arguments, environment: ["PERPETUA_CONFIG": "/nowhere"])
            #expect(settings.int("a", default: 0, in: 0...9) == 1)
            #expect(settings.int("b", default: 0, in: 0...9) == 2)
            let named = try LaunchSettings.load(LaunchArguments([]), environment: ["PERPETUA_CONFIG": path])
            #expect(named.int("a", default: 0, in: 0...9) == 1)
        }
    }

    @Test("a file that was asked for and is not there stops the start")
    func missing() {
        #expect(throws: LaunchFailure.self) {
            try LaunchSettings.load(LaunchArguments(["--config", "/nowhere/p.yaml"]), environment: [:])
        }
    }

    @Test("a file that is no text stops the start")
    func noText() throws {
        try withFile(Data([0xff])) { path in
            #expect(throws: LaunchFailure.noText(path)) {
                try LaunchSettings.load(LaunchArguments(["--config", path]), environment: [:])
            }
        }
    }

    @Test(
        "the simulated bot is one more entry, whatever its path",
        arguments: [([], "bots[0]"), (["bots[0]", "bots[4]"], "bots[5]")])
    func simulatedBot(entries: [String], entry: String) {
        let bot = SimulatedBotLaunch(program: "/a path/simulated-bot", port: 23456)
        let flags = bot.flags(afterEntries: entries).map { "\($0.key)=\($0.value)" }
        #expect(
            flags == [
                "\(entry).url=ws://127.0.0.1:23456/", "\(entry).command[0]=/a path/simulated-bot",
                "\(entry).command[1]=--host", "\(entry).command[2]=127.0.0.1", "\(entry).command[3]=--port",
                "\(entry).command[4]=23456",
            ])
    }

    @Test("without the simulated bot beside us, the start says how to build it")
    func noSimulatedBot() {
        #expect(throws: LaunchFailure.noSimulatedBot("/nowhere/simulated-bot")) {
            try SimulatedBotLaunch.beside(executable: "/nowhere/perpetua")
        }
    }

    @Test("half the cores serve sockets, at least one", arguments: [(1, 1), (2, 1), (3, 1), (4, 2), (16, 8)])
    func eventLoops(cores: Int, loops: Int) {
        #expect(EventLoopCount.suitable(cores: cores) == loops)
    }
}
