import Foundation
import Testing

@testable import SettingsReading

@Suite("Settings: secrets")
struct SettingsSecretTests {
    @Test("a secret is read, and shown nowhere")
    func hidden() {
        let settings = Settings(
            file: ("p.yaml", "access_token: hunter2\nother: [hunter2]"), environment: ["PERPETUA_THIRD": "hunter2"])
        #expect(settings.secret("access_token") == "hunter2")
        #expect(settings.secret("third") == "hunter2")
        #expect(settings.secret("other") == nil)
        settings.report("access_token", value: "hunter2", remedy: "Too short.")
        #expect(
            settings.effective == [
                "access_token: ***  # p.yaml:1", "other: ***  # p.yaml:2", "third: ***  # PERPETUA_THIRD",
            ])
        #expect(settings.problems.map(\.value) == ["***", "***"])
        #expect(!"\(settings.problems)\(settings.definitions)".contains("hunter2"))
    }

    @Test("a secret may be the content of a file")
    func secretFile() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "perpetua-\(UUID())").path()
        try Data("hunter2\n".utf8).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }  // Left behind it harms nobody.
        let settings = Settings(
            file: ("p.yaml", "access_token: other"),
            environment: ["PERPETUA_ACCESS_TOKEN_FILE": path, "PERPETUA_BOTS_0_ACCESS_TOKEN_FILE": path])
        #expect(settings.secret("access_token") == "hunter2")
        #expect(settings.entries("bots").map { settings.secret("\($0).access_token") } == ["hunter2"])
        #expect(settings.effective.first == "access_token: ***  # PERPETUA_ACCESS_TOKEN_FILE")
        #expect(settings.problems.isEmpty)
    }

    @Test("a secret's file that is missing, too large or no text is a mistake")
    func badSecretFiles() throws {
        let path = FileManager.default.temporaryDirectory.appending(path: "perpetua-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: path) }  // Left behind it harms nobody.
        func problem() -> String? {
            let settings = Settings(environment: ["PERPETUA_ACCESS_TOKEN_FILE": path])
            #expect(settings.secret("access_token") == nil)
            #expect(settings.problems.map(\.source) == ["PERPETUA_ACCESS_TOKEN_FILE"])
            return settings.problems.first?.remedy
        }
        #expect(problem()?.hasPrefix("The file cannot be read: ") == true)
        try Data([0xff, 0xfe]).write(to: URL(filePath: path))
        #expect(problem() == "The file is no UTF-8 text.")
        try Data(repeating: 65, count: 65537).write(to: URL(filePath: path))
        #expect(problem() == "The file is larger than 64KiB: that is no secret.")
    }

    @Test("a secret and its file at once are a mistake; a flag outweighs both")
    func both() {
        let environment = ["PERPETUA_ACCESS_TOKEN": "hunter2", "PERPETUA_ACCESS_TOKEN_FILE": "/nowhere"]
        let settings = Settings(environment: environment)
        _ = settings.secret("access_token")
        #expect(settings.problems.map(\.remedy) == ["Set either this or PERPETUA_ACCESS_TOKEN, not both."])
        let flagged = Settings(environment: environment, flags: [("access_token", "flag")])
        #expect(flagged.secret("access_token") == "flag")
        #expect(flagged.problems.isEmpty)
    }

    @Test("_FILE belongs to secrets only")
    func fileOfNoSecret() {
        let settings = Settings(environment: ["PERPETUA_API_PORT_FILE": "/nowhere"])
        _ = settings.int("api.port", default: 1, in: 0...9)
        #expect(settings.problems.map(\.key) == ["PERPETUA_API_PORT_FILE"])
    }

    @Test(
        "secrets inside a text are hidden",
        arguments: [
            ("ws://127.0.0.1:3001/", "ws://127.0.0.1:3001/"),
            ("ws://me:hunter2@host:1/path", "ws://***@host:1/path"),
            ("ws://hunter2@host", "ws://***@host"),
            ("me:hunter2@host", "***@host"),
            ("ws://h/?access_token=hunter2&a=b", "ws://h/?access_token=***&a=b"),
            ("ws://h/?a=b&Token=hunter2#x", "ws://h/?a=b&Token=***#x"),
            ("ws://h/?token=hunter2=", "ws://h/?token=***"),
            ("bot --token hunter2 -v", "bot --token *** -v"),
            ("bot --token=hunter2 PASSWORD=hunter2", "bot --token=*** PASSWORD=***"),
            ("a=b c", "a=b c"),
        ])
    func insideText(text: String, shown: String) {
        let settings = Settings(flags: [("url", text)])
        #expect(settings.string("url", default: "") == text)
        #expect(settings.effective == ["url: \(shown)  # --url"])
        settings.report("url", value: text, remedy: "r")
        #expect(settings.problems.map(\.value) == [shown])
    }
}
