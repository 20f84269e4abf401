/// Whether a framework that we dial has stopped calling actions since it was connected anew, although it called some
/// before and still gets messages.
///
/// Frameworks on aiocqhttp keep connections by account, and forget the new one when the old one ends after it: events
/// arrive, every send fails, and all we see of it is that no action comes. Other frameworks call seldom by nature, so
/// each is measured by its own habit.
///
///     learning ──connected anew, having called often enough──▶ watching ──many messages and no action──▶ told
///         ◀──────────────────────────────an action──────────────────┴──────────────────────────────────────┘
struct CallHabit {
    /// With fewer actions before, we do not know its habit.
    static let fewestCalls: UInt64 = 5
    /// How many messages it must have got without calling an action: at least so many, and at least `factor` times the
    /// most events that it ever got between two actions.
    static let fewestMessages: UInt64 = 100
    static let factor: UInt64 = 5
    /// How long it must have been like that.
    static let patience = Duration.seconds(300)

    private enum State {
        case learning
        case watching(since: ContinuousClock.Instant, messages: UInt64)
        case told(messages: UInt64)
    }

    private var state = State.learning
    private var calls: UInt64 = 0
    private var eventsSinceCall: UInt64 = 0
    /// The most events it had between two actions.
    private var longestSilence: UInt64 = 0

    /// Whether only messages count now, and no other events.
    var isWatching: Bool {
        switch state {
        case .watching: true
        case .learning, .told: false
        }
    }

    mutating func connected(at now: ContinuousClock.Instant) {
        switch state {
        case .learning:
            longestSilence = max(longestSilence, eventsSinceCall)
            eventsSinceCall = 0
            if calls >= Self.fewestCalls { state = .watching(since: now, messages: 0) }
        case .watching(_, let messages): state = .watching(since: now, messages: messages)
        case .told: break
        }
    }

    mutating func called() {
        switch state {
        case .learning: break
        case .watching(_, let messages), .told(let messages): eventsSinceCall = messages
        }
        state = .learning
        longestSilence = max(longestSilence, eventsSinceCall)
        eventsSinceCall = 0
        calls += 1
    }

    /// - Parameter events: how many events it got; while ``isWatching``, how many messages.
    /// - Returns: whether this is to be reported; true once, until it calls again.
    mutating func delivered(_ events: Int, at now: ContinuousClock.Instant) -> Bool {
        let events = UInt64(clamping: events)
        switch state {
        case .learning: eventsSinceCall += events
        case .told(let messages): state = .told(messages: messages + events)
        case .watching(let since, let before):
            let messages = before + events
            guard messages >= max(Self.fewestMessages, Self.factor * longestSilence), now - since >= Self.patience
            else {
                state = .watching(since: since, messages: messages)
                return false
            }
            state = .told(messages: messages)
            return true
        }
        return false
    }
}
