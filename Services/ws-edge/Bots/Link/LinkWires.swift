import Logging
import Observability
import OneBot
import WebSocketTransport

/// The connections of one bot's link, each in its place. Confined to the link's event loop.
final class LinkWires {
    private(set) var state = BotLinkState()
    private var wires: [UInt64: BotWire] = [:]

    /// What a connection that has a place now means for the link.
    struct Joining {
        /// Answers still awaited will not come.
        let movesActions: Bool
        let takesEvents: Bool
        /// The link was down.
        let claims: Bool
    }

    /// Gives a connection its place, and closes those whose place it takes.
    /// - Returns: `nil` where it has no place here, and is closed.
    func attach(_ wire: BotWire, of bot: SelfID, _ logger: Logger) -> (Joining, replaces: Bool)? {
        switch state.attach(wire.place) {
        case .refused(let entry):
            logger.error(
                "Two entries of bots[] lead to one bot; the second is left out. Remove one of them.",
                metadata: [LogKeys.reason: "bots[\(entry)] is connected to the same self_id"])
            wire.close(
                .policy("bots[\(entry)] is connected to bot \(bot) already"), displacement: .duplicate(entry: entry))
            return nil
        case .attached(let displaced, let movesActions, let takesEvents, let claims):
            wires[wire.place.number] = wire
            for old in displaced {
                wires.removeValue(forKey: old.number)?.close(
                    .policy("replaced by a newer connection of bot \(bot)"), displacement: .replaced)
            }
            return (
                Joining(movesActions: movesActions, takesEvents: takesEvents, claims: claims),
                replaces: !displaced.isEmpty
            )
        }
    }

    func lost(_ number: UInt64) -> BotLinkState.Loss {
        wires[number] = nil
        return state.lost(number)
    }

    /// Closes the connection that fills that part, which another edge has; `nil`: none does.
    func expel(_ part: BotLinkState.Part, _ reason: CloseReason) -> BotLinkState.Loss? {
        guard let (place, loss) = state.expel(part) else { return nil }
        wires.removeValue(forKey: place.number)?.close(reason, displacement: .heldElsewhere)
        return loss
    }

    /// False where that changes nothing.
    func claimed() -> Bool { state.claimed() }
    func unclaimed() -> Bool { state.unclaimed() }

    func pauseReading() { for wire in wires.values { wire.pauseReading() } }
    func resumeReading() { for wire in wires.values { wire.resumeReading() } }
}
