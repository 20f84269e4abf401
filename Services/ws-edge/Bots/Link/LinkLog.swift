import Logging
import Observability
import OneBot
import WebSocketTransport

/// What an operator reads of one bot's link.
struct LinkLog {
    let logger: Logger

    func connected(_ wire: BotWire, replaces: Bool) {
        logger.info(
            replaces ? "A bot is connected again; the newest connection counts." : "A bot is connected.",
            metadata: [LogKeys.remoteAddress: "\(wire.remoteAddress)", LogKeys.role: "\(wire.place.role.rawValue)"])
    }

    func gone(_ ending: WebSocketEnding) {
        logger.log(level: ending.isOurs ? .info : .warning, "A bot is gone.", metadata: [LogKeys.reason: "\(ending)"])
    }

    func keepsFrames() {
        logger.notice("The bus does not take the bot's frames now; they are kept.")
    }

    func refused(because reason: String, dropped: Int) {
        logger.warning(
            "Another edge holds the bot; this link is closed.",
            metadata: [LogKeys.reason: "\(reason)", LogKeys.count: "\(dropped)"])
    }

    func released(to edge: String) {
        logger.notice("A newer link at another edge takes the bot over.", metadata: [LogKeys.edgeID: "\(edge)"])
    }
}
