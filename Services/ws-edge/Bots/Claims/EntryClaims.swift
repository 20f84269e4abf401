import Bus
import Claims
import Contracts
import Logging
import NIOCore
import Observability

/// Makes the claims of an edge on entries of its settings.
struct EntryClaims: Sendable {
    let exchanges: Exchanges
    let address: EdgeAddress
    let bus: any MessageBus
    let requester: Requester

    /// - Parameters:
    ///   - kind: the list that the entry is in: `bot`, `reverse`, `webhook`.
    ///   - patience: how long the work goes on after the claim was lost and could not be had again; `nil`: until
    ///     another edge has it.
    func claim(
        kind: String, name: String, on eventLoop: any EventLoop, timing: ClaimTiming, patience: Duration? = nil,
        logger: Logger
    ) -> Claim {
        Claim(
            exchanges.claimQueue(kind: kind, name: name), .entry(address, timing, patience: patience), bus: bus,
            requester: requester, eventLoop: eventLoop, told: { Self.log($0, logger) })
    }

    private static func log(_ news: ClaimNews, _ logger: Logger) {
        switch news {
        case .held(let isFirst): if isFirst { logger.info("Another edge has this entry; this one stands by.") }
        case .cannotTell(let reason):
            logger.debug("A claim cannot be looked at now.", metadata: [LogKeys.reason: "\(reason)"])
        case .cannotTake(let error, _):
            logger.debug("A claim cannot be taken now.", metadata: [LogKeys.error: "\(error)"])
        case .lost: logger.notice("An entry's claim is lost; claiming it again.")
        case .refused: logger.warning("An entry's claim was not to be had again; this edge waits.")
        case .late: logger.warning("An entry's claim was not to be had again in time; its work stops.")
        case .cannotGiveUp: break
        }
    }

    /// The name of an entry's claim: the same on every edge that has the entry.
    ///
    /// It is a hash (FNV-1a of 64 bits): a URL may hold a secret, so it must not be a queue's name itself, and `Hasher`
    /// gives other values in every process.
    static func name(of text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
