import Logging

/// One message of the log, and how it is written.
struct LogLine: Sendable {
    /// Seconds since 1970.
    let time: Double
    let level: Logger.Level
    let label: String
    let message: String
    let metadata: Logger.Metadata

    /// `2026-11-23T21:38:34.123Z info     Listening port.number=6700`: metadata by key, values quoted where they must
    /// be.
    func text(isColored: Bool) -> String {
        let dim = isColored ? "\u{1b}[2m" : ""
        let reset = isColored ? "\u{1b}[0m" : ""
        let levelColor = isColored ? Self.color(level) : ""
        let name = level.rawValue + String(repeating: " ", count: max(0, 8 - level.rawValue.count))
        var line = "\(dim)\(LogText.utc(time))\(reset) \(levelColor)\(name)\(reset) \(LogText.escaped(message))"
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            line += " \(dim)\(LogText.escaped(key))=\(reset)\(LogText.quotedIfNeeded("\(value)"))"
        }
        return line
    }

    /// One JSON object; all metadata are strings beside `time`, `level`, `logger` and `message`.
    var json: String {
        var members = [("time", LogText.utc(time)), ("level", level.rawValue), ("logger", label), ("message", message)]
        let own = Set(members.map(\.0))
        for (key, value) in metadata.sorted(by: { $0.key < $1.key }) {
            members.append((own.contains(key) ? "metadata.\(key)" : key, "\(value)"))
        }
        return "{\(members.map { "\(LogText.quoted($0)):\(LogText.quoted($1))" }.joined(separator: ","))}"
    }

    private static func color(_ level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "\u{1b}[2m"
        case .info: "\u{1b}[32m"
        case .notice: "\u{1b}[36m"
        case .warning: "\u{1b}[33m"
        case .error, .critical: "\u{1b}[1;31m"
        }
    }
}

/// How a line of the log looks.
enum LogFormat: String, Sendable, CaseIterable {
    /// `2026-11-23T21:38:34.123Z info     Listening port.number=6700`
    case text
    /// `{"time":"…","level":"info","logger":"perpetua","message":"Listening","port.number":"6700"}`
    case json
}
