import Testing

@testable import ServiceRuntime

@Suite("The command line")
struct LaunchArgumentsTests {
    private func flags(_ arguments: LaunchArguments) -> [String] { arguments.flags.map { "\($0.key)=\($0.value)" } }

    @Test("without arguments, the process runs")
    func none() {
        let arguments = LaunchArguments([])
        #expect(arguments.mode == .run)
        #expect(!arguments.simulatesBot)
        #expect(arguments.configFile == nil)
        #expect(arguments.flags.isEmpty)
        #expect(arguments.problems.isEmpty)
    }

    @Test("a setting is --key value or --key=value")
    func settings() {
        let arguments = LaunchArguments(["--api.port", "1", "--x=a=b", "--y=", "--z", "-1", "--bots[0].url=ws://h/"])
        #expect(flags(arguments) == ["api.port=1", "x=a=b", "y=", "z=-1", "bots[0].url=ws://h/"])
        #expect(arguments.problems.isEmpty)
    }

    @Test("--bot is short for the url of the first bot, then of the next")
    func bots() {
        #expect(
            flags(LaunchArguments(["--bot", "ws://a/", "--bot=ws://b/"])) == [
                "bots[0].url=ws://a/", "bots[1].url=ws://b/",
            ])
    }

    @Test("options of the process are no settings", arguments: [["--config", "a.yaml"], ["--config=a.yaml"]])
    func options(config: [String]) {
        let arguments = LaunchArguments(config + ["--check", "--simulated-bot"])
        #expect(arguments.configFile == "a.yaml")
        #expect(arguments.mode == .check)
        #expect(arguments.simulatesBot)
        #expect(arguments.flags.isEmpty)
    }

    @Test(
        "help comes before version, and that before a check",
        arguments: [
            (["--check", "--version", "-h"], LaunchArguments.Mode.help), (["--help", "--check"], .help),
            (["--version", "--check"], .version), (["--help", "--version"], .help),
        ])
    func modes(arguments: [String], mode: LaunchArguments.Mode) {
        #expect(LaunchArguments(arguments).mode == mode)
    }

    @Test("a flag without a value is a mistake", arguments: [["--api.port"], ["--api.port", "--check"], ["--config"]])
    func missingValue(arguments: [String]) {
        let parsed = LaunchArguments(arguments)
        #expect(parsed.problems.count == 1)
        #expect(parsed.problems.first?.hasPrefix("\(arguments[0]): A value is missing.") == true)
    }

    @Test(
        "a word that stands alone is a mistake, and is not repeated: it may be a secret",
        arguments: ["hunter2", "--", "-x", "--=hunter2", ""])
    func strayWord(word: String) {
        let parsed = LaunchArguments([word, "--check"])
        #expect(parsed.problems.count == 1)
        #expect(parsed.problems.first?.contains("hunter2") == false)
        #expect(parsed.mode == .check)
    }
}
