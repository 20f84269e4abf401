import Bus
import Contracts
import Logging
import NIOCore

/// Makes the claims of an edge on entries of its settings.
struct EntryClaims: Sendable {
    let exchanges: Exchanges
    let address: EdgeAddress
    let bus: any MessageBus
    let requester: Requester

    /// - Parameters:
    ///   - kind: of what list the entry is: `bot`, `reverse`, `webhook`.
    ///   - patience: how long the work goes on after the claim was lost and could not be had again; `nil`: until
    ///     another edge has it.
    func claim(
        kind: String, name: String, on eventLoop: any EventLoop, timing: BotTiming, patience: Duration? = nil,
        logger: Logger
    ) -> EntryClaim {
        EntryClaim(
            queue: exchanges.claimQueue(kind: kind, name: name), address: address, bus: bus, requester: requester,
            eventLoop: eventLoop, timing: timing, patience: patience, logger: logger)
    }

    /// The name of an entry's claim: the same on every edge that has the entry.
    ///
    /// FNV-1a of 64 bits: `Hasher` gives every process other values. A URL may hold a secret, so it is no queue's
    /// name itself.
    static func name(of text: String) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
