import SettingsReading
import Testing

@Suite("Settings: values and where they come from")
struct SettingsTests {
    private enum Mode: String, CaseIterable {
        case fast
        case slow = "very_slow"
    }

    @Test("what nobody set is the default, and no problem")
    func defaults() {
        let settings = Settings()
        #expect(settings.string("log.level", default: "info") == "info")
        #expect(settings.optionalString("edge.public_host") == nil)
        #expect(settings.secret("access_token") == nil)
        #expect(settings.bool("on", default: true))
        #expect(settings.int("api.port", default: 8080, in: 0...65535) == 8080)
        #expect(settings.optionalInt("self_id", in: 1...Int.max) == nil)
        #expect(settings.duration("wait", default: .seconds(5), in: .zero ... .seconds(60)) == .seconds(5))
        #expect(settings.bytes("size", default: 1024, in: 0...4096) == 1024)
        #expect(settings.choice("mode", default: Mode.slow) == .slow)
        #expect(settings.optionalChoice("other_mode") as Mode? == nil)
        #expect(settings.optionalDuration("pause", in: .zero ... .seconds(60)) == nil)
        #expect(settings.strings("command", default: ["a"]) == ["a"])
        #expect(settings.durations("timeouts", default: [], in: .zero ... .seconds(1)).isEmpty)
        #expect(settings.entries("bots").isEmpty)
        #expect(settings.problems.isEmpty)
    }

    @Test(
        "a file's nested mappings and dotted keys are the same",
        arguments: ["api: {port: 1}", "api:\n  port: 1", "api.port: 1"])
    func dottedKeys(yaml: String) {
        let settings = Settings(file: ("p.yaml", yaml))
        #expect(settings.int("api.port", default: 8080, in: 0...65535) == 1)
        #expect(settings.problems.isEmpty)
    }

    @Test("a choice and a duration that may be left out are read where they are set, and wrong ones are reported")
    func optionals() {
        let settings = Settings(file: ("p.yaml", "mode: very_slow\npause: 2s\nempty: \"\"\nwrong: x\nlong: 2m"))
        #expect(settings.optionalChoice("mode") as Mode? == .slow)
        #expect(settings.optionalChoice("empty") as Mode? == nil)
        #expect(settings.optionalDuration("pause", in: .zero ... .seconds(60)) == .seconds(2))
        #expect(settings.problems.filter { ["mode", "empty", "pause"].contains($0.key) }.isEmpty)
        #expect(settings.optionalChoice("wrong") as Mode? == nil)
        #expect(settings.optionalDuration("long", in: .zero ... .seconds(60)) == nil)
        #expect(settings.problems.map(\.key) == ["wrong", "long"])
    }

    @Test("flags weigh more than the environment, and that more than the file")
    func precedence() {
        let file = (name: "p.yaml", yaml: "a: 1\nb: 1\nc: 1")
        let settings = Settings(
            file: file, environment: ["PERPETUA_B": "2", "PERPETUA_C": "2"], flags: [("c", "3"), ("c", "4")])
        let read = ["a", "b", "c"].map { settings.int($0, default: 0, in: 0...9) }
        #expect(read == [1, 2, 4])
        #expect(settings.problems.isEmpty)
    }

    @Test("every type is understood in a file")
    func typesInFile() {
        let yaml = """
            name: hello there
            on: yes
            count: 007
            wait: 10m
            size: 64 KiB
            mode: very_slow
            command: [java, -jar, "my bot.jar"]
            timeouts:
              upload_*: 10m
              ".handle*": 500
            nothing: ~
            """
        let settings = Settings(file: ("p.yaml", yaml))
        #expect(settings.string("name", default: "") == "hello there")
        #expect(settings.bool("on", default: false))
        #expect(settings.int("count", default: 0, in: 0...9) == 7)
        #expect(settings.duration("wait", default: .zero, in: .zero ... .seconds(3600)) == .seconds(600))
        #expect(settings.bytes("size", default: 0, in: 0...1 << 20) == 65536)
        #expect(settings.choice("mode", default: Mode.fast) == .slow)
        #expect(settings.strings("command", default: []) == ["java", "-jar", "my bot.jar"])
        let timeouts = settings.durations("timeouts", default: [], in: .zero ... .seconds(3600))
        #expect(timeouts.map(\.name) == ["upload_*", ".handle*"])
        #expect(timeouts.map(\.value) == [.seconds(600), .milliseconds(500)])
        #expect(settings.optionalString("nothing") == nil)
        #expect(settings.problems.isEmpty)
    }

