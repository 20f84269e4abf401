import Logging
import Observability
import SettingsReading

/// How the process logs, always to standard error.
struct LoggingConfiguration: Sendable {
    /// `log.level`: what is less important is not logged. Default `info`; with `--simulated-bot` `warning`, since
    /// somebody is looking at the console.
    let level: Logger.Level
    /// `log.format`: `text` for people, `json` for collectors. Default `text`.
    let format: LogFormat
    /// On a terminal, unless NO_COLOR is set (https://no-color.org).
    let isColored: Bool

    init(_ settings: Settings, _ arguments: LaunchArguments = LaunchArguments([])) {
        level = settings.choice("log.level", default: arguments.simulatesBot ? .warning : .info)
        format = settings.choice("log.format", default: .text)
        isColored = StandardStream.error.isColored
    }

    /// Makes the handler of a logger.
    @Sendable func handler(label: String, provider: Logger.MetadataProvider?) -> any LogHandler {
        var handler = LineLogHandler(label: label, logLevel: level, format: format, isColored: isColored)
        handler.metadataProvider = provider
        return handler
    }

    /// Adds the trace of the running task to its messages.
    static let provider = Logger.MetadataProvider {
        TraceParent.current.map { [LogKeys.traceID: "\($0.traceID)"] } ?? [:]
    }

    /// Says in one sentence why the process ends.
    func reportFailure(of process: String, _ error: any Error) {
        let sentence = LogText.escaped("\(error)")
        switch format {
        case .text: StandardStream.error.write("\(process): \(sentence)\n")
        case .json: Logger(label: process).critical("The process ends", metadata: ["error": "\(sentence)"])
        }
    }
}
