import SettingsReading
import Testing

@Suite("Settings: mistakes")
struct SettingsProblemTests {
    private func problems(_ settings: Settings, read: (Settings) -> Void) -> [String] {
        read(settings)
        return settings.problems.map(\.description)
    }

    @Test("all mistakes come at once, each with key, value, source and remedy")
    func allAtOnce() {
        let settings = Settings(
            file: ("p.yaml", "api:\n  port: 99999\nwait: soon"),
            environment: ["PERPETUA_ON": "maybe"], flags: [("size", "1GB"), ("mode", "fsat")])
        enum Mode: String, CaseIterable { case fast, slow }
        #expect(settings.int("api.port", default: 8080, in: 0...65535) == 8080)
        #expect(settings.duration("wait", default: .seconds(1), in: .zero ... .seconds(60)) == .seconds(1))
        #expect(settings.bool("on", default: true))
        #expect(settings.bytes("size", default: 5, in: 0...1 << 30) == 5)
        #expect(settings.choice("mode", default: Mode.slow) == .slow)
        #expect(
            settings.problems.map(\.description) == [
                "api.port = 99999 (p.yaml:2): Write a whole number, from 0 to 65535.",
                "wait = soon (p.yaml:3): Write a time from 0s to 1m, as 500ms, 60s, 10m or 2h.",
                "on = maybe (PERPETUA_ON): Write true or false.",
                "size = 1GB (--size): Write a size from 0 to 1GiB, as 64KiB, 16MiB or 1GiB.",
                "mode = fsat (--mode): Write one of fast, slow.",
            ])
    }

    @Test(
        "what is no number in the range is refused",
        arguments: ["0", "10", "-1", "1.5", "0x1", "", "one", "99999999999999999999", "[1]", "{a: 1}"])
    func numbers(text: String) {
        let settings = Settings(file: ("p.yaml", "count: \(text.isEmpty ? "''" : text)"))
        #expect(settings.int("count", default: 5, in: 1...9) == 5)
        #expect(settings.optionalInt("count", in: 1...9) == nil)
        #expect(settings.problems.map(\.key).contains("count"))
        #expect(Set(settings.problems.map(\.key)) == ["count"])
    }

    @Test("a list where one text belongs is a mistake", arguments: ["name: [a, b]", "name: {a: b}", "name: [[a]]"])
    func wrongShape(yaml: String) {
        let settings = Settings(file: ("p.yaml", yaml))
        #expect(settings.string("name", default: "x") == "x")
        #expect(settings.problems.count == 1)
        #expect(settings.problems.first?.remedy == "Write one text.")
    }

    @Test("one text where a list of entries belongs is a mistake")
    func textForEntries() {
        let settings = Settings(file: ("p.yaml", "bots: ws://127.0.0.1/"))
        #expect(settings.entries("bots").isEmpty)
        #expect(settings.problems.map(\.key) == ["bots"])
    }

    @Test("durations with one bad pair are refused whole", arguments: ["a=1s,b", "a=1s,b=2x", "a=1s,b=99h", "=1s"])
    func badDurations(text: String) {
        let settings = Settings(environment: ["PERPETUA_TIMEOUTS": text])
        let read = settings.durations("timeouts", default: [("d", .zero)], in: .zero ... .seconds(60))
        #expect(read.map(\.name) == ["d"])
        #expect(settings.problems.map(\.source) == ["PERPETUA_TIMEOUTS"])
    }

    @Test("an unknown key is a mistake that names the nearest known one, and never shows its value")
    func unknownKeys() {
        let settings = Settings(
            file: ("p.yaml", "api:\n  prot: 1234\nport: 5\nxyzzy: 1"),
            environment: ["PERPETUA_API_PROT": "1234", "OTHER": "1"], flags: [("acces_token", "hunter2")])
        _ = settings.int("api.port", default: 8080, in: 0...65535)
        _ = settings.secret("access_token")
        #expect(
            settings.problems.map(\.description) == [
                "api.prot (p.yaml:2): There is no such setting. Did you mean api.port?",
                "port (p.yaml:3): There is no such setting. Did you mean api.port?",
                "xyzzy (p.yaml:4): There is no such setting. Remove it, or see docs/configuration.md for those there are.",
                "PERPETUA_API_PROT (environment): There is no such setting. Did you mean PERPETUA_API_PORT?",
                "acces_token (--acces_token): There is no such setting. Did you mean access_token?",
            ])
    }

    @Test("an unknown key of an entry is a mistake")
    func unknownInEntry() {
        let settings = Settings(file: ("p.yaml", "bots:\n  - ulr: ws://a/"))
        for entry in settings.entries("bots") { _ = settings.optionalString("\(entry).url") }
        #expect(
            settings.problems.map(\.description) == [
                "bots[0].ulr (p.yaml:2): There is no such setting. Did you mean bots[0].url?"
            ])
    }

    @Test("variables of the scripts, and those Kubernetes sets for a service, are no settings")
    func foreignVariables() {
        let settings = Settings(environment: [
            "PERPETUA_CONFIG": "a", "PERPETUA_VENV": "b", "PERPETUA_BUILD": "c",
            "PERPETUA_API_PORT": "tcp://10.0.0.1:80",
            "PERPETUA_PORT_6700_TCP_ADDR": "10.0.0.1", "PERPETUA_SERVICE_HOST": "10.0.0.1",
            "PERPETUA_SERVICE_PORT_WS": "6700",
        ])
        #expect(settings.int("api.port", default: 8080, in: 0...65535) == 8080)
        #expect(settings.problems.isEmpty)
    }

    @Test("a broken file names line and column, and shows nothing of it")
    func brokenFile() throws {
        let settings = Settings(file: ("p.yaml", "access_token: hunter2\napi: [1\nb: 2\n"))
        let problem = try #require(settings.problems.first)
        #expect(settings.problems.count == 1)
        #expect(problem.description.hasPrefix("p.yaml (line 3, column 2): This is no YAML: "))
        #expect(!problem.description.contains("hunter2"))
    }

    @Test(
        "a key that is set twice is a mistake",
        arguments: ["api.port: 1\napi: {port: 2}", "api:\n  port: 1\n  port: 2"])
    func twice(yaml: String) {
        let settings = Settings(file: ("p.yaml", yaml))
        _ = settings.int("api.port", default: 0, in: 0...9)
        #expect(settings.problems.count == 1)
        #expect(settings.problems.first?.remedy.contains("set twice in this file") == true)
    }

    @Test("a file that is no mapping is a mistake", arguments: ["hello", "- a", "a: 1\n---\nb: 2"])
    func noMapping(yaml: String) {
        #expect(Settings(file: ("p.yaml", yaml)).problems.map(\.key) == ["p.yaml"])
    }

    @Test("what a reader reports carries the source of the value")
    func reported() {
        let settings = Settings(
            file: ("p.yaml", "bots:\n  - self_id: 1\nedge.id: a b"), environment: ["PERPETUA_LIST_0_X": "1"],
            flags: [("other[3].x", "1")])
        for key in ["edge.id", "bots[0]", "list[0]", "other[3]", "nowhere"] {
            settings.report(key, value: "v", remedy: "r")
        }
        settings.report("edge.id", value: "v", remedy: "r")
        let sources = settings.problems.filter { $0.remedy == "r" }.map(\.source)
        #expect(sources == ["p.yaml:3", "p.yaml:2", "PERPETUA_LIST_0_X", "--other[3].x", "default"])
    }

    @Test("the same mistake found by two services is one; one key with two definitions is a mistake")
    func readTwice() {
        let settings = Settings(flags: [("count", "x")])
        _ = settings.int("count", default: 1, in: 0...9)
        _ = settings.int("count", default: 1, in: 0...9)
        #expect(settings.problems.count == 1)
        _ = settings.int("count", default: 2, in: 0...9)
        #expect(settings.problems.count == 2)
    }
}
