import Foundation
import Logging

/// Writes each message as one line to standard error, by one `write`: lines of several threads never mix, and nothing
/// waits in a buffer.
struct LineLogHandler: LogHandler {
    let label: String
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private let format: LogFormat
    private let isColored: Bool

    init(label: String, logLevel: Logger.Level, format: LogFormat, isColored: Bool) {
        self.label = label
        self.logLevel = logLevel
        self.format = format
        self.isColored = isColored
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadata
        if let provided = metadataProvider?.get() { all.merge(provided) { $1 } }
        if let given = event.metadata { all.merge(given) { $1 } }
        if let error = event.error, all["error"] == nil { all["error"] = "\(error)" }
        let line = LogLine(
            time: Date().timeIntervalSince1970, level: event.level, label: label, message: event.message.description,
            metadata: all)
        switch format {
        case .text: StandardStream.error.write(line.text(isColored: isColored) + "\n")
        case .json: StandardStream.error.write(line.json + "\n")
        }
    }
}
