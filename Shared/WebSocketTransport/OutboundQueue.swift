public import NIOCore

/// What waits for one slow reader: bounded in bytes and in age. A session appends here while the connection is not writable and
/// takes from here when it is again.
///
/// Events may be dropped, oldest first, where ``Policy/dropOldest`` says so; answers never: who asked gets an answer, or the
/// connection ends. One message larger than the bound always fits into an empty queue.
public struct OutboundQueue {
    /// What happens when the bound is reached.
    public enum Policy: Sendable, Hashable {
        /// The connection is to be closed (1013).
        case disconnect
        /// The oldest events make room.
        case dropOldest
    }

    /// What became of an appended message.
    public enum Outcome: Sendable, Hashable {
        case queued
        /// So many events were dropped to keep the bound: the oldest, or the new one alone if it finds no room beside the
        /// answers.
        case dropped(events: Int)
        /// The bound is reached and nothing may be dropped: close the connection. The message is not in the queue.
        case tooSlow
    }

    private struct Entry {
        let buffer: ByteBuffer
        /// How many events the buffer joins; 0: an answer.
        let events: Int
        let since: NIODeadline
        let order: UInt64
    }

    /// Bytes waiting.
    public private(set) var bytes = 0
    /// Those of them that answers take, which cannot be dropped.
    private var answerBytes = 0
    private let maxBytes: Int
    private let maxAge: TimeAmount
    private let policy: Policy
    /// Two lines, so that dropping events never has to walk past answers; `order` says whose turn it is.
    private var events = CircularBuffer<Entry>()
    private var answers = CircularBuffer<Entry>()
    private var nextOrder: UInt64 = 0

    public init(maxBytes: Int, maxAge: Duration, policy: Policy) {
        self.maxBytes = maxBytes
        self.maxAge = TimeAmount(maxAge)
        self.policy = policy
    }

    public var isEmpty: Bool { events.isEmpty && answers.isEmpty }
    /// Buffers waiting.
    public var count: Int { events.count + answers.count }

    /// Appends a message, or several joined.
    /// - Parameter events: how many events `buffer` holds; 0 for an answer.
    public mutating func append(_ buffer: ByteBuffer, events eventCount: Int, now: NIODeadline) -> Outcome {
        var dropped = 0
        if !fits(buffer) {
            switch policy {
            case .disconnect:
                return .tooSlow
            case .dropOldest where !fitsBesideAnswers(buffer):
                return eventCount == 0 ? .tooSlow : .dropped(events: eventCount)
            case .dropOldest:
                while !fits(buffer) { dropped += dropOldestEntry() }
            }
        }
        let entry = Entry(buffer: buffer, events: eventCount, since: now, order: nextOrder)
        nextOrder += 1
        bytes += buffer.readableBytes
        if eventCount == 0 {
            answers.append(entry)
            answerBytes += buffer.readableBytes
        } else {
            events.append(entry)
        }
        return dropped == 0 ? .queued : .dropped(events: dropped)
    }

    /// Takes out the oldest.
    public mutating func next() -> ByteBuffer? {
        let entry: Entry?
        switch (events.first, answers.first) {
        case (let event?, let answer?): entry = event.order < answer.order ? events.popFirst() : answers.popFirst()
        case (_?, nil): entry = events.popFirst()
        case (nil, _): entry = answers.popFirst()
        }
        guard let entry else { return nil }
        bytes -= entry.buffer.readableBytes
        if entry.events == 0 { answerBytes -= entry.buffer.readableBytes }
        return entry.buffer
    }

    /// Whether the oldest has waited longer than `maxAge`: close the connection, or ``dropOverdueEvents(now:)``.
    public func isOverdue(now: NIODeadline) -> Bool {
        isOverdue(events.first, now: now) || isOverdue(answers.first, now: now)
    }

    /// Drops the events that have waited too long.
    /// - Returns: how many events they were.
    public mutating func dropOverdueEvents(now: NIODeadline) -> Int {
        var dropped = 0
        while isOverdue(events.first, now: now) { dropped += dropOldestEntry() }
        return dropped
    }

    /// Drops the oldest events until no more than `limit` bytes wait, or no event is left: for a budget shared by many queues.
    /// - Returns: how many events they were.
    public mutating func dropOldestEvents(downTo limit: Int) -> Int {
        var dropped = 0
        while bytes > limit, !events.isEmpty { dropped += dropOldestEntry() }
        return dropped
    }

    private func fits(_ buffer: ByteBuffer) -> Bool { isEmpty || bytes + buffer.readableBytes <= maxBytes }

    /// Whether it would fit if every event were dropped.
    private func fitsBesideAnswers(_ buffer: ByteBuffer) -> Bool {
        answers.isEmpty || answerBytes + buffer.readableBytes <= maxBytes
    }

    private mutating func dropOldestEntry() -> Int {
        guard let entry = events.popFirst() else { return 0 }
        bytes -= entry.buffer.readableBytes
        return entry.events
    }

    private func isOverdue(_ entry: Entry?, now: NIODeadline) -> Bool {
        guard let entry else { return false }
        return now - entry.since > maxAge
    }
}
