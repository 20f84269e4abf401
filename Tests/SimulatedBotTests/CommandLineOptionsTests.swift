import OneBot
import Testing

@testable import SimulatedBot

@Suite struct CommandLineOptionsTests {
    @Test("without arguments the defaults hold")
    func defaults() throws {
        let configuration = try configuration([])
        #expect(configuration.host == "127.0.0.1")
        #expect(configuration.port == 3001)
        #expect(configuration.selfID == SelfID(10001))
        #expect(configuration.seed == 5)
    }

    @Test("every option is read, with a space or =")
    func options() throws {
        let configuration = try configuration([
            "--host", "0.0.0.0", "--port=0", "--self-id", "7", "--rate", "max", "--count", "9", "--access-token", "a=b",
            "--reverse", "ws://h:1/x", "--reverse-api=ws://h:2/", "--seed", "3", "--heartbeat", "100", "--misbehave",
            "silent", "--misbehave", "slow",
        ])
        #expect(configuration.host == "0.0.0.0")
        #expect(configuration.port == 0)
        #expect(configuration.selfID == SelfID(7))
        #expect(configuration.rate == .unlimited)
        #expect(configuration.count == 9)
        #expect(configuration.accessToken == "a=b")
        #expect(
            configuration.reverseTargets == [
                ReverseTarget(url: "ws://h:1/x"), ReverseTarget(url: "ws://h:2/", role: .api),
            ])
        #expect(configuration.seed == 3)
        #expect(configuration.heartbeatInterval == .milliseconds(100))
        #expect(configuration.misbehaviour.isSilent && configuration.misbehaviour.delay == .seconds(2))
    }

    @Test(
        "a mistake is named",
        arguments: [
            (["--prot", "1"], "--prot"), (["--port"], "--port"), (["--port", "70000"], "70000"),
            (["--rate", "-1"], "-1"),
            (["--misbehave", "rude"], "rude"), (["--reverse", "http://x"], "http://x"), (["--no-listen"], "--reverse"),
        ])
    func mistakes(arguments: [String], word: String) {
        guard case .mistake(let message) = CommandLineOptions.parse(arguments, seed: 1) else {
            return #expect(Bool(false), "no mistake")
        }
        #expect(message.contains(word))
    }

    @Test("--help names every option")
    func help() {
        guard case .help = CommandLineOptions.parse(["--port", "1", "--help"], seed: 1) else {
            return #expect(Bool(false), "no help")
        }
        for option in CommandLineOptions.options { #expect(CommandLineOptions.usage.contains("  \(option) ")) }
    }

    private func configuration(_ arguments: [String]) throws -> SimulatedBotConfiguration {
        guard case .run(let configuration) = CommandLineOptions.parse(arguments, seed: 5) else {
            throw Unexpected()
        }
        return configuration
    }

    private struct Unexpected: Error {}
}
