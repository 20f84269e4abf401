/// Whether a framework that is dialled has ceased to call actions since it was connected anew, though it did before and messages come.
///
/// Frameworks on aiocqhttp keep connections by account, and forget the new one when the old one ends after it: events arrive, every send fails, and
/// nothing of that is to be seen from here but that no action comes. Others call seldom by nature, so each is measured by itself.
///
///     learning ──connected anew, having called often enough──▶ watching ──many messages and no action──▶ told
///         ◀──────────────────────────────an action──────────────────┴──────────────────────────────────────┘
struct CallHabit {
    /// Fewer actions before say nothing of what it does.
    static let fewestCalls: UInt64 = 5
    /// Messages without an action, at least; and so many times the longest it ever had between two.
    static let fewestMessages: UInt64 = 100
    static let factor: UInt64 = 5
    /// And as long.
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

    /// Whether only messages count now.
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

    /// - Parameter events: while ``isWatching``, messages.
    /// - Returns: whether it is to be told of; once, until it calls again.
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
