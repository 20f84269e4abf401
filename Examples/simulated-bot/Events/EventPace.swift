/// Decides when the next made-up event is due. Time comes in, counted from any fixed moment.
struct EventPace: Sendable {
    enum Step: Equatable {
        case emit
        case wait(Duration)
        /// No event will ever be due at this rate, or all have gone out.
        case nothing
    }

    /// After a pause (nobody listened, or a listener was too slow), the events of at most this time are made up for in
    /// a burst.
    static let catchUp: Duration = .milliseconds(200)

    private(set) var rate: EventRate
    private(set) var remaining: Int?
    private var due: Duration?

    init(rate: EventRate, count: Int?) {
        self.rate = rate
        self.remaining = count
    }

    /// The next event is due one interval from the next ``step(at:)``; `count` starts anew.
    mutating func change(rate: EventRate, count: Int?) {
        self = EventPace(rate: rate, count: count)
    }

    /// Called again and again: for each `.emit`, one event goes out now.
    mutating func step(at now: Duration) -> Step {
        if let remaining, remaining <= 0 { return .nothing }
        switch rate {
        case .unlimited:
            break
        case .perSecond(let frequency):
            guard frequency > 0 else { return .nothing }
            let interval: Duration = .seconds(1 / frequency)
            let due = max(self.due ?? now + interval, now - Self.catchUp)
            self.due = due
            guard due <= now else { return .wait(due - now) }
            self.due = due + interval
        }
        if let remaining { self.remaining = remaining - 1 }
        return .emit
    }
}
