import OneBot
import WebSocketTransport

/// Which of a bot's connections does what, and how far its link is.
///
/// A bot has two places to fill: who takes actions and who sends events. A Universal connection fills both, an API or
/// Event connection one. The newest connection takes the places of its role; one that is left without a place is to be
/// closed, and what it still sends is ignored: so two connections never double an event, and roles may be mixed as a
/// bot likes.
///
/// ```
///   down ──attach──▶ claiming ◀──unclaimed── up
///     ▲                 │  └─────claimed──────▶│
///     └── last connection lost, or expelled ───┘
/// ```
struct BotLinkState {
    /// What a bot's connections are for. Each has a claim of its own, since the two of an API and Event pair may reach
    /// different edges.
    enum Part: Sendable, Hashable, CaseIterable { case actions, events }

    /// Who opened a connection.
    enum Origin: Sendable, Hashable {
        /// We did, as `bots[entry]` says.
        case dialled(entry: Int)
        case dialledIn

        /// What its bot is told where this edge stops.
        var stopping: CloseReason {
            switch self {
            case .dialledIn: .stoppingComeBack
            case .dialled: .stoppingFarewell
            }
        }
    }

    struct Connection: Sendable, Hashable {
        /// Unique in the process.
        let number: UInt64
        let role: ClientRole
        let origin: Origin
    }

    enum Phase: Sendable, Hashable {
        /// No connection.
        case down
        /// Connected; the bot's queue is not ours yet, or not any more: what the bot sends is kept.
        case claiming
        case up
    }

    private(set) var phase = Phase.down
    private(set) var actions: Connection?
    private(set) var events: Connection?

    enum Attachment: Hashable {
        /// `displaced` are to be closed. `movesActions`: answers still awaited will not come. `claims`: the link was
        /// down.
        case attached(displaced: [Connection], movesActions: Bool, takesEvents: Bool, claims: Bool)
        /// Another entry of `bots[]` is connected to the same bot: taking turns for ever helps nobody.
        case refused(entry: Int)
    }

    mutating func attach(_ connection: Connection) -> Attachment {
        if case .dialled(let entry) = connection.origin {
            for case .dialled(let other) in connections.map(\.origin) where other != entry {
                return .refused(entry: other)
            }
        }
        let before = connections
        let movesActions = connection.role.callsActions && actions != nil
        if connection.role.callsActions { actions = connection }
        if connection.role.receivesEvents { events = connection }
        let after = connections
        let claims = phase == .down
        if claims { phase = .claiming }
        return .attached(
            displaced: before.filter { !after.contains($0) }, movesActions: movesActions,
            takesEvents: connection.role.receivesEvents, claims: claims)
    }

    /// The bot's queue is ours. False where that changes nothing.
    mutating func claimed() -> Bool {
        switch phase {
        case .claiming:
            phase = .up
            return true
        case .down, .up:
            return false
        }
    }

    /// The bot's queue is not known to be ours any more. False where that changes nothing.
    mutating func unclaimed() -> Bool {
        switch phase {
        case .up:
            phase = .claiming
            return true
        case .down, .claiming:
            return false
        }
    }

    /// Gives up a part that another edge has. The connection that filled it is to be closed, and what it still sends is
    /// ignored. `nil`: no connection filled it.
    mutating func expel(_ part: Part) -> (place: Connection, loss: Loss)? {
        let place =
            switch part {
            case .actions: actions
            case .events: events
            }
        return place.map { ($0, lost($0.number)) }
    }

    struct Loss: Hashable {
        /// Actions have nowhere to go; what was sent will not be answered.
        let losesActions: Bool
        /// It was the last connection.
        let endsLink: Bool
    }

    mutating func lost(_ number: UInt64) -> Loss {
        let losesActions = actions?.number == number
        let wasDown = phase == .down
        if losesActions { actions = nil }
        if events?.number == number { events = nil }
        if connections.isEmpty { phase = .down }
        return Loss(losesActions: losesActions, endsLink: !wasDown && phase == .down)
    }

    /// Whether an event from that connection counts.
    func takesEvent(from number: UInt64) -> Bool { events?.number == number }

    /// Whether an answer from that connection counts. It may come over either connection: its echo says whether it is
    /// awaited.
    func takesResponse(from number: UInt64) -> Bool { actions?.number == number || events?.number == number }

    /// The parts that are filled.
    var parts: Set<Part> {
        Set(
            Part.allCases.filter { part in
                switch part {
                case .actions: actions != nil
                case .events: events != nil
                }
            })
    }

    /// Those that have a place.
    var connections: [Connection] {
        guard let actions else { return events.map { [$0] } ?? [] }
        guard let events, events != actions else { return [actions] }
        return [actions, events]
    }
}
