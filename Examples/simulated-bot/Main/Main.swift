import Dispatch
import Foundation
import Logging
import SimulatedBot

/// The process `simulated-bot`: one bot until SIGTERM or SIGINT.
@main
enum Main {
    static func main() async {
        let seed = UInt64.random(in: 0...UInt64(UInt32.max))
        switch CommandLineOptions.parse(Array(CommandLine.arguments.dropFirst()), seed: seed) {
        case .help:
            FileHandle.standardOutput.write(Data(CommandLineOptions.usage.utf8))
        case .mistake(let message):
            say(message)
            exit(2)
        case .run(let configuration):
            await run(configuration)
        }
    }

    private static func run(_ configuration: SimulatedBotConfiguration) async {
        var logger = Logger(label: "simulated-bot", factory: { StreamLogHandler.standardError(label: $0) })
        logger.logLevel = .notice
        let signals = Signals([SIGTERM, SIGINT])
        do {
            let bot = try await SimulatedBot.start(configuration, logger: logger)
            if configuration.port != nil {
                say("listening on ws://\(configuration.host):\(bot.port)/ as \(bot.selfID), seed \(configuration.seed)")
            } else {
                say("dialling as \(bot.selfID), seed \(configuration.seed)")
            }
            await signals.first()
            await bot.stop()
        } catch {
            say("cannot listen on \(configuration.host):\(configuration.port ?? 0): \(error). Choose another --port.")
            exit(1)
        }
    }

    private static func say(_ line: String) {
        FileHandle.standardError.write(Data("simulated-bot: \(line)\n".utf8))
    }
}