    @Test("lists in the environment are split at white space, durations at commas")
    func listsInEnvironment() {
        let settings = Settings(environment: [
            "PERPETUA_COMMAND": " java  -jar bot.jar", "PERPETUA_TIMEOUTS": "upload_*=10m, get_*=500ms",
        ])
        #expect(settings.strings("command", default: []) == ["java", "-jar", "bot.jar"])
        let timeouts = settings.durations("timeouts", default: [], in: .zero ... .seconds(3600))
        #expect(timeouts.map(\.name) == ["upload_*", "get_*"])
        #expect(timeouts.map(\.value) == [.seconds(600), .milliseconds(500)])
    }

    @Test("an empty list in the file is no default", arguments: ["command: []", "command: {}", "command: ''"])
    func emptyList(yaml: String) {
        #expect(Settings(file: ("p.yaml", yaml)).strings("command", default: ["a"]).isEmpty)
    }

    @Test("an empty variable counts as absent")
    func emptyVariable() {
        let settings = Settings(file: ("p.yaml", "port: 1"), environment: ["PERPETUA_PORT": ""])
        #expect(settings.int("port", default: 0, in: 0...9) == 1)
    }

    @Test("a list's entries are those any source speaks of, and may be filled by several")
    func entries() {
        let yaml = "bots:\n  - url: ws://a/\n    self_id: 1\n  - url: ws://b/"
        let settings = Settings(
            file: ("p.yaml", yaml),
            environment: ["PERPETUA_BOTS_0_URL": "ws://c/", "PERPETUA_BOTS_10_SELF_ID": "10"],
            flags: [("bots[2].url", "ws://d/")])
        let entries = settings.entries("bots")
        #expect(entries == ["bots[0]", "bots[1]", "bots[2]", "bots[10]"])
        #expect(entries.map { settings.optionalString("\($0).url") } == ["ws://c/", "ws://b/", "ws://d/", nil])
        #expect(entries.map { settings.optionalInt("\($0).self_id", in: 1...99) } == [1, nil, nil, 10])
        #expect(settings.problems.isEmpty)
    }

    @Test("an entry without a key is an entry", arguments: ["bots: [{}]", "bots:\n  -", "bots: [~]"])
    func emptyEntry(yaml: String) {
        let settings = Settings(file: ("p.yaml", yaml))
        #expect(settings.entries("bots") == ["bots[0]"])
        #expect(settings.problems.isEmpty)
    }

    @Test("a file that holds nothing is no mistake", arguments: ["", "# only a comment", "---", "~"])
    func emptyFile(yaml: String) {
        #expect(Settings(file: ("p.yaml", yaml)).problems.isEmpty)
    }

    @Test("definitions come once each, sorted, with [] for entries")
    func definitions() {
        let settings = Settings(flags: [("bots[0].url", "a"), ("bots[1].url", "b")])
        for entry in settings.entries("bots") { _ = settings.optionalString("\(entry).url") }
        _ = settings.int("zeta", default: 3, in: 1...9)
        _ = settings.duration("api.wait", default: .seconds(90), in: .milliseconds(1500) ... .seconds(7200))
        _ = settings.bytes("api.size", default: 16 << 20, in: 1000...1 << 30)
        _ = settings.choice("api.mode", default: Mode.fast)
        _ = settings.choice("api.mode", default: Mode.fast)
        let rows = settings.definitions.map { [$0.key, $0.type, $0.defaultValue, $0.range] }
        #expect(
            rows == [
                ["zeta", "number", "3", "1…9"],
                ["api.mode", "choice", "fast", "fast, very_slow"],
                ["api.size", "size", "16MiB", "1000…1GiB"],
                ["api.wait", "duration", "90s", "1500ms…2h"],
                ["bots[].url", "text", "", ""],
            ])
        #expect(settings.problems.isEmpty)
    }

    @Test("settings that only describe have an entry in every list")
    func describing() {
        let settings = Settings.describing()
        for entry in settings.entries("bots") { _ = settings.optionalString("\(entry).url") }
        #expect(settings.definitions.map(\.key) == ["bots[].url"])
    }

    @Test("effective lines name what is not the default, and where it was set")
    func effective() {
        let settings = Settings(
            file: ("p.yaml", "\nb: 2"), environment: ["PERPETUA_C": "3"], flags: [("api.d", "4"), ("bots[10].id", "6")])
        for key in ["a", "b", "c", "api.d"] { _ = settings.int(key, default: 1, in: 0...9) }
        _ = settings.optionalString("e")
        for entry in ["bots[2]", "bots[10]"] { _ = settings.optionalInt("\(entry).id", in: 0...9) }
        #expect(
            settings.effective == [
                "a: 1", "b: 2  # p.yaml:2", "c: 3  # PERPETUA_C", "e:", "api.d: 4  # --api.d", "bots[2].id:",
                "bots[10].id: 6  # --bots[10].id",
            ])
    }
}
