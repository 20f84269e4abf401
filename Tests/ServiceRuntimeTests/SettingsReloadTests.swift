import Logging
import SettingsReading
import Synchronization
import Testing

@testable import ServiceRuntime

@Suite("Settings read again on SIGHUP")
struct SettingsReloadTests {
    /// A process with a token that follows the settings and a port that does not, and the lines it logs.
    private struct Running {
        let settings: Settings
        let token: Reloadable<String?>
        let lines = Lines()

        init(_ yaml: String) {
            settings = Settings(file: ("p.yaml", yaml))
            token = Self.read(settings)
        }

        @discardableResult static func read(_ settings: Settings) -> Reloadable<String?> {
            _ = settings.int("port", default: 1, in: 0...65535)
            return settings.reloadable { $0.secret("token") }
        }

        func reload(_ load: @escaping @Sendable () throws -> Settings) {
            let lines = lines
            let logger = Logger(label: "test") { _ in RecordingHandler(lines: lines) }
            SettingsReload(running: settings, logger: logger, load: load) { Self.read($0) }.perform()
        }

        func reload(_ yaml: String) { reload { Settings(file: ("p.yaml", yaml)) } }
    }

    private final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        func append(_ line: String) { lines.withLock { $0.append(line) } }
    }

    private struct RecordingHandler: LogHandler {
        let lines: Lines
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let data = (event.metadata ?? [:]).map { "\($0)=\($1)" }.sorted().joined(separator: " ")
            lines.append("\(event.level) \(event.message) \(data)")
        }
    }

    @Test("what follows is in force, and one line names what changed and what takes a restart, without secrets")
    func adopted() {
        let process = Running("{token: 0ld, port: 2}")
        process.reload("{token: n3w, port: 3}")
        #expect(process.token.value == "n3w")
        #expect(
            process.lines.all == [
                "notice The settings were read again; what is pending takes a restart. settings.changed=token settings.pending=port"
            ])
        process.reload("{token: n3w, port: 2}")
        #expect(process.lines.all.last?.hasSuffix("settings.changed=none settings.pending=none") == true)
    }

    @Test("every mistake is logged with its key, and nothing changes")
    func refused() {
        let process = Running("{token: 0ld, port: 2}")
        process.reload("{token: n3w, port: 77777, prot: 1}")
        #expect(process.token.value == "0ld")
        let lines = process.lines.all
        #expect(lines.count == 3)
        #expect(lines.contains { $0.hasPrefix("error") && $0.contains("port = 77777 (p.yaml:1)") })
        #expect(lines.contains { $0.contains("prot (p.yaml:1): There is no such setting.") })
        #expect(lines.last?.contains("The settings stay as they were") == true)
        #expect(!lines.joined().contains("n3w") && !lines.joined().contains("0ld"))
        process.reload("{token: n3w, port: 2}")
        #expect(process.token.value == "n3w")
    }

    @Test("a file that cannot be read leaves all as it was")
    func unreadable() {
        let process = Running("token: 0ld")
        process.reload { throw LaunchFailure.unreadable("/nowhere.yaml", reason: "No such file.") }
        #expect(process.token.value == "0ld")
        #expect(process.lines.all.first?.contains("/nowhere.yaml") == true)
    }

    @Test("many changes are one line that ends")
    func many() {
        let running = Settings(file: ("p.yaml", ""))
        @Sendable func read(_ settings: Settings) {
            for key in 0..<50 { _ = settings.int("k\(key)", default: 0, in: 0...9) }
        }
        read(running)
        let lines = Lines()
        SettingsReload(
            running: running, logger: Logger(label: "test") { _ in RecordingHandler(lines: lines) },
            load: { Settings(flags: (0..<50).map { ("k\($0)", "1") }) }
        ) { read($0) }.perform()
        #expect(lines.all.count == 1)
        #expect(lines.all.first?.contains("and 30 more") == true)
    }
}
