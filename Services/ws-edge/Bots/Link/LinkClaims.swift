import Bus
import Claims
import Contracts
import Logging
import NIOCore
import Observability
import OneBot

/// The claims on a bot's parts: which parts are wanted, and which of those are ours. Confined to the link's event loop,
/// but for ``claim(of:)`` and ``handled(granted:lost:refused:released:deliver:)``.
final class LinkClaims {
    typealias Part = BotLinkState.Part

    private let actions: Claim
    private let events: Claim
    /// The parts of the bot that are claimed for the link, and those of them that are ours.
    private var wanted: Set<Part> = []
    private var granted: Set<Part> = []

    init(_ claim: (Part) -> Claim) {
        actions = claim(.actions)
        events = claim(.events)
    }

    func claim(of part: Part) -> Claim {
        switch part {
        case .actions: actions
        case .events: events
        }
    }

    /// Every claim, and what is done about its news.
    func handled(
        granted: @escaping @Sendable (Part) -> Void, lost: @escaping @Sendable (Part) -> Void,
        refused: @escaping @Sendable (Part, _ reason: String) -> Void,
        released: @escaping @Sendable (Part, BotRelease) -> Bool, deliver: @escaping @Sendable (Delivery) -> Void
    ) -> [(Claim, Claim.Handlers)] {
        Part.allCases.map { part in
            var handlers = Claim.Handlers()
            handlers.granted = { granted(part) }
            handlers.lost = { lost(part) }
            handlers.refused = { refused(part, $0) }
            handlers.released = { released(part, $0) }
            handlers.deliver = deliver
            return (claim(of: part), handlers)
        }
    }

    /// Whether every part that is wanted is ours.
    var areGranted: Bool { granted == wanted }

    func holds(_ part: Part) -> Bool { granted.contains(part) }

    /// - Parameter parts: the parts that are wanted from now on; `nil`: the same as before.
    func want(_ parts: Set<Part>?, for epoch: UInt64) {
        if let parts { wanted = parts }
        granted.formIntersection(wanted)
        for part in Part.allCases { claim(of: part).want(wanted.contains(part) ? epoch : nil) }
    }

    /// - Returns: whether every part that is wanted is ours now.
    func grant(_ part: Part) -> Bool {
        guard wanted.contains(part) else { return false }
        granted.insert(part)
        return areGranted
    }

    func lost(_ part: Part) { granted.remove(part) }

    func lostAll() { granted = [] }

    /// The claims are to report again that they are ours, once the bus works.
    func sayAgain() {
        for part in wanted { claim(of: part).sayAgain() }
    }
}

extension LinkClaims {
    /// Makes the claim on a part of that bot. The queue of the claim on its actions is the one they come to.
    static func claim(
        _ part: Part, of bot: SelfID, at address: EdgeAddress, exchanges: Exchanges, bus: any MessageBus,
        requester: Requester, on eventLoop: any EventLoop, timing: ClaimTiming, logger: Logger
    ) -> Claim {
        let (queue, binding): (QueueName, (exchange: Exchange, pattern: BindingPattern)?) =
            switch part {
            case .actions:
                (exchanges.botQueue(bot), (exchanges.actions, BindingPattern(Exchanges.actionKey(bot).text)))
            case .events: (exchanges.botEventsQueue(bot), nil)
            }
        return Claim(
            queue, .bot(bot, address, timing), binding: binding, bus: bus, requester: requester, eventLoop: eventLoop,
            told: { log($0, logger) })
    }

    private static func log(_ news: ClaimNews, _ logger: Logger) {
        switch news {
        case .cannotTell(let reason):
            logger.debug("The bot's queue cannot be claimed now.", metadata: [LogKeys.reason: "\(reason)"])
        case .cannotTake(let error, let isFirst):
            logger.log(
                level: isFirst ? .warning : .debug, "The bot's queue cannot be claimed; trying again.",
                metadata: [LogKeys.error: "\(error)"])
        case .cannotGiveUp(let error):
            logger.debug("The bot's queue could not be given up.", metadata: [LogKeys.error: "\(error)"])
        case .held, .lost, .refused, .late: break
        }
    }
}
