import Foundation
import Logging
import Observability
import SettingsReading
import Testing

@testable import ServiceRuntime

@Suite("A line of the log")
struct LogLineTests {
    private func line(
        _ metadata: Logger.Metadata, message: String = "Listening", level: Logger.Level = .info
    ) -> LogLine {
        LogLine(time: 1_700_000_000.123, level: level, label: "perpetua", message: message, metadata: metadata)
    }

    @Test("text: time, level, message, metadata by key")
    func text() {
        #expect(
            line(["port.number": "6700", "edge.id": "edge"]).text(isColored: false)
                == "2023-11-14T22:13:20.123Z info     Listening edge.id=edge port.number=6700")
    }

    @Test("text: values that are no plain word are quoted")
    func quoting() {
        let metadata: Logger.Metadata = ["a": "", "b": "two words", "c": "say \"x\"", "d": "x=1", "e": "群", "f": "\\n"]
        #expect(
            line(metadata).text(isColored: false).hasSuffix(#"a="" b="two words" c="say \"x\"" d="x=1" e=群 f=\n"#))
    }

    @Test(
        "what a peer sent starts no line and sends no command to the terminal",
        arguments: ["\n", "\r\n", "\u{1b}[2J", "\u{9b}2J", "\u{2028}"])
    func injection(text: String) throws {
        for written in [
            line(["k\(text)": "v\(text)"], message: "m\(text)").text(isColored: false),
            line(["k": "v\(text)"], message: "m\(text)").json,
        ] {
            #expect(
                !written.unicodeScalars.contains {
                    $0.value < 0x20 || (0x7f...0x9f).contains($0.value) || $0.value == 0x2028
                })
        }
    }

    @Test("colours only where asked for")
    func colors() {
        #expect(!line(["a": "b"]).text(isColored: false).contains("\u{1b}"))
        #expect(line(["a": "b"], level: .error).text(isColored: true).contains("\u{1b}[1;31merror"))
    }

    @Test("json: one object that any parser reads back")
    func json() throws {
        let written = line(["error": "a\\b\u{1}", "time": "other"], message: "say \"x\"\n").json
        let object = try JSONDecoder().decode([String: String].self, from: Data(written.utf8))
        #expect(
            object == [
                "time": "2023-11-14T22:13:20.123Z", "level": "info", "logger": "perpetua", "message": "say \"x\"\n",
                "error": "a\\b\u{1}", "metadata.time": "other",
            ])
    }

    @Test(
        "times are written in UTC",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400, "2000-02-29T00:00:00.000Z"),
            (1_709_251_199.999, "2024-02-29T23:59:59.999Z"), (-0.001, "1969-12-31T23:59:59.999Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000Z"),
        ])
    func utc(time: Double, text: String) {
        #expect(LogText.utc(time) == text)
    }

    @Test("what a task does for a chain of work says so in every line")
    func trace() throws {
        let trace = try #require(TraceParent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"))
        TraceParent.$current.withValue(trace) {
            #expect(LoggingConfiguration.provider.get() == ["trace.id": "4bf92f3577b34da6a3ce929d0e0e4736"])
        }
        #expect(LoggingConfiguration.provider.get() == [:])
        let handler = LoggingConfiguration(Settings()).handler(
            label: "ws-edge", provider: LoggingConfiguration.provider)
        #expect(handler.metadataProvider?.get() == [:])
    }
}
