import Bus
import NIOCore

/// What waits to be posted to one webhook for one bot, and what became of the event that was: one request at a time, in
/// order.
///
///               next()                    ended(): delivered, or given up
///     waiting ────────▶ posting ──────────────────────────────────────────▶ the next one
///        ▲                 │
///        └──── a pause ────┘ ended(): no answer, or one ≥ 500
///
/// | what happened | what follows |
/// |---|---|
/// | an answer 200…299 | delivered |
/// | no answer in time, or no lasting connection | again after a growing pause; events older than 60 s are dropped |
/// | an answer ≥ 500 | again after 1 s and after 2 s, within 5 s; then dropped |
/// | any other answer | dropped |
/// | 1 000 wait, or too many bytes | the oldest are dropped; one larger event always fits |
struct WebhookQueue {
    static let maxEvents = 1_000
    static let maxAge = TimeAmount.seconds(60)
    static let maxServerErrors = 3
    static let serverErrorsWithin = TimeAmount.seconds(5)

    struct Event {
        let text: ByteBuffer
        fileprivate let arrived: NIODeadline
        /// How often it was posted.
        fileprivate(set) var attempts = 0
        fileprivate var serverErrors = 0
        fileprivate var firstServerError: NIODeadline?
    }

    /// What is to be done now.
    enum Step {
        case post(Event)
        /// The receiver is given time until then.
        case pause(until: NIODeadline)
        /// Nothing waits, or a request is under way.
        case nothing
    }

    /// How a request ended.
    enum Ending: Hashable {
        case answered(status: Int)
        case unanswered
    }

    /// Why an event is given up.
    enum Loss: String, CaseIterable {
        case refused, failed, unreachable, full
    }

    enum Verdict: Hashable {
        case delivered
        /// It is posted again; `expired` events had waited too long.
        case again(expired: Int)
        case dropped(Loss)
    }

    private let maxBytes: Int
    private let budget: OutboundBudget
    private var waiting: CircularBuffer<Event> = CircularBuffer()
    private var posting: Event?
    /// Set while the receiver is given time.
    private var pause: NIODeadline?
    private var backoff = Backoff(first: .milliseconds(200), longest: .seconds(5))
    private(set) var bytes = 0

    init(maxBytes: Int, budget: OutboundBudget) {
        self.maxBytes = maxBytes
        self.budget = budget
    }

    /// How many events are not delivered yet.
    var count: Int { waiting.count + (posting == nil ? 0 : 1) }
    /// The last attempt came to nothing.
    var isPausing: Bool { pause != nil }

    /// - Returns: how many events had to go for it.
    mutating func append(_ text: ByteBuffer, at now: NIODeadline) -> Int {
        waiting.append(Event(text: text, arrived: now))
        change(by: text.readableBytes)
        var dropped = 0
        while waiting.count > Self.maxEvents || (waiting.count > 1 && (bytes > maxBytes || budget.isExceeded)) {
            dropOldest()
            dropped += 1
        }
        return dropped
    }

    mutating func next(at now: NIODeadline) -> Step {
        guard posting == nil, !waiting.isEmpty else { return .nothing }
        if let pause, pause > now { return .pause(until: pause) }
        pause = nil
        guard var event = waiting.popFirst() else { return .nothing }
        event.attempts += 1
        posting = event
        return .post(event)
    }

    /// The request that ``next(at:)`` asked for is over. The event under way is never among those that
    /// were dropped meanwhile.
    mutating func ended(_ ending: Ending, at now: NIODeadline) -> Verdict {
        guard var event = posting else {
            preconditionFailure("WebhookQueue.ended(_:at:) was called with no request under way")
        }
        posting = nil
        switch ending {
        case .answered(200..<300):
            backoff.reset()
            change(by: -event.text.readableBytes)
            return .delivered
        case .answered(500...):
            backoff.reset()
            event.serverErrors += 1
            let first = event.firstServerError ?? now
            event.firstServerError = first
            let next = now + .seconds(Int64(event.serverErrors))
            guard event.serverErrors < Self.maxServerErrors, next - first <= Self.serverErrorsWithin else {
                change(by: -event.text.readableBytes)
                return .dropped(.failed)
            }
            waiting.prepend(event)
            pause = next
            return .again(expired: 0)
        case .answered:
            backoff.reset()
            change(by: -event.text.readableBytes)
            return .dropped(.refused)
        case .unanswered:
            waiting.prepend(event)
            pause = now + TimeAmount(backoff.next())
            return .again(expired: expire(at: now))
        }
    }

    /// Lets go of everything.
    /// - Returns: how many events that were.
    mutating func clear() -> Int {
        defer {
            waiting.removeAll()
            posting = nil
            pause = nil
            change(by: -bytes)
        }
        return count
    }

    /// - Returns: how many events had waited too long.
    private mutating func expire(at now: NIODeadline) -> Int {
        var expired = 0
        while let oldest = waiting.first, now - oldest.arrived >= Self.maxAge {
            dropOldest()
            expired += 1
        }
        return expired
    }

    private mutating func dropOldest() {
        if let event = waiting.popFirst() { change(by: -event.text.readableBytes) }
    }

    private mutating func change(by difference: Int) {
        bytes += difference
        budget.change(by: difference)
    }
}
