import Contracts
import Logging
import Observability
import OneBot
import WebSocketTransport

/// What an operator reads of one client's connection.
struct SessionLog {
    let logger: Logger

    func connected(as role: ClientRole) {
        logger.info("Client connected.", metadata: [LogKeys.sessionRole: "\(role.rawValue)"])
    }

    func refused(_ failure: RPC.Failure) {
        logger.notice("Client refused.", metadata: [LogKeys.reason: "\(failure.message)"])
    }

    func disconnected(_ ending: WebSocketEnding, _ feed: SessionFeed) {
        logger.info("Client disconnected.", metadata: [LogKeys.reason: "\(ending)"])
        guard ending.code == 1009, !ending.isOurs else { return }
        logger.warning(
            "A message was larger than a client takes: it closed its connection, and what came since is lost to it.",
            metadata: [LogKeys.reason: "\(feed.largestAdvice)"])
    }

    func tooSlow(bytes: Int) {
        logger.warning("Client too slow: closed.", metadata: [LogKeys.bytes: "\(bytes)"])
    }

    func callsNoMore(_ client: Client?) {
        logger.notice(
            "A framework gets messages, and has called no action since it was connected again; before, it did.",
            metadata: [
                LogKeys.clientName: "\(client?.clientName ?? "")", LogKeys.reason: "\(CallWatch.likelyReason)",
            ])
    }
}
