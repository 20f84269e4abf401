import Foundation
import Logging
import Settings

/// How the process logs, always to standard error.
struct LoggingConfiguration: Sendable {
    /// `log.level`: what is less important is not logged. Default `info`.
    let level: Logger.Level
    /// `log.format`: `text` for people, `json` for collectors. Default `text`.
    let format: LogFormat
    /// On a terminal, unless NO_COLOR is set (https://no-color.org).
    let isColored: Bool

    init(_ settings: Settings) {
        level = settings.choice("log.level", default: .info)
        format = settings.choice("log.format", default: .text)
        let noColor = ProcessInfo.processInfo.environment["NO_COLOR"] ?? ""
        isColored = noColor.isEmpty && isatty(STDERR_FILENO) == 1
    }

    /// Makes the handler of a logger.
    @Sendable func handler(label: String) -> any LogHandler {
        LineLogHandler(label: label, logLevel: level, format: format, isColored: isColored)
    }

    /// Says in one sentence why the process ends.
    func reportFailure(of process: String, _ error: any Error) {
        let sentence = LogText.escaped("\(error)")
        switch format {
        case .text: StandardError.write("\(process): \(sentence)\n")
        case .json: Logger(label: process).critical("The process ends", metadata: ["error": "\(sentence)"])
        }
    }
}
